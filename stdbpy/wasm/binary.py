"""The binary format of WebAssembly: a module's sections, read and written again.

Source of the format: the WebAssembly specification, release 2.0, section 5 (binary format). Only what SpacetimeDB's
modules have is read: one memory with addresses of 32 bits, functions on plain numbers and references. Everything else
can be kept as the bytes it is. What is no such module raises :class:`~stdbpy.errors.DecodeError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, TypeVar

from stdbpy.errors import DecodeError

MAGIC = b"\0asm"
"""How every WebAssembly file begins."""

PAGE_BYTES = 65536

_HEADER = MAGIC + b"\1\0\0\0"
_U32_BYTES, _U64_BYTES = 5, 10
"""The most bytes that a number may take."""

_FOUR_BYTES, _FIVE_BYTES = 1 << 20, 1 << 27
"""From which number on LEB128 with a sign takes so many."""

_END = 0x0B
"""Ends an expression."""

T = TypeVar("T")


class SectionKind(IntEnum):
    CUSTOM = 0
    TYPE = 1
    IMPORT = 2
    FUNCTION = 3
    TABLE = 4
    MEMORY = 5
    GLOBAL = 6
    EXPORT = 7
    START = 8
    ELEMENT = 9
    CODE = 10
    DATA = 11
    DATA_COUNT = 12
    TAG = 13


class ExternalKind(IntEnum):
    """What is imported or exported."""

    FUNCTION = 0
    TABLE = 1
    MEMORY = 2
    GLOBAL = 3
    TAG = 4


class ValueType(IntEnum):
    I32 = 0x7F
    I64 = 0x7E
    F32 = 0x7D
    F64 = 0x7C
    V128 = 0x7B
    FUNCREF = 0x70
    EXTERNREF = 0x6F


@dataclass(frozen=True, slots=True)
class Section:
    kind: SectionKind
    content: bytes


@dataclass(frozen=True, slots=True)
class FunctionType:
    parameters: tuple[ValueType, ...]
    results: tuple[ValueType, ...]


@dataclass(frozen=True, slots=True)
class Import:
    module: str
    name: str
    kind: ExternalKind
    type: bytes
    """As it is encoded; of a function, the number of its type."""


@dataclass(frozen=True, slots=True)
class Export:
    name: str
    kind: ExternalKind
    index: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Sizes in pages."""

    minimum: int
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Global:
    type: ValueType
    is_mutable: bool
    initial: int | None
    """Of an i32 or i64 that begins as a number; ``None`` for all others."""


class DataSegment(NamedTuple):
    """Bytes that the memory has at ``offset`` from the start. Programs have tens of thousands."""

    offset: int
    data: bytes


# --- numbers and other pieces ----------------------------------------------------------------

_ONE_BYTE = [bytes([number]) for number in range(0x80)]


def unsigned(number: int) -> bytes:
    """LEB128, as short as it can be."""
    if number < 0x80:
        return _ONE_BYTE[number]
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def signed(number: int) -> bytes:
    """LEB128 of a number that may be negative, as short as it can be."""
    encoded = bytearray()
    while not -0x40 <= number < 0x40:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number & 0x7F)
    return bytes(encoded)


def vector(items: Iterable[bytes]) -> bytes:
    items = list(items)
    return unsigned(len(items)) + b"".join(items)


def sized(content: bytes) -> bytes:
    """``content`` with its length before it: a name, or the body of a function."""
    return unsigned(len(content)) + content


class Reader:
    """Reads from the front of ``data``; ``what`` names it in errors."""

    __slots__ = ("_data", "_what", "offset")

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self.offset = 0

    @property
    def is_at_end(self) -> bool:
        return self.offset == len(self._data)

    def error(self, message: str) -> DecodeError:
        return DecodeError(f"no WebAssembly module of SpacetimeDB: {message}", offset=self.offset, expected=self._what)

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, length: int) -> bytes:
        end = self.offset + length
        if end > len(self._data):
            raise self.error("it ends too early")
        taken = self._data[self.offset : end]
        self.offset = end
        return taken

    def unsigned(self, most_bytes: int = _U32_BYTES) -> int:
        number = 0
        for index in range(most_bytes):
            byte = self.byte()
            number |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                return number
        raise self.error("a number has too many bytes")

    def signed(self, most_bytes: int = _U32_BYTES) -> int:
        start = self.offset
        number = self.unsigned(most_bytes)
        bits = 7 * (self.offset - start)
        return number - (1 << bits) if number >> (bits - 1) else number

    def vector(self, read: Callable[[Reader], T]) -> list[T]:
        return [read(self) for _ in range(self.unsigned())]

    def sized(self) -> bytes:
        return self.take(self.unsigned())

    def name(self) -> str:
        try:
            return self.sized().decode()
        except UnicodeDecodeError:
            raise self.error("a name is not UTF-8") from None

    def since(self, start: int) -> bytes:
        """What was read from the offset ``start`` on."""
        return self._data[start : self.offset]


