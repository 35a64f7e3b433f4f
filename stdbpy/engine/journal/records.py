"""How transactions and rows are written down.

A *record* is one transaction: for each table the rows that went and the rows that came, and the
sequences of which a block was taken. Integers are little-endian::

    record     u32 size of the body, u32 CRC-32 of the body (seeded with the transaction's number), body
    body       u16 number of tables, u16 number of sequences, then
    table      u32 id, rows that went, rows that came
    sequence   u32 id, i128 where the block ends
    rows       u32 count, u32 size of each, then the rows in BSATN one after the other
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Collection, Iterator
from itertools import accumulate, pairwise
from zlib import crc32

from stdbpy.engine.delta import Delta
from stdbpy.engine.store.sequence import Numbers
from stdbpy.engine.store.store import Store
from stdbpy.errors import HostError

_HEAD = struct.Struct("<II")
_COUNTS = struct.Struct("<HH")
_ONE_ROW = struct.Struct("<HHIIII")
_U32 = struct.Struct("<I")
_SEQUENCE = struct.Struct("<I16s")
_SEED = 0xFFFF_FFFF


class Damaged(Exception):
    """The bytes are not what was written."""


def checksum(*values: object) -> int:
    """Over values of a row of SQLite's; CRC-32."""
    total = 0
    for value in values:
        total = crc32(value if isinstance(value, bytes) else repr(value).encode(), total)
    return total


def pack_rows(rows: Collection[bytes]) -> bytes:
    return b"".join((_U32.pack(len(rows)), _little_endian(array("I", map(len, rows))).tobytes(), *rows))


def unpack_rows(data: bytes, offset: int = 0) -> tuple[list[bytes], int]:
    """The rows that start at ``offset``, and the offset behind them. Raises ``Damaged``."""
    try:
        (count,) = _U32.unpack_from(data, offset)
    except struct.error:
        raise Damaged from None
    start = offset + 4 + 4 * count
    if start > len(data):
        raise Damaged
    ends = list(accumulate(_little_endian(array("I", data[offset + 4 : start])), initial=start))
    if ends[-1] > len(data):
        raise Damaged
    return [data[first:end] for first, end in pairwise(ends)], ends[-1]


def _little_endian(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def pack_record(number: int, delta: Delta, taken: Collection[Numbers]) -> bytes:
    """The record of transaction ``number``; empty if there is nothing to write down."""
    body = b"" if taken else _one_row(delta)
    if not body:
        body = _body(delta, taken)
    return _with_head(number, body) if body else b""


def pack_empty_record(number: int) -> bytes:
    """A record for what takes a number without changing rows."""
    return _with_head(number, _COUNTS.pack(0, 0))


def _with_head(number: int, body: bytes) -> bytes:
    return _HEAD.pack(len(body), crc32(body, number & _SEED)) + body


def _one_row(delta: Delta) -> bytes:
    """The body for the most frequent transaction, that inserts one row; empty for others."""
    if len(delta.changes) != 1:
        return b""
    (changes,) = delta
    if changes.deleted or len(changes.inserted) != 1 or not changes.table.is_durable:
        return b""
    (row,) = changes.inserted
    return _ONE_ROW.pack(1, 0, changes.table.id, 0, 1, len(row)) + row


def _body(delta: Delta, taken: Collection[Numbers]) -> bytes:
    tables = [changes for changes in delta if changes.table.is_durable]
    if not tables and not taken:
        return b""
    parts = [_COUNTS.pack(len(tables), len(taken))]
    for changes in tables:
        parts += (_U32.pack(changes.table.id), pack_rows(changes.deleted), pack_rows(changes.inserted))
    for numbers in taken:
        parts.append(_SEQUENCE.pack(numbers.id, numbers.taken_up_to.to_bytes(16, "little", signed=True)))
    return b"".join(parts)


def unpack_records(data: bytes, number: int) -> Iterator[bytes]:
    """The bodies of the records in ``data``, the first of which is transaction ``number``. Raises
    ``Damaged``."""
    offset = 0
    while offset < len(data):
        if offset + _HEAD.size > len(data):
            raise Damaged
        size, checksum = _HEAD.unpack_from(data, offset)
        offset += _HEAD.size
        body = data[offset : offset + size]
        if len(body) != size or crc32(body, number & _SEED) != checksum:
            raise Damaged
        yield body
        offset += size
        number += 1


def apply_record(body: bytes, store: Store) -> None:
    """Does again what the transaction did. Raises ``Damaged``."""
    tables, sequences = _COUNTS.unpack_from(body)
    offset = _COUNTS.size
    try:
        for _ in range(tables):
            (id,) = _U32.unpack_from(body, offset)
            went, offset = unpack_rows(body, offset + 4)
            came, offset = unpack_rows(body, offset)
            table = store.tables[id]
            for row in went:
                table.delete(row)
            for row in came:
                table.insert(row)
        for _ in range(sequences):
            id, taken_up_to = _SEQUENCE.unpack_from(body, offset)
            offset += _SEQUENCE.size
            store.sequences[id].go_on_from(int.from_bytes(taken_up_to, "little", signed=True))
    except (LookupError, HostError, struct.error):
        raise Damaged from None
    if offset != len(body):
        raise Damaged
