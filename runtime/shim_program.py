"""The shim, compiled and linked with CPython: ``python.wasm``."""

from __future__ import annotations

from pathlib import Path

from runtime.compiling import Toolchain
from runtime.wasm_interpreter import LIBRARIES

SHIM = Path(__file__).parent / "shim"

_COMPILE = ["-O2", "-g0", "-std=c11", "-DNDEBUG", "-fwrapv", "-fno-sanitize=undefined", "-Wall", "-Wextra", "-Werror"]

_STACK_BYTES = 1 << 20
"""For what C keeps in memory of its calls. The host's own stack, of 512 KiB, is the shorter one."""

MAX_MEMORY_BYTES = 1 << 30
"""Beyond it Python raises MemoryError. Hosts do not all set a limit, and memory never becomes less again."""

_LINK = [
    "-O2",
    "-s",
    "-mexec-model=reactor",
    f"-Wl,-z,stack-size={_STACK_BYTES}",
    f"-Wl,--max-memory={MAX_MEMORY_BYTES}",
]
_EMULATED = ["-lwasi-emulated-signal", "-lwasi-emulated-getpid", "-lwasi-emulated-process-clocks"]


def link_program(toolchain: Toolchain, source: Path, libraries: Path, generated: Path, out: Path) -> None:
    """``libraries`` is where CPython was built, ``generated`` where ``frozen_boot.h`` is."""
    log = generated / "log"
    compiler = toolchain.program("wasm-cc")
    headers = [f"-I{source / 'Include'}", f"-I{libraries}", f"-I{generated}"]
    objects = []
    for file in sorted(SHIM.glob("*.c")):
        objects.append(f"{file.stem}.o")
        toolchain.run([compiler, *_COMPILE, *headers, "-c", str(file), "-o", objects[-1]], generated, log)
    archives = [str(libraries / name) for name in LIBRARIES]
    toolchain.run([compiler, *_LINK, *objects, *archives, *_EMULATED, "-o", str(out)], generated, log)