# --- entries of sections ---------------------------------------------------------------------


def _value_type(reader: Reader) -> ValueType:
    number = reader.byte()
    try:
        return ValueType(number)
    except ValueError:
        raise reader.error(f"there is no type of values 0x{number:02x}") from None


def _external_kind(reader: Reader) -> ExternalKind:
    number = reader.byte()
    try:
        return ExternalKind(number)
    except ValueError:
        raise reader.error(f"nothing of kind {number} can be imported or exported") from None


def _function_type(reader: Reader) -> FunctionType:
    if reader.byte() != 0x60:
        raise reader.error("a type is not that of a function")
    return FunctionType(tuple(reader.vector(_value_type)), tuple(reader.vector(_value_type)))


def _import(reader: Reader) -> Import:
    module, name, kind = reader.name(), reader.name(), _external_kind(reader)
    start = reader.offset
    match kind:
        case ExternalKind.FUNCTION:
            reader.unsigned()
        case ExternalKind.TABLE:
            _value_type(reader)
            _skip_limits(reader)
        case ExternalKind.MEMORY:
            _skip_limits(reader)
        case ExternalKind.GLOBAL:
            _value_type(reader)
            reader.byte()
        case ExternalKind.TAG:
            reader.byte()
            reader.unsigned()
    return Import(module, name, kind, reader.since(start))


def _skip_limits(reader: Reader) -> None:
    has_maximum = reader.byte() & 1
    for _ in range(1 + has_maximum):
        reader.unsigned(_U64_BYTES)


def _memory(reader: Reader) -> Memory:
    match reader.byte():
        case 0:
            return Memory(reader.unsigned())
        case 1:
            return Memory(reader.unsigned(), reader.unsigned())
        case flags:
            raise reader.error(f"a memory has the flags {flags:#x}: it is shared or has addresses of 64 bits")


def _export(reader: Reader) -> Export:
    return Export(reader.name(), _external_kind(reader), reader.unsigned())


def _global(reader: Reader) -> Global:
    type, is_mutable = _value_type(reader), reader.byte() == 1
    initial = None
    match reader.byte():
        case 0x41:  # i32.const
            initial = reader.signed()
        case 0x42:  # i64.const
            initial = reader.signed(_U64_BYTES)
        case 0x43:  # f32.const
            reader.take(4)
        case 0x44:  # f64.const
            reader.take(8)
        case 0x23 | 0xD2:  # global.get, ref.func
            reader.unsigned()
        case 0xD0:  # ref.null
            _value_type(reader)
        case _:
            raise reader.error("how a global begins is not understood")
    if reader.byte() != _END:
        raise reader.error("how a global begins is more than a number")
    return Global(type, is_mutable, initial)


def _data_segment(reader: Reader) -> DataSegment:
    if reader.unsigned() != 0 or reader.byte() != 0x41:  # in memory 0 from the start; i32.const
        raise reader.error("data has no place in the memory that is known beforehand")
    offset = reader.signed() & 0xFFFFFFFF
    if reader.byte() != _END:
        raise reader.error("the place of data is more than a number")
    return DataSegment(offset, reader.sized())


def _signed_address(address: int) -> bytes:
    if _FOUR_BYTES <= address < _FIVE_BYTES:  # nearly all in programs of Python
        return bytes((address & 0x7F | 0x80, address >> 7 & 0x7F | 0x80, address >> 14 & 0x7F | 0x80, address >> 21))
    return signed(address - (1 << 32) if address >> 31 else address)


