"""Which functions and data of the runtime are only there for certain modules of Python that are written in C.

A program in which no such module can be imported any more does without them: ``unicodedata`` alone has 700 KB. What
each leads to, functions and data, is known from the references that the linker notes down. What only one or several of
them lead to, and nothing else, goes when these go.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from runtime.linked_program import Data, Function, LinkedProgram, Piece
from stdbpy.wasm.snapshot import KEPT_EXPORTS, SET_UP

_BUILTIN_TABLE = "_PyImport_Inittab"
"""Pairs of a name and a function that makes the module."""

_FROZEN_TABLES = ("bootstrap_modules", "stdlib_modules", "test_modules", "boot_frozen_modules")
"""Pairs of a name and the module's code."""

_DOCSTRING = re.compile(r"(.*_doc|.*__doc__|doc_.*|.*_docstring|pydoc_.*)")
_END_OF_SIGNATURE = b"\n--\n\n"
"""Docstrings begin with what ``inspect.signature`` reads, if they have this."""

_SHORTEST_GAP = 16
"""Between data: what is before the next address that something can begin at."""

Range: TypeAlias = tuple[int, int]
"""Where it begins, and how much it is."""


def parts_of(program: LinkedProgram) -> list[dict[str, object]]:
    """``functions`` and ``data``, as ranges, that no program needs which has none of ``modules``; those that programs
    do not need when they have started have no modules."""
    modules = dict(_modules(program))
    entries = {piece for pieces in modules.values() for piece in pieces}
    for table in (_BUILTIN_TABLE, *_FROZEN_TABLES):
        for piece in program.named[table]:
            program.references[piece] -= entries
    always = _always_needed(program)
    at_start = program.reached_from(program.exported.values()) - always
    owners: dict[Piece, set[str]] = {piece: set() for piece in at_start}
    for name, pieces in modules.items():
        for piece in program.reached_from(pieces) - always:
            owners.setdefault(piece, set()).add(name)
    groups: dict[tuple[str, ...], set[Piece]] = defaultdict(set)
    for piece, names in owners.items():
        groups[tuple(sorted(names))].add(piece)
    return [
        {"modules": names, "functions": _functions(pieces), "data": _data(program, pieces)}
        for names, pieces in sorted(groups.items())
    ]


def docstrings(program: LinkedProgram) -> Iterator[Range]:
    """Where the text of docstrings is, without signatures."""
    named = {piece for name, pieces in program.named.items() if _DOCSTRING.fullmatch(name) for piece in pieces}
    for piece in program.data:
        content = program.content(piece)
        begin, *others = program.begins_in(piece)
        end = others[0] if others else begin + piece.size
        signature = content.find(_END_OF_SIGNATURE)
        if signature >= 0:
            begin += signature + len(_END_OF_SIGNATURE)
        elif piece not in named:
            continue
        if begin < end:
            yield begin, end - begin


def _modules(program: LinkedProgram) -> Iterator[tuple[str, set[Piece]]]:
    """Name → what makes it, or its code."""
    found: dict[str, set[Piece]] = defaultdict(set)
    for table in (_BUILTIN_TABLE, *_FROZEN_TABLES):
        [place] = program.named[table]
        assert isinstance(place, Data)
        name = ""
        for _, pointed in program.in_order(place):
            text = _text(program, pointed)
            if text is not None:
                name = text
            else:
                found[name].add(program.piece_of(pointed))
    yield from found.items()


def _text(program: LinkedProgram, piece: Piece) -> str | None:
    """The name that it is, if it is one."""
    if isinstance(piece, Function):
        return None
    content = program.content(piece)
    return content[:-1].decode() if re.fullmatch(rb"[\w.]+\0", content) else None


def _always_needed(program: LinkedProgram) -> set[Piece]:
    """What hosts call leads to, and what the interpreter's start leads to, as far as the start may have written its
    address down somewhere in memory: all data, and functions that are in the table."""
    called = {program.exported[name] for name in (*KEPT_EXPORTS, SET_UP) if name in program.exported}
    reached = program.reached_from(program.exported.values())
    has_address = {piece for piece in reached if isinstance(piece, Data) or piece in program.with_address}
    return program.reached_from(called | has_address)


def _functions(pieces: Iterable[Piece]) -> list[Range]:
    numbers = sorted(piece.number for piece in pieces if isinstance(piece, Function))
    ranges: list[Range] = []
    for number in numbers:
        if ranges and sum(ranges[-1]) == number:
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
        else:
            ranges.append((number, 1))
    return ranges


def _data(program: LinkedProgram, pieces: set[Piece]) -> list[Range]:
    ranges: list[Range] = []
    follows = False
    for piece in program.data:
        if piece not in pieces:
            follows = False
            continue
        if follows and piece.address - sum(ranges[-1]) < _SHORTEST_GAP:
            ranges[-1] = (ranges[-1][0], piece.address + piece.size - ranges[-1][0])
        else:
            ranges.append((piece.address, piece.size))
        follows = True
    return ranges
