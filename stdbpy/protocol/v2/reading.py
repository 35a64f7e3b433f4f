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
from stdbpy.protocol.row_list import NO_ROWS_BYTES, read_row_list
from stdbpy.protocol.table_names import TableNames
from stdbpy.sats.values import Timestamp

FAILURES = (struct.error, LookupError, ValueError, DecodeError)
"""What the readers raise for bytes that are no such message."""

Reader = Callable[[bytes, int, TableNames], tuple[Incoming, int]]

_U32 = struct.Struct("<I").unpack_from
_PAIR = struct.Struct("<II").unpack_from
_SET = struct.Struct("<III").unpack_from
_PARTS = struct.Struct("<IB").unpack_from
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
    """The tables of all query sets of a transaction update.

    Numbers are read together with those behind them, for which there must be a query set, a table, a
    part: what has none of them is left to the other way.
    """
    tables: list[TableRows] = []
    (sets,) = _U32(frame, at)
    at += 4
    for _ in range(sets):
        _, count, length = _SET(frame, at)
        at += 12
        if not count:
            raise ValueError("a query set without tables")
        while True:
            end = at + length
            name = names[frame[at:end]]
            parts, kind = _PARTS(frame, end)
            at = end + 5
            if not parts:
                raise ValueError("a table without rows")
            while True:
                inserts, at = read_row_list(frame, at)
                if kind == _PERSISTENT:
                    if frame[at : at + 9] == NO_ROWS_BYTES:
                        deletes = None
                        at += 9
                    else:
                        deletes, at = read_row_list(frame, at)
                    tables.append(TableRows(name, inserts, deletes, False))
                elif kind == _EVENTS:
                    tables.append(TableRows(name, inserts, None, True))
                else:
                    raise ValueError(f"kind of rows {kind}")
                parts -= 1
                if not parts:
                    break
                kind = frame[at]
                at += 1
            count -= 1
            if not count:
                break
            (length,) = _U32(frame, at)
            at += 4
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
