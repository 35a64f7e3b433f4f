"""The shim, compiled and linked with CPython."""

from __future__ import annotations

import shlex
from pathlib import Path

from runtime.compiling import Toolchain
from runtime.linked_program import LinkedProgram
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


def link_program(toolchain: Toolchain, source: Path, libraries: Path, generated: Path, out: Path) -> LinkedProgram:
    """Writes the program; gives the same with what refers to what in it. ``libraries`` is where CPython was built,
    ``generated`` where ``frozen_boot.h`` is."""
    log = generated / "log"
    compiler = toolchain.program("wasm-cc")
    headers = [f"-I{source / 'Include'}", f"-I{libraries}", f"-I{generated}"]
    objects = []
    for file in sorted(SHIM.glob("*.c")):
        objects.append(f"{file.stem}.o")
        toolchain.run([compiler, *_COMPILE, *headers, "-c", str(file), "-o", objects[-1]], generated, log)
    archives = [str(libraries / name) for name in LIBRARIES]
    link = [compiler, *_LINK, *objects, *archives, *_EMULATED, "-o", str(out)]
    toolchain.run(link, generated, log)
    # The compiler does not pass on what asks for references, so its linker is called as it calls it.
    [called] = [line for line in toolchain.output([*link, "-v"], generated).splitlines() if line.startswith("wasm-ld ")]
    with_references = generated / "with-references.wasm"
    arguments = [str(with_references) if each == str(out) else each for each in shlex.split(called) if each != "-s"]
    toolchain.run([str(toolchain.zig), *arguments, "--emit-relocs"], generated, log)
    return LinkedProgram(with_references.read_bytes())
