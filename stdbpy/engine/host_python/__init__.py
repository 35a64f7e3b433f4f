"""The native host: runs Python modules in this process, on the tables themselves."""

from stdbpy.engine.host_python.native_host import NativeHost
from stdbpy.engine.host_python.python_module import PythonCode, PythonModule

__all__ = ["NativeHost", "PythonCode", "PythonModule"]
