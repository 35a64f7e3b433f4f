"""Schema → text of a Python client package."""

from stdbpy.codegen.contents import RowStyle
from stdbpy.codegen.package import HEADER_MARKER, generate

__all__ = ["HEADER_MARKER", "RowStyle", "generate"]
