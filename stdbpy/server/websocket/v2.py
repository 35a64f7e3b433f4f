"""Protocols v2 and v3 as the server speaks them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.results import CallOutcome
from stdbpy.engine.subscriptions.changes import QueryRows, RowChanges
from stdbpy.engine.subscriptions.events import (
    BatchSubscribed,
    CallEnded,
    CallRefused,
    Event,
    ProcedureEnded,
    QueryAnswered,
    Subscribed,
    SubscriptionFailed,
    Unsubscribed,
    Updated,
    Updates,
)
from stdbpy.errors import DecodeError
from stdbpy.protocol.compression import Compression, compress
from stdbpy.protocol.row_list import RowList
from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import SERVER_MESSAGES, decode_client_message, decode_client_messages
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import Primitive
from stdbpy.sats.values import ConnectionId, Err, Ok, TimeDuration
from stdbpy.server.claims import Credentials
from stdbpy.server.websocket.row_lists import row_list_bytes
from stdbpy.server.websocket.speaker import Frame

_JOINED = 512 * 1024
"""Bytes of messages that v3 puts into one frame, unless one alone has more."""

_FORMAT = "v2"
_STRING = compile_codec(Primitive.STRING)
_U32 = struct.Struct("<I").pack
_SET = struct.Struct("<II").pack
_RESULT = struct.Struct("<BIqBI").pack

_TRANSACTION_UPDATE, _REDUCER_RESULT, _OK = 4, 6, 0
_NONE, _ONE = _U32(0), _U32(1)


class V2Speaker:
    def __init__(self, compression: Compression, *, joins_messages: bool) -> None:
        """``joins_messages`` is v3: a frame, in both directions, holds one or more messages."""
        self._compression = compression
        self._joins_messages = joins_messages

    def greeting(self, caller: Credentials, connection_id: ConnectionId) -> Frame:
        """As :meth:`Speaker.greeting`."""
        message = m.InitialConnection(caller.identity, connection_id, caller.token)
        return compress(SERVER_MESSAGES.encode(message), self._compression)

    def hear(self, frame: Frame, connection: DatabaseConnection) -> int:
        """As :meth:`Speaker.hear`."""
        if isinstance(frame, str):
            raise DecodeError("this protocol has no frames of text")
        messages = decode_client_messages(frame) if self._joins_messages else [decode_client_message(frame)]
        for message in messages:
            _ask(message, connection)
        return len(messages)

    def frames(self, events: Sequence[Event]) -> Iterator[Frame]:
        """As :meth:`Speaker.frames`."""
        if len(events) > 1 and self._joins_messages:
            for message in _joined(map(_message, events)):
                yield compress(message, self._compression)
            return
        for event in events:
            yield self._frame(event)

    def _frame(self, event: Event) -> Frame:
        """Where many clients have a query alike, they have the frame alike, too."""
        match event:
            case Updated(_, _, [(set_id, rows)]):
                key = _FORMAT, set_id, self._compression
                frame: bytes | None = rows.encoded.get(key)
                if frame is None:
                    frame = rows.encoded[key] = compress(_message(event), self._compression)
                return frame
        return compress(_message(event), self._compression)


def _joined(messages: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for message in messages:
        if waiting and size + len(message) > _JOINED:
            yield b"".join(waiting)
            waiting, size = [], 0
        waiting.append(message)
        size += len(message)
    if waiting:
        yield b"".join(waiting)


# --- from the client -----------------------------------------------------------------------------


def _ask(message: m.ClientMessage, connection: DatabaseConnection) -> None:
    match message:
        case m.CallReducer(_, _, reducer, args):
            connection.call(message, reducer, args)
        case m.Subscribe(_, query_set_id, queries):
            connection.subscribe(message, query_set_id, queries)
        case m.Unsubscribe(_, query_set_id, flags):
            with_rows = flags is m.UnsubscribeFlags.SendDroppedRows
            connection.unsubscribe(message, query_set_id, with_rows=with_rows)
        case m.OneOffQuery(_, query):
            connection.query(message, query)
        case m.CallProcedure(_, _, procedure, args):
            connection.call_procedure(message, procedure, args)
        case m.SubscribeBatch(_, sets):
            connection.subscribe_batch(message, [(one.query_set_id, one.query_strings) for one in sets])


# --- to the client -------------------------------------------------------------------------------


def _message(event: Event) -> bytes:
    match event:
        case Updated(_, _, updates):
            return bytes((_TRANSACTION_UPDATE,)) + _query_sets(updates)
        case CallEnded(m.CallReducer(request_id), _, outcome, updates) if outcome.error is None:
            head = _RESULT(_REDUCER_RESULT, request_id, outcome.timestamp, _OK, 0)
            return head + _query_sets(updates)
        case _:
            return SERVER_MESSAGES.encode(_rarer_message(event))


def _query_sets(updates: Updates) -> bytes:
    """The one field of a transaction update: by set, then by table, the rows that changed."""
    if not updates:
        return _NONE
    if len(updates) == 1:
        [(set_id, rows)] = updates
        return b"".join((_ONE, _SET(set_id, 1), _name_and_count(rows, 1), _encoded(rows)))
    ordered = sorted(updates, key=lambda update: (update[0], update[1].table.name))
    parts: list[bytes] = [b""]
    sets = 0
    for set_id, of_set in groupby(ordered, key=itemgetter(0)):
        sets += 1
        parts.append(b"")
        head = len(parts) - 1
        tables = 0
        for _, of_table in groupby((rows for _, rows in of_set), key=lambda rows: rows.table):
            tables += 1
            together = list(of_table)
            parts.append(_name_and_count(together[0], len(together)))
            parts += map(_encoded, together)
        parts[head] = _SET(set_id, tables)
    parts[0] = _U32(sets)
    return b"".join(parts)


def _name_and_count(rows: RowChanges, count: int) -> bytes:
    return _STRING.encode(rows.table.name) + _U32(count)


def _encoded(rows: RowChanges) -> bytes:
    """``TableUpdateRows``, made once for all clients that get these rows."""
    encoded: bytes | None = rows.encoded.get(_FORMAT)
    if encoded is None:
        inserted = row_list_bytes(rows.inserted)
        if rows.table.is_event:
            encoded = b"\x01" + inserted
        else:
            encoded = b"\x00" + inserted + row_list_bytes(rows.deleted)
        rows.encoded[_FORMAT] = encoded
    return encoded


def _rarer_message(event: Event) -> m.ServerMessage:
    match event:
        case Subscribed(m.Subscribe(request_id), set_id, rows):
            return m.SubscribeApplied(request_id, set_id, _query_rows(rows))
        case Unsubscribed(m.Unsubscribe(request_id), set_id, rows):
            return m.UnsubscribeApplied(request_id, set_id, None if rows is None else _query_rows(rows))
        case BatchSubscribed(m.SubscribeBatch(request_id), outcomes):
            return m.SubscribeBatchApplied(request_id, [_set_result(outcome) for outcome in outcomes])
        case SubscriptionFailed(request, set_id, error):
            return m.SubscriptionError(None if request is None else request.request_id, set_id, error)
        case CallEnded(m.CallReducer(request_id), _, outcome):
            return m.ReducerResult(request_id, outcome.timestamp, _failure(outcome))
        case CallRefused(m.CallReducer(request_id), _, error, timestamp):
            return m.ReducerResult(request_id, timestamp, m.ReducerInternalError(error))
        case QueryAnswered(m.OneOffQuery(request_id), rows, error):
            result = Err(error or "") if rows is None else Ok(m.QueryRows([_table_rows(rows)]))
            return m.OneOffQueryResult(request_id, result)
        case ProcedureEnded(m.CallProcedure(request_id), outcome):
            status: m.ProcedureStatus = m.ProcedureInternalError(outcome.error or "")
            if outcome.returned is not None:
                status = m.ProcedureReturned(outcome.returned)
            return m.ProcedureResult(status, outcome.timestamp, TimeDuration(outcome.duration_micros), request_id)
    raise AssertionError(f"{type(event).__name__} is no answer to a request of v2")


def _set_result(outcome: Subscribed | SubscriptionFailed) -> m.SubscribeSetResult:
    match outcome:
        case Subscribed(_, set_id, rows):
            return m.SubscribeSetResult(set_id, m.SetApplied(_query_rows(rows)))
        case SubscriptionFailed(_, set_id, error):
            return m.SubscribeSetResult(set_id, m.SetError(error))


def _failure(outcome: CallOutcome) -> m.ReducerOutcome:
    error = outcome.error or ""
    return m.ReducerInternalError(error) if outcome.is_bug else m.Refused(_STRING.encode(error))


def _query_rows(found: Sequence[QueryRows]) -> m.QueryRows:
    """The real server leaves out queries of tables without any rows."""
    return m.QueryRows([_table_rows(rows) for rows in found if not rows.is_void])


def _table_rows(rows: QueryRows) -> m.SingleTableRows:
    return m.SingleTableRows(rows.table.name, RowList.of(rows.rows))
