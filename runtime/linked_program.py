"""What a program was linked from, and what refers to what in it: read from what the linker adds with ``--emit-relocs``.

Source of the format: ``Linking.md`` of WebAssembly's tool conventions, version 2.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from stdbpy.wasm.binary import BinaryModule, ExternalKind, Reader, SectionKind

_SYMBOL_TABLE = 8
"""A part of the section ``linking``."""

_IS_UNDEFINED, _HAS_OWN_NAME = 0x10, 0x40
"""Flags of symbols."""

_TYPE_INDEX_LEB = 6
_TABLE_INDEXES = {1, 2, 12}
"""Kinds of references that are a function's number in the table: by it the function can be called from anywhere."""
_WITH_ADDEND = {3, 4, 5, 8, 9, 11, 21, 23}
"""Kinds of references that have a distance behind them: to addresses in memory and in sections."""


class SymbolKind(IntEnum):
    FUNCTION = 0
    DATA = 1
    GLOBAL = 2
    SECTION = 3
    TAG = 4
    TABLE = 5


class Function(NamedTuple):
    number: int


class Data(NamedTuple):
    """Bytes that have a name in C, or strings."""

    address: int
    size: int


Piece = Function | Data


@dataclass(frozen=True, slots=True)
class _Symbol:
    name: str
    place: Piece | None


@dataclass(frozen=True, slots=True)
class _Reference:
    kind: int
    place: int
    """In the content of its section."""
    symbol: int


