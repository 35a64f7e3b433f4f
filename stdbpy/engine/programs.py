"""From what was sent to be published to code that can run."""

from __future__ import annotations

import blake3

from stdbpy.engine.host import ModuleCode
from stdbpy.engine.host_python import PythonCode
from stdbpy.errors import ProgramUnusable
from stdbpy.module.package import is_package

_WASM = b"\0asm"


def load_program(program: bytes) -> ModuleCode:
    """The code in ``program``.

    Raises ``ModuleLoadError`` for Python code that is not in order, and ``ProgramUnusable`` for anything
    else that this engine cannot run.
    """
    if is_package(program):
        return PythonCode(program)
    if program.startswith(_WASM):
        # wasmtime takes its time to be imported.
        from stdbpy.engine.host_wasm.code import WasmCode

        return WasmCode(program)
    raise ProgramUnusable("The program is neither a packed Python module nor WebAssembly")


def program_hash(program: bytes) -> bytes:
    """32 bytes that tell programs apart."""
    return blake3.blake3(program).digest()