# --- modules ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BinaryModule:
    """A module as its sections, in their order. What is not replaced is written as it was read."""

    sections: tuple[Section, ...]

    @classmethod
    def read(cls, program: bytes) -> BinaryModule:
        if not program.startswith(MAGIC):
            raise DecodeError("that is not WebAssembly", offset=0, expected="a module")
        reader = Reader(program, "a module")
        if reader.take(min(8, len(program))) != _HEADER:
            raise reader.error("it is of another version, or a component")
        sections = []
        while not reader.is_at_end:
            number = reader.byte()
            try:
                kind = SectionKind(number)
            except ValueError:
                raise reader.error(f"there is no section {number}") from None
            sections.append(Section(kind, reader.sized()))
        return cls(tuple(sections))

    def write(self) -> bytes:
        return b"".join([_HEADER, *(bytes([each.kind]) + sized(each.content) for each in self.sections)])

    def with_sections(self, contents: Mapping[SectionKind, bytes | None]) -> BinaryModule:
        """With these contents instead; ``None`` leaves the sections of that kind out. Raises ``KeyError`` for the
        content of a section that the module does not have."""
        missing = {kind for kind, content in contents.items() if content is not None} - {
            each.kind for each in self.sections
        }
        if missing:
            raise KeyError(f"the module has no section {min(missing).name}")
        sections = []
        for section in self.sections:
            content = contents.get(section.kind, section.content)
            if content is not None:
                sections.append(Section(section.kind, content))
        return BinaryModule(tuple(sections))

    def size_of(self, kind: SectionKind) -> int:
        """Bytes of all sections of that kind."""
        return sum(len(each.content) for each in self.sections if each.kind == kind)

    @property
    def types(self) -> list[FunctionType]:
        return self._entries(SectionKind.TYPE, _function_type)

    @property
    def imports(self) -> list[Import]:
        return self._entries(SectionKind.IMPORT, _import)

    @property
    def functions(self) -> list[int]:
        """The number of the type of each function that has a body."""
        return self._entries(SectionKind.FUNCTION, Reader.unsigned)

    @property
    def memories(self) -> list[Memory]:
        return self._entries(SectionKind.MEMORY, _memory)

    @property
    def globals(self) -> list[Global]:
        return self._entries(SectionKind.GLOBAL, _global)

    @property
    def exports(self) -> list[Export]:
        return self._entries(SectionKind.EXPORT, _export)

    @property
    def bodies(self) -> list[bytes]:
        """The locals and instructions of each function, without the length before them."""
        return self._entries(SectionKind.CODE, Reader.sized)

    @property
    def data(self) -> list[DataSegment]:
        return self._entries(SectionKind.DATA, _data_segment)

    def _entries(self, kind: SectionKind, read: Callable[[Reader], T]) -> list[T]:
        entries: list[T] = []
        for section in self.sections:
            if section.kind == kind:
                reader = Reader(section.content, f"the section {kind.name}")
                entries += reader.vector(read)
                if not reader.is_at_end:
                    raise reader.error("something follows the last entry")
        return entries


def type_section(types: Iterable[FunctionType]) -> bytes:
    return vector(b"\x60" + vector(_bytes(type.parameters)) + vector(_bytes(type.results)) for type in types)


def import_section(imports: Iterable[Import]) -> bytes:
    return vector(
        sized(each.module.encode()) + sized(each.name.encode()) + bytes([each.kind]) + each.type for each in imports
    )


def function_section(types: Iterable[int]) -> bytes:
    return vector(map(unsigned, types))


def memory_section(memories: Iterable[Memory]) -> bytes:
    return vector(
        b"\0" + unsigned(each.minimum)
        if each.maximum is None
        else b"\1" + unsigned(each.minimum) + unsigned(each.maximum)
        for each in memories
    )


def export_section(exports: Iterable[Export]) -> bytes:
    return vector(sized(each.name.encode()) + bytes([each.kind]) + unsigned(each.index) for each in exports)


def code_section(bodies: Iterable[bytes]) -> bytes:
    return vector(map(sized, bodies))


def data_section(segments: Iterable[DataSegment]) -> bytes:
    return vector(b"\0\x41" + _signed_address(offset) + b"\x0b" + sized(data) for offset, data in segments)


def _bytes(values: Sequence[ValueType]) -> Iterator[bytes]:
    return (bytes([value]) for value in values)
