"""Lists of rows as messages carry them: not decoded, one piece of bytes for all rows.

Layout (``crates/client-api-messages``, ``BsatnRowList``): a size hint, then the rows as a u32
length and the bytes of one row after the other. The hint is a tag and either (0) the u16 size that
all rows have, or (1) a u32 count and the u64 offset of each row's first byte.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from operator import eq

import msgspec

from stdbpy.errors import DecodeError
from stdbpy.sats.values import Variant

_MAX_FIXED_SIZE = (1 << 16) - 1

_FIXED = struct.Struct("<BHI").unpack_from
_U32 = struct.Struct("<I").unpack_from
_ONE_OFFSET = (0,)


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
        data, size = b"".join(rows), len(rows[0])
        if 0 < size <= _MAX_FIXED_SIZE and set(map(len, rows)) == {size}:
            return cls(data, size, None)
        offsets = array("Q", accumulate(map(len, rows[:-1]), initial=0))
        return cls(data, 0, offsets)

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
            return list(chain.from_iterable(struct.iter_unpack(f"{size}s", data)))
        if len(offsets) == 1:
            return [data]
        if not offsets:
            return []
        starts = list(offsets)
        # Looked at only here, where going back would let few bytes become many rows.
        if starts != sorted(starts):
            raise DecodeError("the offsets of the rows go back")
        ends = [*starts[1:], len(data)]
        return [data[start:end] for start, end in zip(starts, ends, strict=True)]

    def same_as(self, other: RowList) -> Iterator[bool]:
        """For each row whether the one at the same place in ``other``, which is as long, has the same bytes.

        Raises ``DecodeError`` for offsets that go back.
        """
        if self.offsets is None is other.offsets and self.size == other.size:
            pieces = struct.Struct(f"{self.size}s").iter_unpack
            return map(eq, pieces(self.data), pieces(other.data))
        return map(eq, self.slices(), other.slices())


class JsonRowList(msgspec.Struct, frozen=True, gc=False):
    """Rows under ``v1.json``: each is the text of a JSON value."""

    rows: list[str]

    def __len__(self) -> int:
        return len(self.rows)


NO_ROWS = RowList(b"", 0, array("Q"))
"""The form in which the server says that there are none."""

NO_ROWS_BYTES = b"\x01" + bytes(8)
"""The same in BSATN."""


def checked_row_list(size: int, offsets: Sequence[int] | None, data: bytes, at: int = -1) -> RowList:
    """The row list that says so. ``at`` is where it ends in the message.

    Raises ``DecodeError`` for rows of a fixed size that is 0 or does not divide the data, and for
    offsets that do not begin with 0 or lie outside of the data. Offsets in between are looked at by
    :meth:`RowList.slices`. No data in rows of 0 bytes is one row: so a 1.2.0 server says that a table
    without anything in its columns has its only possible row.
    """
    if offsets is None:
        if size == 0 and not data:
            return RowList(b"", 0, _ONE_OFFSET)
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

    Raises ``DecodeError`` as :func:`checked_row_list` does, and ``struct.error``, ``LookupError`` or
    ``ValueError`` for bytes that end too early or are no row list.
    """
    tag, size, length = _FIXED(frame, at)
    if tag == 0:
        start = at + 7
        end = start + length
        data = frame[start:end]
        if size and len(data) == length and not length % size:
            return RowList(data, size, None) if length else None, end
        if size == 0 == length:
            return checked_row_list(size, None, data, end), end
        raise ValueError("not rows of one size")
    if tag != 1:
        raise ValueError(f"size hint {tag}")
    (count,) = _U32(frame, at + 1)
    start = at + 9 + 8 * count
    (length,) = _U32(frame, start - 4)
    end = start + length
    if count == 0 == length:
        return None, end
    data = frame[start:end]
    if len(data) != length:
        raise ValueError("the rows end too early")
    offsets: Sequence[int]
    if count == 1:
        offsets = _ONE_OFFSET
        if any(frame[at + 5 : start - 4]):
            raise ValueError("the first row does not begin at 0")
        return RowList(data, 0, offsets), end
    offsets = array("Q", frame[at + 5 : start - 4])
    if sys.byteorder == "big":
        offsets.byteswap()
    return checked_row_list(0, offsets, data, end), end
