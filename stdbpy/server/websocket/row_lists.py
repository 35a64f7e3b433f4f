"""Lists of rows in BSATN, the quick way for the few rows that most transactions change.

The layout is that of :mod:`stdbpy.protocol.row_list`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from stdbpy.protocol.row_list import NO_ROWS_BYTES, RowList

_LARGEST_FIXED = (1 << 16) - 1
_FIXED_HEAD = struct.Struct("<BHI").pack
_U32 = struct.Struct("<I").pack
_WITH_OFFSETS = b"\x01"


def row_list_bytes(rows: Sequence[bytes]) -> bytes:
    if not rows:
        return NO_ROWS_BYTES
    if len(rows) == 1:
        [row] = rows
        size = len(row)
        if 0 < size <= _LARGEST_FIXED:
            return _FIXED_HEAD(0, size, size) + row
    found = RowList.of(rows)
    if found.offsets is None:
        return _FIXED_HEAD(0, found.size, len(found.data)) + found.data
    count = len(found.offsets)
    offsets = struct.pack(f"<{count}Q", *found.offsets)
    return b"".join((_WITH_OFFSETS, _U32(count), offsets, _U32(len(found.data)), found.data))
