"""A runtime written down in the state that it has come to, so that each new instance begins there.

That takes its memory alone: the tables of functions never change, and the only global is the stack pointer, which is
where it began when no function runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stdbpy.wasm.binary import (
    PAGE_BYTES,
    BinaryModule,
    DataSegment,
    Memory,
    SectionKind,
    data_section,
    export_section,
    memory_section,
)
from stdbpy.wasm.parts import Range

KEPT_EXPORTS = frozenset(
    {
        "memory",
        "__describe_module__",
        "__call_reducer__",
        "__call_view__",
        "__call_view_anon__",
        "__call_procedure__",
        "__call_http_handler__",
    }
)
"""What hosts call; the runtime exports more for the build."""

SET_UP = "__setup__"
"""Only exported where there is something left to do when an instance is made."""

MOST_SEGMENTS = 50_000
"""Hosts take 100,000."""

_SHORTEST_GAP = 16
"""So many zeros take more bytes than the head of another segment."""


def with_memory(
    runtime: BinaryModule,
    memory: bytes | bytearray,
    *,
    unused: Iterable[Range] = (),
    exports: frozenset[str] = KEPT_EXPORTS,
) -> BinaryModule:
    """``runtime`` with ``memory``, whole pages of it, as its beginning, and nothing but those exports.

    ``unused`` is what nothing reads any more.
    """
    [declared] = runtime.memories
    return runtime.with_sections(
        {
            SectionKind.CUSTOM: None,
            SectionKind.DATA_COUNT: None,
            SectionKind.MEMORY: memory_section([Memory(len(memory) // PAGE_BYTES, declared.maximum)]),
            SectionKind.EXPORT: export_section(each for each in runtime.exports if each.name in exports),
            SectionKind.DATA: data_section(segments(_without_leftovers(runtime, memory, unused))),
        }
    )


def _without_leftovers(runtime: BinaryModule, memory: bytes | bytearray, unused: Iterable[Range]) -> bytes:
    cleared = bytearray(memory)
    # The stack comes first, and grows down: no function runs, so that all of it is what earlier ones have left.
    stack = runtime.globals[0].initial or 0
    if all(segment.offset >= stack for segment in runtime.data):
        cleared[:stack] = bytes(stack)
    for begin, size in unused:
        cleared[begin : begin + size] = bytes(size)
    return bytes(cleared)


def segments(memory: bytes) -> list[DataSegment]:
    """What is not zero, in pieces: as small in all as they can be, and not more than hosts take."""
    gap = _SHORTEST_GAP
    while len(found := _segments(memory, gap)) > MOST_SEGMENTS:
        gap *= 2
    return found


def _segments(memory: bytes, gap: int) -> list[DataSegment]:
    found = []
    begin = len(memory) - len(memory.lstrip(b"\0"))
    # Zeros that are spelled out are searched for faster than as a repetition.
    for zeros in re.compile(bytes(gap) + b"\0*").finditer(memory, begin):
        end, next_begin = zeros.span()
        found.append(DataSegment(begin, memory[begin:end]))
        begin = next_begin
    rest = memory[begin:].rstrip(b"\0")
    return [*found, DataSegment(begin, rest)] if rest else found
