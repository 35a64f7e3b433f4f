"""What a program can do without, of the runtime that it is made from, if it has not all of Python's modules.

Those that are written in C are functions and data of the runtime. ``make wasm-runtime`` has noted which are there for
which modules alone (``runtime/parts.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from stdbpy.wasm.binary import BinaryModule, ExternalKind, SectionKind, code_section

_UNREACHABLE = b"\x00\x00\x0b"
"""The body of a function without locals that traps."""

Range: TypeAlias = tuple[int, int]
"""Where it begins, and how much it is."""


@dataclass(frozen=True, slots=True)
class Part:
    modules: frozenset[str]
    """Which need it; those that none does are for the interpreter's start."""
    functions: tuple[Range, ...]
    """Numbers."""
    data: tuple[Range, ...]
    """Addresses."""

    @classmethod
    def of(cls, noted: dict[str, Any]) -> Part:
        functions, data = (tuple((begin, size) for begin, size in noted[kind]) for kind in ("functions", "data"))
        return cls(frozenset(noted["modules"]), functions, data)


def unused_parts(parts: Iterable[Part], unused: Collection[str]) -> list[Part]:
    """What no program needs which has none of the modules ``unused``."""
    return [part for part in parts if part.modules.issubset(unused)]


def without_functions(runtime: BinaryModule, parts: Iterable[Part]) -> BinaryModule:
    """``runtime`` with the same numbers of functions, of which those of ``parts`` do nothing but trap."""
    imported = sum(each.kind == ExternalKind.FUNCTION for each in runtime.imports)
    bodies = runtime.bodies
    for part in parts:
        for first, count in part.functions:
            bodies[first - imported : first - imported + count] = [_UNREACHABLE] * count
    return runtime.with_sections({SectionKind.CODE: code_section(bodies)})
