"""Schema → text of a Python client package."""

from stdbpy.codegen.package import HEADER_MARKER, generate

__all__ = ["HEADER_MARKER", "generate"]
