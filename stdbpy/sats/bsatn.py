"""BSATN, the binary form of SATS values: codecs compiled per type.

>>> from stdbpy.sats.types import Primitive, product
>>> codec = compile_codec(product(("id", Primitive.U64), ("name", Primitive.STRING)))
>>> codec.encode((1, "Ann")).hex()
'010000000000000003000000416e6e'
>>> codec.decode(bytes.fromhex("010000000000000003000000416e6e"))
(1, 'Ann')
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, NoReturn, TypeVar

from stdbpy.errors import DecodeError, SatsError, counted
from stdbpy.sats import types as t
from stdbpy.sats.bsatn_checking import BytesChecker, ValueChecker
from stdbpy.sats.failures import READING_FAILURES, WRITING_FAILURES
from stdbpy.sats.garbage import GC_PAUSE_SIZE, garbage_left_alone
from stdbpy.sats.shapes import Shapes

if sys.platform == "wasi":
    from stdbpy.sats.bsatn_builtin import ReaderSource, WriterSource
else:
    from stdbpy.sats.bsatn_reading import ReaderSource
    from stdbpy.sats.bsatn_writing import WriterSource

V = TypeVar("V")

Buffer = bytes | bytearray | memoryview


class Codec(Generic[V]):
    """Reads and writes the values of one type. Its functions are made at their first use: generated, or, inside
    WebAssembly, built in."""

    __slots__ = ("_embeddings", "_part", "_rows", "_shapes", "_whole", "_write", "_write_rows")

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._whole: Callable[[bytes], V] | None = None
        self._part: Callable[[bytes, int], tuple[V, int]] | None = None
        self._rows: Callable[[bytes], list[V]] | None = None
        self._write: Callable[[V], bytes] | None = None
        self._write_rows: Callable[[Sequence[V]], bytes] | None = None
        self._embeddings: dict[tuple[bytes, bytes], Callable[[int, V], bytes]] = {}

    def encode(self, value: V) -> bytes:
        """``value`` in BSATN. Raises ``EncodeError`` with the path of the field that does not fit."""
        write = self._write or self._generate_write()
        try:
            return write(value)
        except WRITING_FAILURES:
            ValueChecker(self._shapes).check(value)
            raise

    def encode_rows(self, values: Iterable[V]) -> bytes:
        """The values in BSATN, one after the other. Raises ``EncodeError``."""
        write_rows = self._write_rows or self._generate_write_rows()
        rows = values if isinstance(values, list | tuple) else list(values)
        try:
            return write_rows(rows)
        except WRITING_FAILURES:
            for row in rows:
                ValueChecker(self._shapes).check(row)
            raise

    def embedding(self, before: bytes, after: bytes) -> Callable[[int, V], bytes]:
        """A function of a number (a u32) and a value, for messages that hold values as bytes. It gives ``before``,
        the number, ``after``, the size of the value (a u32) and the value, and raises as :meth:`encode` does."""
        return self._embeddings.get((before, after)) or self._generate_embedding(before, after)

    def decode(self, data: Buffer) -> V:
        """The value that ``data`` is. Raises ``DecodeError``, also for bytes left over."""
        whole = self._whole or self._generate_whole()
        if data.__class__ is not bytes:
            data = bytes(data)
        try:
            return whole(data)
        except READING_FAILURES as error:
            end = BytesChecker(self._shapes, data).check(0)
            if end < len(data):
                left = len(data) - end
                message = f"{counted(left, 'byte')} {'is' if left == 1 else 'are'} left over behind the value"
                raise DecodeError(message, offset=end, expected="the end") from None
            _raise_unexplained(error)

    def reader(self) -> Callable[[bytes], V]:
        """What :meth:`decode` calls, for who reads many values one at a time: for bad bytes it raises
        one of ``READING_FAILURES``, and it takes ``decode`` to say what is wrong with them."""
        return self._whole or self._generate_whole()

    def writer(self) -> Callable[[V], bytes]:
        """What :meth:`encode` calls, for who writes many values one at a time: for a value that does not fit it
        raises one of ``WRITING_FAILURES``, and it takes ``encode`` to say what is wrong with it."""
        return self._write or self._generate_write()

    def decode_from(self, data: Buffer, offset: int) -> tuple[V, int]:
        """The value that starts at ``offset``, and the offset behind it. Raises ``DecodeError``."""
        part = self._part or self._generate_part()
        if data.__class__ is not bytes:
            data = bytes(data)
        try:
            return part(data, offset)
        except READING_FAILURES as error:
            BytesChecker(self._shapes, data).check(offset)
            _raise_unexplained(error)

    def decode_rows(self, data: Buffer) -> list[V]:
        """The values that stand one after the other until the end of ``data``. Raises ``DecodeError``."""
        rows = self._rows or self._generate_rows()
        if data.__class__ is not bytes:
            data = bytes(data)
        try:
            if len(data) < GC_PAUSE_SIZE:
                return rows(data)
            with garbage_left_alone():
                return rows(data)
        except READING_FAILURES as error:
            BytesChecker(self._shapes, data).check_rows()
            _raise_unexplained(error)

    def _generate_write(self) -> Callable[[V], bytes]:
        self._write = write = WriterSource(self._shapes).whole()
        return write

    def _generate_write_rows(self) -> Callable[[Sequence[V]], bytes]:
        self._write_rows = write_rows = WriterSource(self._shapes).rows()
        return write_rows

    def _generate_embedding(self, before: bytes, after: bytes) -> Callable[[int, V], bytes]:
        def fail(error: BaseException, value: V) -> NoReturn:
            ValueChecker(self._shapes).check(value)
            raise error

        write = self._embeddings[before, after] = WriterSource(self._shapes).embedded(before, after, fail)
        return write

    def _generate_whole(self) -> Callable[[bytes], V]:
        self._whole = whole = ReaderSource(self._shapes).whole()
        return whole

    def _generate_part(self) -> Callable[[bytes, int], tuple[V, int]]:
        self._part = part = ReaderSource(self._shapes).part()
        return part

    def _generate_rows(self) -> Callable[[bytes], list[V]]:
        self._rows = rows = ReaderSource(self._shapes).rows()
        return rows


def _raise_unexplained(error: BaseException) -> NoReturn:
    """The bytes are fine: the caller's own calls use up Python's recursion limit, or a row class
    refused the values."""
    if isinstance(error, RecursionError):
        raise DecodeError("the value is nested too deeply") from None
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
            raise SatsError(f"the row has {counted(len(row.elements), 'column')}, so no column {column}")
    shapes = Shapes(row, typespace, {})

    def fail(error: BaseException, data: bytes) -> NoReturn:
        BytesChecker(shapes, data).check(0)
        _raise_unexplained(error)

    return ReaderSource(shapes).columns(columns, fail)
