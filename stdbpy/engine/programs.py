"""From what was sent to be published to code that can run."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from stdbpy.engine.host import ModuleCode
from stdbpy.engine.keccak import keccak_256
from stdbpy.engine.limits import Limits
from stdbpy.errors import ProgramUnusable
from stdbpy.module.package import is_package

_WASM = b"\0asm"

_NO_LIMITS_GIVEN = Limits()


def load_program(
    program: bytes, compiled: Path | None = None, limits: Limits = _NO_LIMITS_GIVEN, *, strict: bool = False
) -> ModuleCode:
    """The code in ``program``. What was compiled is kept in the folder ``compiled``, for the next time. Code in Python
    that is ``strict`` forgets its globals after each call.

    Raises ``ModuleLoadError`` for Python code that is not in order, and ``ProgramUnusable`` for anything
    else that this engine cannot run.
    """
    if is_package(program):
        # Each host takes its time to be imported.
        from stdbpy.engine.host_python import PythonCode

        return PythonCode(program, limits, strict=strict)
    if program.startswith(_WASM):
        from stdbpy.engine.host_wasm.compiled import compiled_code

        return compiled_code(program, program_hash(program), compiled, limits)
    raise ProgramUnusable("The program is neither a packed Python module nor WebAssembly")


@lru_cache(maxsize=2)  # it is asked for several times while a program is published
def program_hash(program: bytes) -> bytes:
    """32 bytes that tell programs apart, as SpacetimeDB computes them."""
    return keccak_256(program)
