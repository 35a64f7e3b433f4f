"""Reads the messages of ``v1.bsatn`` that carry rows straight into their neutral form.

Written by hand for speed. It notices *that* bytes are bad (:data:`FAILURES`), and leaves rows that
are compressed inside of a message alone; both are then looked at by way of the messages' classes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from stdbpy.errors import DecodeError
from stdbpy.protocol.incoming import (
    COMMITTED,
    OUT_OF_ENERGY,
    Failed,
    Incoming,
    ReducerCallInfo,
    ReducerOutcome,
    SubscribeApplied,
    TableRows,
    TransactionUpdate,
)
from stdbpy.protocol.row_list import NO_ROWS_BYTES, read_row_list
from stdbpy.protocol.table_names import TableNames
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp

FAILURES = (struct.error, LookupError, ValueError, DecodeError)
"""What the readers raise for bytes that they do not read."""

Reader = Callable[[bytes, int, TableNames], tuple[Incoming, int]]

_U32 = struct.Struct("<I").unpack_from
_TABLE = struct.Struct("<II").unpack_from
_UPDATES = struct.Struct("<QI").unpack_from
_APPLIED = struct.Struct("<IQI").unpack_from
_CALLER = struct.Struct("<q32s16sI").unpack_from
_CALL = struct.Struct("<II").unpack_from
_COST = struct.Struct("<I16sq").unpack_from

_NOBODY = bytes(ConnectionId.SIZE)


def _read_tables(frame: bytes, at: int, names: TableNames) -> tuple[list[TableRows], int]:
    """The tables of a database update."""
    tables: list[TableRows] = []
    (count,) = _U32(frame, at)
    at += 4
    for _ in range(count):
        _, length = _TABLE(frame, at)
        at += 8
        end = at + length
        name = names[frame[at:end]]
        _, updates = _UPDATES(frame, end)
        at = end + 12
        for _ in range(updates):
            if frame[at]:
                raise ValueError("rows that are compressed")
            at += 1
            if frame[at : at + 9] == NO_ROWS_BYTES:
                deletes = None
                at += 9
            else:
                deletes, at = read_row_list(frame, at)
            inserts, at = read_row_list(frame, at)
            tables.append(TableRows(name, inserts, deletes, False))
    return tables, at


def _read_text(frame: bytes, at: int) -> tuple[str, int]:
    (length,) = _U32(frame, at)
    at += 4
    end = at + length
    return frame[at:end].decode(), end


def _read_transaction_update(frame: bytes, at: int, names: TableNames) -> tuple[Incoming, int]:
    status = frame[at]
    at += 1
    tables: list[TableRows] = []
    outcome: ReducerOutcome
    if status == 0:
        outcome = COMMITTED
        tables, at = _read_tables(frame, at, names)
    elif status == 1:
        message, at = _read_text(frame, at)
        outcome = Failed(message)
    elif status == 2:
        outcome = OUT_OF_ENERGY
    else:
        raise ValueError(f"status {status}")
    timestamp, identity, connection_id, length = _CALLER(frame, at)
    at += 60
    end = at + length
    reducer = names[frame[at:end]]
    _, length = _CALL(frame, end)
    at = end + 8
    end = at + length
    args = frame[at:end]
    request_id, energy, duration = _COST(frame, end)
    call = ReducerCallInfo(
        reducer,
        args,
        Identity(identity[::-1]),
        ConnectionId(connection_id[::-1]) if connection_id != _NOBODY else None,
        request_id,
        outcome,
        Timestamp(timestamp),
        int.from_bytes(energy, "little"),
        TimeDuration(duration),
    )
    return TransactionUpdate(tables, call), end + 28


def _read_transaction_update_light(frame: bytes, at: int, names: TableNames) -> tuple[Incoming, int]:
    tables, at = _read_tables(frame, at + 4, names)
    return TransactionUpdate(tables, None), at


def _read_subscribe_multi_applied(frame: bytes, at: int, names: TableNames) -> tuple[Incoming, int]:
    request_id, _, query_id = _APPLIED(frame, at)
    tables, at = _read_tables(frame, at + 16, names)
    return SubscribeApplied(request_id, query_id, tables), at


READERS: dict[int, Reader] = {
    1: _read_transaction_update,
    2: _read_transaction_update_light,
    8: _read_subscribe_multi_applied,
}
"""By the tag of the message; they are given the offset behind it."""
