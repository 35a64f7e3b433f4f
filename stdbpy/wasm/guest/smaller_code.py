"""Code with less around it than the compiler gives it: programs in WebAssembly carry all of it in memory."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType

_UNIT_BYTES, _MOST_UNITS = 2, 8
_NO_COLUMNS, _NO_PLACE = 13, 15
"""Kinds of entries of the table of lines, and how many units of code one is for."""


def smaller(code: CodeType) -> CodeType:
    """The same with one file name for all functions, where marshalling has given each one of its own, and with places
    in the source that are lines, without columns."""

    def made_smaller(part: CodeType) -> CodeType:
        constants = tuple(made_smaller(each) if isinstance(each, CodeType) else each for each in part.co_consts)
        lines = bytes(_line_table(part))
        return part.replace(co_filename=code.co_filename, co_consts=constants, co_linetable=lines)

    return made_smaller(code)


def _line_table(code: CodeType) -> Iterator[int]:
    """Source of the format: ``InternalDocs/code_objects.md`` of CPython 3.13; 3.11 has the same."""
    last = code.co_firstlineno
    for start, end, line in code.co_lines():
        for offset in range(start, end, _MOST_UNITS * _UNIT_BYTES):
            units = min(_MOST_UNITS, (end - offset) // _UNIT_BYTES)
            if line is None:
                yield 0x80 | _NO_PLACE << 3 | units - 1
                continue
            yield 0x80 | _NO_COLUMNS << 3 | units - 1
            yield from _signed(line - last)
            last = line


def _signed(number: int) -> Iterator[int]:
    rest = -number << 1 | 1 if number < 0 else number << 1
    while rest > 0x3F:
        yield rest & 0x3F | 0x40
        rest >>= 6
    yield rest
