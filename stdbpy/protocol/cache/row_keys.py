"""What the cache finds a row by: the value of its primary key or, without one, its bytes.

Inserted rows are decoded, so their keys are at hand. Of deleted rows only the keys are read: the
rows themselves are in the cache.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any, Protocol

from stdbpy.errors import DecodeError, counted
from stdbpy.protocol.cache.changes import Row, RowKey
from stdbpy.protocol.cache.comparing import ComparisonKeys
from stdbpy.protocol.cache.row_reading import decoded_rows
from stdbpy.protocol.catalog import TableLayout
from stdbpy.protocol.row_list import RowList
from stdbpy.sats import shapes as s
from stdbpy.sats.generated import number_code
from stdbpy.sats.values import uuid_from_int


class RowKeys(Protocol):
    """How keys are read from the messages of one table."""

    def of_inserted(self, rows: list[Row], sent: RowList) -> Iterable[RowKey]:
        """The keys of rows that were decoded from ``sent``, in order."""
        ...

    def of_deleted(self, sent: RowList) -> Sequence[RowKey]:
        """The keys of rows. Raises ``DecodeError`` for rows that do not fit, as far as it looks at them."""
        ...


def row_keys(layout: TableLayout) -> RowKeys:
    return WholeRows() if layout.primary_key is None else PrimaryKeys(layout, layout.primary_key)


class WholeRows:
    """The bytes of a row: the server writes equal rows alike."""

    def of_inserted(self, rows: list[Row], sent: RowList) -> Iterable[RowKey]:  # noqa: ARG002
        return sent.slices()

    def of_deleted(self, sent: RowList) -> Sequence[RowKey]:
        return sent.slices()


class PrimaryKeys:
    """Values of the primary key, or what the server compares them by where they cannot be hashed."""

    def __init__(self, layout: TableLayout, column: int) -> None:
        shape = layout.record.fields[column]
        self._codec = layout.codec
        self.value_of = column_getter(layout, (column,))
        self.to_key = ComparisonKeys(layout.shapes).hashed_by(shape)
        """From a value to its key; ``None`` where the value itself is the key."""
        self.in_place = KeyInPlace.of(layout, column) if self.to_key is None else None

    def of_inserted(self, rows: list[Row], sent: RowList) -> Iterable[RowKey]:  # noqa: ARG002
        values: Iterator[Any] = map(self.value_of, rows)
        return values if self.to_key is None else map(self.to_key, values)

    def of_deleted(self, sent: RowList) -> Sequence[RowKey]:
        if self.in_place is not None:
            return self.in_place.read(sent)
        return list(self.of_inserted(decoded_rows(sent, self._codec), sent))

    def of_one(self, row: Row) -> RowKey:
        value: RowKey = self.value_of(row)
        return value if self.to_key is None else self.to_key(value)


class KeyInPlace:
    """A key of fixed size at the same place in every row: it is read without the rest of the row."""

    def __init__(self, start: int, code: str, convert: Callable[[Any], RowKey] | None, row_size: int | None) -> None:
        self._start = start
        self._code = code
        self._size = struct.calcsize(f"<{code}")
        self.row_size = row_size
        """Of every row, in bytes; ``None`` if rows differ."""
        self.unpack_from = struct.Struct(f"<{start}x{code}").unpack_from
        """From the bytes of a row to the tuple of one raw key. Raises ``struct.error``."""
        self.convert = convert
        """From a raw key to what equals the value; ``None`` where it does already. Raises ``LookupError``."""

    @classmethod
    def of(cls, layout: TableLayout, column: int) -> KeyInPlace | None:
        """``None`` for a key that is not like that."""
        fields = layout.record.fields
        raw = _raw_key(fields[column])
        sizes = [s.fixed_size(field) for field in fields[:column]]
        if raw is None or None in sizes:
            return None
        return cls(sum(size for size in sizes if size is not None), *raw, s.fixed_size(layout.record))

    def read(self, sent: RowList) -> list[RowKey]:
        """The keys of all rows. Raises ``DecodeError`` for rows that cannot hold them."""
        data, size, offsets = sent.data, sent.size, sent.offsets
        if self.row_size is not None and len(data) != self.row_size * len(sent):
            raise DecodeError(f"a row has {self.row_size} bytes, but {counted(len(sent), 'row')} have {len(data)}")
        try:
            raw: list[Any]
            if len(data) == size or (offsets is not None and len(offsets) == 1):
                raw = [*self.unpack_from(data)]
            elif offsets is None:
                behind = size - self._start - self._size
                if behind < 0:
                    raise DecodeError(f"rows of {counted(size, 'byte')} are too short for their primary key")
                raw = [key for (key,) in struct.Struct(f"<{self._start}x{self._code}{behind}x").iter_unpack(data)]
            else:
                raw = [key for (key,) in map(self.unpack_from, repeat(data), offsets)]
            return raw if self.convert is None else list(map(self.convert, raw))
        except (struct.error, LookupError):
            raise DecodeError("a row is too short for its primary key, or has a value that it cannot have") from None


def column_getter(layout: TableLayout, columns: tuple[int, ...]) -> Callable[[Row], Any]:
    """A function from a row to the value of a column, or to the tuple of several."""
    if layout.fields:
        return attrgetter(*(layout.fields[column] for column in columns))
    return itemgetter(*columns)


def _raw_key(shape: s.Shape) -> tuple[str, Callable[[Any], RowKey] | None] | None:
    """The letters by which ``struct`` reads a value of fixed size, and what makes of it something
    that is equal to the value (``None``: it is so already). ``None`` for other values."""
    match shape:
        case s.Bool():
            return "B", None
        case s.Int(size, signed):
            code = number_code(shape)
            if code:
                return code, None
            return f"{size}s", _signed if signed else _unsigned
        case s.Special("Uuid", _, number):
            return f"{number.size}s", _uuid
        case s.Special("Identity" | "ConnectionId", _, number):
            return f"{number.size}s", itemgetter(slice(None, None, -1))
        case s.Special(_, _, number):
            return number_code(number), None
        case s.Union(members=members) if members is not None:
            return "B", members.__getitem__
        case _:
            return None


def _unsigned(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def _signed(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _uuid(raw: bytes) -> RowKey:
    return uuid_from_int(int.from_bytes(raw, "little"))


__all__ = ["PrimaryKeys", "RowKeys", "WholeRows", "column_getter", "row_keys"]
