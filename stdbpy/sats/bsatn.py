"""BSATN, the binary form of SATS values: codecs compiled per type.

>>> from stdbpy.sats.types import Primitive, product
>>> codec = compile_codec(product(("id", Primitive.U64), ("name", Primitive.STRING)))
>>> codec.encode((1, "Ann")).hex()
'010000000000000003000000416e6e'
>>> codec.decode(bytes.fromhex("010000000000000003000000416e6e"))
(1, 'Ann')
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NoReturn, TypeVar, cast

from stdbpy.errors import DecodeError, SatsError
from stdbpy.sats import types as t
from stdbpy.sats.bsatn_checking import BytesChecker, ValueChecker
from stdbpy.sats.bsatn_layout import Bad, TooDeep
from stdbpy.sats.bsatn_reading import Reader, ReaderSource
from stdbpy.sats.bsatn_writing import WriterSource
from stdbpy.sats.shapes import Record, Shapes

V = TypeVar("V")

READING_FAILURES = (struct.error, ValueError, LookupError, TypeError, Bad, TooDeep, RecursionError)
_WRITING = (
    struct.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    Bad,
    TooDeep,
    RecursionError,
)


class Codec(Generic[V]):
    """Reads and writes the values of one type. Its functions are generated at their first use."""

    __slots__ = ("_read", "_rows", "_shapes", "_write")

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._read: Callable[[bytes, int], tuple[V, int]] | None = None
        self._rows: Callable[[bytes], list[V]] | None = None
        self._write: Callable[[V], bytes] | None = None

    def encode(self, value: V) -> bytes:
        """``value`` in BSATN. Raises ``EncodeError`` with the path of the field that does not fit."""
        write = self._write
        if write is None:
            write = self._write = WriterSource(self._shapes).one()
        try:
            return write(value)
        except _WRITING:
            ValueChecker(self._shapes).check(value)
            raise

    def decode(self, data: bytes | bytearray | memoryview) -> V:
        """The value that ``data`` is. Raises ``DecodeError``, also for bytes left over."""
        value, end = self.decode_from(data, 0)
        if end != len(data):
            raise DecodeError(f"{len(data) - end} bytes are left over behind the value", offset=end, expected="the end")
        return value

    def decode_from(self, data: bytes | bytearray | memoryview, offset: int) -> tuple[V, int]:
        """The value that starts at ``offset``, and the offset behind it. Raises ``DecodeError``."""
        read = self._read
        if read is None:
            read = self._read = cast("Callable[[bytes, int], tuple[V, int]]", ReaderSource(self._shapes).one())
        if data.__class__ is not bytes:
            data = bytes(data)
        try:
            value, end = read(data, offset)
            if end > len(data):
                raise Bad
        except READING_FAILURES as error:
            BytesChecker(self._shapes, bytes(data)).check(offset)
            _unexplained(error)
        return value, end

    def decode_rows(self, data: bytes | bytearray | memoryview) -> list[V]:
        """The values that stand one after the other until the end of ``data``. Raises ``DecodeError``."""
        rows = self._rows
        if rows is None:
            rows = self._rows = cast("Callable[[bytes], list[V]]", ReaderSource(self._shapes).rows())
        if data.__class__ is not bytes:
            data = bytes(data)
        try:
            return rows(data)
        except READING_FAILURES as error:
            checker, offset = BytesChecker(self._shapes, bytes(data)), 0
            while offset < len(data):
                start, offset = offset, checker.check(offset)
                if offset == start:
                    raise DecodeError("bytes are left over behind rows of no bytes", offset=offset) from None
            _unexplained(error)


def _unexplained(error: BaseException) -> NoReturn:
    """The bytes are fine: either the limit of nesting was reached, or a row class refused its fields."""
    if isinstance(error, RecursionError):
        raise DecodeError("the value is nested too deeply", offset=0) from None
    raise error


def compile_codec(
    type: t.AlgebraicType, typespace: t.Typespace = (), classes: Mapping[int, type] | None = None
) -> Codec[Any]:
    """A codec for ``type``, whose references are indexes into ``typespace``.

    ``classes`` binds Python classes to types of the typespace by index: a class called with the
    elements in order for a product (dataclass, ``msgspec.Struct``, named tuple), an ``enum.Enum``
    or ``TaggedUnion`` for a sum. Raises ``SatsError`` for references that lead nowhere and classes
    that do not fit.
    """
    return Codec(Shapes(type, typespace, classes or {}))


def compile_columns_decoder(
    row: t.ProductType, columns: Sequence[int], typespace: t.Typespace = ()
) -> Callable[[bytes], tuple[Any, ...]]:
    """A function from one row in BSATN to the values of ``columns``, in that order. What lies
    behind the last of them is not looked at. It raises ``DecodeError``; ``SatsError`` comes at once
    for a column that is not there."""
    for column in columns:
        if not 0 <= column < len(row.elements):
            raise SatsError(f"the row has {len(row.elements)} columns, so no column {column}")
    shapes = Shapes(row, typespace, {})
    assert isinstance(shapes.root, Record)
    source = ReaderSource(shapes)
    body = Reader(source, 1)
    values: dict[int, str] = {}
    for position, field in enumerate(shapes.root.fields[: max(columns, default=-1) + 1]):
        if position in columns:
            values[position] = body.read(field)
        else:
            body.skip(field)
    body.flush()
    body.line("if o > len(data): raise Bad")
    body.line(f"return ({''.join(f'{values[column]}, ' for column in columns)})")
    read = cast(
        "Callable[[bytes], tuple[Any, ...]]", source.build("columns", f"def columns(data):\n    o = 0\n{body.text}")
    )

    def decode(data: bytes) -> tuple[Any, ...]:
        try:
            return read(data)
        except READING_FAILURES as error:
            BytesChecker(shapes, data).check(0)
            _unexplained(error)

    return decode
