"""What joins a Python module with the server around it: this code runs inside WebAssembly.

:mod:`~stdbpy.wasm.guest.start` imports the author's module and hands the builtin module ``_spacetimedb`` an
:class:`~stdbpy.wasm.guest.entry.Entry`, whose methods the functions call that the program exports.
"""
