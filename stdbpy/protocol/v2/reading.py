"""Reads the messages of v2 that carry rows straight into their neutral form: the way of every change.

Written by hand for speed. It notices *that* bytes are bad (:data:`FAILURES`); what is bad about them
:mod:`stdbpy.protocol.v2.codec` then finds out.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from stdbpy.errors import DecodeError
from stdbpy.protocol.incoming import (
    COMMITTED,
    Committed,
    Incoming,
    ReducerResult,
    SubscribeApplied,
    TableRows,
    TransactionUpdate,
)
from stdbpy.protocol.row_list import read_row_list
from stdbpy.protocol.table_names import TableNames
from stdbpy.sats.values import Timestamp

FAILURES = (struct.error, LookupError, ValueError, DecodeError)
"""What the readers raise for bytes that are no such message."""

Reader = Callable[[bytes, int, TableNames], tuple[Incoming, int]]

_U32 = struct.Struct("<I").unpack_from
_PAIR = struct.Struct("<II").unpack_from
_RESULT = struct.Struct("<IqB").unpack_from

_PERSISTENT, _EVENTS = 0, 1


def _read_query_rows(frame: bytes, at: int, names: TableNames) -> tuple[list[TableRows], int]:
    tables: list[TableRows] = []
    (count,) = _U32(frame, at)
    at += 4
    for _ in range(count):
        at += 4
        end = at + _U32(frame, at - 4)[0]
        name = names[frame[at:end]]
        rows, at = read_row_list(frame, end)
        tables.append(TableRows(name, rows, None, False))
    return tables, at


def _read_updates(frame: bytes, at: int, names: TableNames) -> tuple[list[TableRows], int]:
    """The tables of all query sets of a transaction update."""
    tables: list[TableRows] = []
    (sets,) = _U32(frame, at)
    at += 4
    for _ in range(sets):
        _, count = _PAIR(frame, at)
        at += 8
        for _ in range(count):
            at += 4
            end = at + _U32(frame, at - 4)[0]
            name = names[frame[at:end]]
            (parts,) = _U32(frame, end)
            at = end + 4
            for _ in range(parts):
                kind = frame[at]
                inserts, at = read_row_list(frame, at + 1)
                if kind == _PERSISTENT:
                    deletes, at = read_row_list(frame, at)
                    tables.append(TableRows(name, inserts, deletes, False))
                elif kind == _EVENTS:
                    tables.append(TableRows(name, inserts, None, True))
                else:
                    raise ValueError(kind)
    return tables, at


def _read_subscribe_applied(frame: bytes, at: int, names: TableNames) -> tuple[Incoming, int]:
    request_id, query_set_id = _PAIR(frame, at)
    tables, at = _read_query_rows(frame, at + 8, names)
    return SubscribeApplied(request_id, query_set_id, tables), at


def _read_transaction_update(frame: bytes, at: int, names: TableNames) -> tuple[Incoming, int]:
    tables, at = _read_updates(frame, at, names)
    return TransactionUpdate(tables, None), at


def _read_reducer_result(frame: bytes, at: int, names: TableNames) -> tuple[Incoming, int]:
    request_id, timestamp, outcome = _RESULT(frame, at)
    at += 13
    if outcome == 1:
        return ReducerResult(request_id, Timestamp(timestamp), COMMITTED, []), at
    if outcome != 0:
        raise ValueError(outcome)
    (length,) = _U32(frame, at)
    at += 4
    returned = COMMITTED
    if length:
        returned = Committed(frame[at : at + length])
        at += length
    tables, at = _read_updates(frame, at, names)
    return ReducerResult(request_id, Timestamp(timestamp), returned, tables), at


READERS: dict[int, Reader] = {
    1: _read_subscribe_applied,
    4: _read_transaction_update,
    6: _read_reducer_result,
}
"""By the tag of the message; they are given the offset behind it."""