class LinkedProgram:
    def __init__(self, program: bytes) -> None:
        self.module = BinaryModule.read(program)
        self._custom = dict(self._custom_sections())
        self._first_function = sum(each.kind == ExternalKind.FUNCTION for each in self.module.imports)
        self._memory = {segment.offset: segment.data for segment in self.module.data}
        self._symbols = list(self._read_symbols())
        self._piece_of = _joined({each.place for each in self._symbols if isinstance(each.place, Data)})

    @cached_property
    def named(self) -> dict[str, list[Piece]]:
        """What has a name; functions and data that only one file of C knows may share theirs."""
        named = defaultdict(list)
        for symbol in self._symbols:
            if symbol.place is not None:
                named[symbol.name].append(self.piece_of(symbol.place))
        return dict(named)

    @cached_property
    def data(self) -> list[Data]:
        """By address; those of no size are left out."""
        return sorted(piece for piece in set(self._piece_of.values()) if piece.size)

    def piece_of(self, place: Piece) -> Piece:
        """What data are part of: strings that end alike are one piece."""
        return self._piece_of[place] if isinstance(place, Data) else place

    def begins_in(self, piece: Data) -> list[int]:
        """Where something begins that has a name."""
        return self._begins[piece]

    @cached_property
    def _begins(self) -> dict[Data, list[int]]:
        begins = defaultdict(set)
        for data, piece in self._piece_of.items():
            begins[piece].add(data.address)
        return {piece: sorted(addresses) for piece, addresses in begins.items()}

    @cached_property
    def exported(self) -> dict[str, Function]:
        return {each.name: Function(each.index) for each in self.module.exports if each.kind == ExternalKind.FUNCTION}

    def content(self, data: Data) -> bytes:
        for offset, content in self._memory.items():
            if offset <= data.address < offset + len(content):
                return content[data.address - offset :][: data.size]
        raise KeyError(data)

    # --- references --------------------------------------------------------------------------

    @cached_property
    def references(self) -> dict[Piece, set[Piece]]:
        """What functions call or name, and what data point to."""
        found: dict[Piece, set[Piece]] = defaultdict(set)
        for source, _, target in self._references():
            found[source].add(target)
        return found

    @cached_property
    def with_address(self) -> set[Piece]:
        """The functions that something has the number of in the table."""
        return {target for _, kind, target in self._references() if kind in _TABLE_INDEXES}

    def in_order(self, source: Data) -> list[tuple[int, Piece]]:
        """Where in the data they point to what."""
        section = self._places_of_segments
        begin = source.address + next(
            place - offset for offset, place, size in section if offset <= source.address < offset + size
        )
        found = [
            (each.place - begin, target)
            for each in self._data_references
            if begin <= each.place < begin + source.size and (target := self._symbols[each.symbol].place) is not None
        ]
        return sorted(found, key=lambda each: each[0])

    def reached_from(self, roots: Iterable[Piece]) -> set[Piece]:
        reached = set(roots)
        pending = list(reached)
        while pending:
            for piece in self.references.get(pending.pop(), ()):
                if piece not in reached:
                    reached.add(piece)
                    pending.append(piece)
        return reached

    def _references(self) -> Iterator[tuple[Piece, int, Piece]]:
        begins = [begin for begin, _ in self._bodies]
        for each in self._read_references("reloc.CODE"):
            caller = Function(self._first_function + bisect_right(begins, each.place) - 1)
            target = self._symbols[each.symbol].place
            if target is not None:
                yield caller, each.kind, self.piece_of(target)
        addresses = [piece.address for piece in self.data]
        for each in self._data_references:
            target = self._symbols[each.symbol].place
            if target is not None:
                source = self.data[bisect_right(addresses, self._address(each.place)) - 1]
                yield source, each.kind, self.piece_of(target)

    def _address(self, place: int) -> int:
        return next(
            place - begin + offset for offset, begin, size in self._places_of_segments if begin <= place < begin + size
        )

    # --- sections ----------------------------------------------------------------------------

    @cached_property
    def _bodies(self) -> list[tuple[int, int]]:
        """Where functions begin and end in the content of their section."""
        return [(begin, begin + size) for begin, size in _sized_parts(self._reader(SectionKind.CODE))]

    @cached_property
    def _places_of_segments(self) -> list[tuple[int, int, int]]:
        """Address, place in the section, and size."""
        reader = self._reader(SectionKind.DATA)
        places = []
        for segment in self.module.data[: reader.unsigned()]:
            reader.take(2)
            reader.signed()
            reader.byte()
            size = reader.unsigned()
            places.append((segment.offset, reader.offset, size))
            reader.take(size)
        return places

    @cached_property
    def _data_references(self) -> list[_Reference]:
        return list(self._read_references("reloc.DATA"))

    def _reader(self, kind: SectionKind) -> Reader:
        [content] = [section.content for section in self.module.sections if section.kind == kind]
        return Reader(content, kind.name)

    def _custom_sections(self) -> Iterator[tuple[str, bytes]]:
        for section in self.module.sections:
            if section.kind == SectionKind.CUSTOM:
                reader = Reader(section.content, "a section's name")
                name = reader.name()
                yield name, section.content[reader.offset :]

    def _read_references(self, name: str) -> Iterator[_Reference]:
        reader = Reader(self._custom[name], name)
        reader.unsigned()  # which section it is of
        for _ in range(reader.unsigned()):
            kind, place, symbol = reader.byte(), reader.unsigned(), reader.unsigned()
            if kind in _WITH_ADDEND:
                reader.signed()
            if kind != _TYPE_INDEX_LEB:
                yield _Reference(kind, place, symbol)

    def _read_symbols(self) -> Iterator[_Symbol]:
        reader = Reader(self._custom["linking"], "linking")
        if reader.unsigned() != 2:
            raise reader.error("it is of another version")
        while not reader.is_at_end:
            kind, content = reader.byte(), reader.sized()
            if kind == _SYMBOL_TABLE:
                yield from self._symbols_in(Reader(content, "symbols"))

    def _symbols_in(self, reader: Reader) -> Iterator[_Symbol]:
        offsets = [segment.offset for segment in self.module.data]
        for _ in range(reader.unsigned()):
            kind, flags = SymbolKind(reader.byte()), reader.unsigned()
            is_defined = not flags & _IS_UNDEFINED
            if kind == SymbolKind.DATA:
                name = reader.name()
                if is_defined:
                    segment, offset, size = reader.unsigned(), reader.unsigned(), reader.unsigned()
                    yield _Symbol(name, Data(offsets[segment] + offset, size))
                else:
                    yield _Symbol(name, None)
                continue
            number = reader.unsigned()
            has_name = kind != SymbolKind.SECTION and (is_defined or flags & _HAS_OWN_NAME)
            name = reader.name() if has_name else ""
            yield _Symbol(name, Function(number) if kind == SymbolKind.FUNCTION else None)


def _joined(exact: Iterable[Data]) -> dict[Data, Data]:
    """Strings that end alike are there once: what overlaps is one piece, from its begin to its end."""
    joined: dict[Data, Data] = {}
    together: list[Data] = []
    for data in sorted(exact):
        if together and data.address < max(sum(each) for each in together):
            together.append(data)
        else:
            together = [data]
        whole = Data(together[0].address, max(sum(each) for each in together) - together[0].address)
        joined |= dict.fromkeys(together, whole)
    return joined


def _sized_parts(reader: Reader) -> Iterator[tuple[int, int]]:
    for _ in range(reader.unsigned()):
        size = reader.unsigned()
        yield reader.offset, size
        reader.take(size)
