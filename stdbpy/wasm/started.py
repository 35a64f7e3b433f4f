"""A runtime in which stdbpy has been imported: where every build begins.

Importing it takes as long as most modules do, and what comes of it is the same for all of them. A runtime is its
memory, so that one that has been written down goes on as the one that did the work.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection
from dataclasses import dataclass

from stdbpy.wasm.binary import PAGE_BYTES
from stdbpy.wasm.inside_code import InsideCode
from stdbpy.wasm.interpreter import BuildLimits, Interpreter, LoadedFile
from stdbpy.wasm.packaged import Packaged

_START = "stdbpy.wasm.guest.start"
"""What all programs import first."""

_LIMITS = BuildLimits(seconds=300.0)
"""No author's code runs here, and machines can be slow."""

_MARSHAL_VERSION = 2


@dataclass(frozen=True, slots=True)
class StartedRuntime:
    modules: frozenset[str]
    """Which have been imported of the standard library and stdbpy; nothing else is there yet."""
    memory: bytes
    """Without the zeros at its end."""
    pages: int

    def write(self) -> bytes:
        return marshal.dumps((sorted(self.modules), self.memory, self.pages), _MARSHAL_VERSION)

    @classmethod
    def read(cls, written: bytes) -> StartedRuntime:
        modules, memory, pages = marshal.loads(written)  # noqa: S302 - what `write` has written
        return cls(frozenset(modules), memory, pages)


def started_runtime(packaged: Packaged, inside: InsideCode) -> StartedRuntime:
    """It is made once for each version of stdbpy, if ``packaged`` keeps files."""
    written = packaged.kept.get(f"started-{inside.key}", lambda: _start(packaged, inside).write())
    return StartedRuntime.read(written)


def _start(packaged: Packaged, inside: InsideCode) -> StartedRuntime:
    """First with everything, to see what is imported; then with that alone."""
    everything = {*inside.library, *inside.own}
    modules, _, _ = _imported(packaged, inside, everything)
    again, memory, pages = _imported(packaged, inside, modules)
    assert again == modules, "what stdbpy imports depends on what there is besides"
    return StartedRuntime(frozenset(modules), memory, pages)


def _imported(packaged: Packaged, inside: InsideCode, present: Collection[str]) -> tuple[tuple[str, ...], bytes, int]:
    interpreter = Interpreter(packaged.compiled, _LIMITS)
    try:
        interpreter.boot({name: code for name, code in inside.library.items() if name in present})
        own: dict[str, LoadedFile] = {name: file for name, file in inside.own.items() if name in present}
        modules = interpreter.load(own, _START, {}).modules
        memory = interpreter.memory()
        return modules, bytes(memory).rstrip(b"\0"), len(memory) // PAGE_BYTES
    finally:
        interpreter.close()
