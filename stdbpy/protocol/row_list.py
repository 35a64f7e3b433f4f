"""Lists of rows as messages carry them: not decoded, one piece of bytes for all rows.

Layout (``crates/client-api-messages``, ``BsatnRowList``): a size hint, then the rows as a u32
length and the bytes of one row after the other. The hint is a tag and either (0) the u16 size that
all rows have, or (1) a u32 count and the u64 offset of each row's first byte.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence

import msgspec

from stdbpy.errors import DecodeError
from stdbpy.sats.values import Variant

_MAX_FIXED_SIZE = (1 << 16) - 1

_FIXED = struct.Struct("<BHI")
_OFFSETS = struct.Struct("<BI")
_LENGTH = struct.Struct("<I")
_ONE_ROW = struct.Struct("<BIQI")


class RowList(msgspec.Struct, frozen=True, gc=False):
    """Rows in BSATN: ``data`` holds one after the other.

    ``size`` is the number of bytes of each row, or 0 if they differ: then ``offsets`` says where in
    ``data`` each of them starts.
    """

    data: bytes
    size: int
    offsets: Sequence[int] | None

    @classmethod
    def of(cls, rows: Sequence[bytes]) -> RowList:
        """The list of ``rows``, in the shortest form that their sizes allow."""
        if not rows:
            return NO_ROWS
        size = len(rows[0])
        if 0 < size <= _MAX_FIXED_SIZE and all(len(row) == size for row in rows):
            return cls(b"".join(rows), size, None)
        offsets = array("Q")
        end = 0
        for row in rows:
            offsets.append(end)
            end += len(row)
        return cls(b"".join(rows), 0, offsets)

    def __len__(self) -> int:
        offsets = self.offsets
        return len(self.data) // self.size if offsets is None else len(offsets)

    def __eq__(self, other: object) -> bool:
        """Whether it says the same: an array of offsets equals a list of them."""
        if not isinstance(other, RowList):
            return NotImplemented
        if (self.data, self.size, self.offsets is None) != (other.data, other.size, other.offsets is None):
            return False
        return list(self.offsets or ()) == list(other.offsets or ())

    def __hash__(self) -> int:
        return hash((self.data, self.size))

    @property
    def size_hint(self) -> Variant:
        """The first part of its layout, as a value of that sum type."""
        if self.offsets is None:
            return Variant("FixedSize", self.size)
        return Variant("RowOffsets", self.offsets)

    @property
    def rows_data(self) -> bytes:
        """The second part of its layout."""
        return self.data

    def slices(self) -> list[bytes]:
        """The bytes of each row. Raises ``DecodeError`` for offsets that go back."""
        data, size, offsets = self.data, self.size, self.offsets
        if offsets is None:
            if len(data) == size:
                return [data]
            return [row for (row,) in struct.Struct(f"{size}s").iter_unpack(data)]
        if len(offsets) == 1:
            return [data]
        starts = list(offsets)
        # Looked at only here, where going back would let few bytes become many rows.
        if starts != sorted(starts):
            raise DecodeError("the offsets of the rows go back")
        ends = starts[1:]
        ends.append(len(data))
        return [data[start:end] for start, end in zip(starts, ends, strict=True)]


class JsonRowList(msgspec.Struct, frozen=True, gc=False):
    """Rows under ``v1.json``: each is the text of a JSON value."""

    rows: list[str]

    def __len__(self) -> int:
        return len(self.rows)


NO_ROWS = RowList(b"", 0, array("Q"))
"""The form in which the server says that there are none."""


def checked_row_list(size: int, offsets: Sequence[int] | None, data: bytes, at: int = -1) -> RowList:
    """The row list that says so. ``at`` is where it ends in the message.

    Raises ``DecodeError`` for rows of a fixed size that is 0 or does not divide the data, and for
    offsets that do not begin with 0 or lie outside of the data. Offsets in between are looked at by
    :meth:`RowList.slices`.
    """
    if offsets is None:
        if size == 0 or len(data) % size:
            message = f"{len(data)} bytes of rows cannot be rows of {size} bytes each"
            raise DecodeError(message, offset=at, expected="a row list")
    elif offsets:
        if offsets[0] != 0 or offsets[-1] > len(data):
            raise DecodeError("the offsets of the rows do not fit their bytes", offset=at, expected="a row list")
    elif data:
        raise DecodeError(f"{len(data)} bytes of rows belong to no row", offset=at, expected="a row list")
    return RowList(data, size, offsets)


def read_row_list(frame: bytes, at: int) -> tuple[RowList | None, int]:
    """The row list at offset ``at`` of ``frame`` (``None`` if there is no row), and the offset behind it.

    Raises ``DecodeError`` as :func:`checked_row_list` does, and ``struct.error`` or ``ValueError``
    for bytes that end too early or are no row list.
    """
    tag = frame[at]
    offsets: array[int] | None
    if tag == 0:
        _, size, length = _FIXED.unpack_from(frame, at)
        offsets = None
        start = at + 7
    elif tag == 1:
        count = _OFFSETS.unpack_from(frame, at)[1]
        size = 0
        if count == 0:
            length = _LENGTH.unpack_from(frame, at + 5)[0]
            if length == 0:
                return None, at + 9
        start = at + 5 + 8 * count
        length = _LENGTH.unpack_from(frame, start)[0]
        offsets = array("Q", frame[at + 5 : start])
        if sys.byteorder == "big":
            offsets.byteswap()
        start += 4
    else:
        raise ValueError(tag)
    end = start + length
    data = frame[start:end]
    if len(data) != length:
        raise ValueError(length)
    return checked_row_list(size, offsets, data, end), end


def row_list_bytes(rows: RowList | None) -> bytes:
    """The row list as messages hold it."""
    if rows is None:
        return b"\x01\x00\x00\x00\x00\x00\x00\x00\x00"
    data, offsets = rows.data, rows.offsets
    if offsets is None:
        return _FIXED.pack(0, rows.size, len(data)) + data
    if len(offsets) == 1:
        return _ONE_ROW.pack(1, 1, 0, len(data)) + data
    numbers = array("Q", offsets)
    if sys.byteorder == "big":
        numbers.byteswap()
    return b"".join((_OFFSETS.pack(1, len(numbers)), numbers.tobytes(), _LENGTH.pack(len(data)), data))
