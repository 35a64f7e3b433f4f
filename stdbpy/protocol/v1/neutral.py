"""Messages of v1 ↔ their neutral form."""

from __future__ import annotations

from collections.abc import Iterable

from stdbpy.errors import DecodeError, EncodeError, NotSupported
from stdbpy.protocol import incoming as i
from stdbpy.protocol import requests as r
from stdbpy.protocol.compression import unbrotlied, ungzipped
from stdbpy.protocol.row_list import JsonRowList, RowList
from stdbpy.protocol.v1 import messages as m
from stdbpy.protocol.v1.layouts import QUERY_UPDATE

_MESSAGE_ID_SIZE = 4


def message_of(request: r.Request) -> m.ClientMessage:
    """The message that asks for it. Raises ``NotSupported`` for what v1 does not have, and
    ``EncodeError`` for a number that does not fit."""
    match request:
        case r.Subscribe(request_id, query_set_id, queries):
            return m.SubscribeMulti(queries, request_id, m.QueryId(query_set_id))
        case r.Unsubscribe(request_id, query_set_id):
            return m.UnsubscribeMulti(request_id, m.QueryId(query_set_id))
        case r.OneOffQuery(request_id, query):
            return m.OneOffQuery(_message_id(request_id), query)
        case r.SubscribeBatch():
            raise NotSupported("protocol v1 makes one subscription at a time")


def call_of(kind: r.CallKind, name: str, args: m.Encoded, request_id: int) -> m.ClientMessage:
    """The message that calls a reducer or procedure; ``args`` as the dialect has them."""
    if kind == "reducer":
        return m.CallReducer(name, args, request_id, m.FULL_UPDATE)
    return m.CallProcedure(name, args, request_id, 0)


def _message_id(request_id: int) -> bytes:
    try:
        return request_id.to_bytes(_MESSAGE_ID_SIZE, "little")
    except OverflowError:
        raise EncodeError(f"the number of a request is a u32, not {request_id}") from None


def told_by(message: m.ServerMessage, limit: int) -> i.Incoming:
    """What a message tells; ``limit`` is how many bytes the rows that are compressed inside of it
    may have together.

    Raises ``DecodeError`` for such rows that are malformed, and for answers to what a client of
    ours does not ask.
    """
    read = _RowReading(limit)
    match message:
        case m.TransactionUpdate():
            return _transaction_update(message, read)
        case m.TransactionUpdateLight(_, update):
            return i.TransactionUpdate(read.tables(update.tables), None)
        case m.IdentityToken(identity, token, connection_id):
            return i.IdentityReceived(identity, connection_id, token)
        case m.SubscribeMultiApplied(request_id, _, query_id, update):
            return i.SubscribeApplied(request_id, query_id.id, read.tables(update.tables))
        case m.UnsubscribeMultiApplied(request_id, _, query_id, update):
            return i.UnsubscribeApplied(request_id, query_id.id, read.tables(update.tables))
        case m.SubscriptionError(_, subscription, query_set_id, _, error):
            return i.SubscriptionError(subscription, query_set_id, error)
        case m.OneOffQueryResponse(message_id, error_text, tables):
            if len(message_id) != _MESSAGE_ID_SIZE:
                raise DecodeError("the server answers a query that was not asked")
            answered = int.from_bytes(message_id, "little")
            rows = [i.TableRows(each.table_name, _some(each.rows), None, False) for each in tables]
            return i.QueryResult(answered, rows, error_text)
        case m.ProcedureResult():
            return _procedure_result(message)
        case _:
            raise DecodeError(f"the server sends {type(message).__name__}, which answers nothing that was asked")


def _transaction_update(message: m.TransactionUpdate, read: _RowReading) -> i.TransactionUpdate:
    tables: list[i.TableRows] = []
    outcome: i.ReducerOutcome
    match message.status:
        case m.Committed(update):
            outcome = i.COMMITTED
            tables = read.tables(update.tables)
        case m.Failed(error):
            outcome = i.Failed(error)
        case _:
            outcome = i.OUT_OF_ENERGY
    call = message.reducer_call
    connection_id = message.caller_connection_id
    info = i.ReducerCallInfo(
        call.reducer_name,
        call.args,
        message.caller_identity,
        connection_id if any(connection_id) else None,
        call.request_id,
        outcome,
        message.timestamp,
        message.energy_quanta_used.quanta,
        message.total_host_execution_duration,
    )
    return i.TransactionUpdate(tables, info)


def _procedure_result(message: m.ProcedureResult) -> i.ProcedureResult:
    returned: m.Encoded | None = None
    error: str | None = None
    match message.status:
        case m.ProcedureReturned(value):
            returned = value
        case m.ProcedureInternalError(text):
            error = text
        case _:
            error = "The database has no energy left to run the procedure"
    return i.ProcedureResult(
        message.request_id, message.timestamp, message.total_host_execution_duration, returned, error
    )


def _some(rows: m.Rows) -> i.Rows | None:
    if not len(rows):
        return None
    return rows if isinstance(rows, RowList) else JsonRowList(list(rows))


class _RowReading:
    """Reads the tables of one message, with what is compressed inside of it kept within a limit."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def tables(self, updates: Iterable[m.TableUpdate]) -> list[i.TableRows]:
        tables: list[i.TableRows] = []
        for table in updates:
            for update in table.updates:
                plain = update if isinstance(update, m.QueryUpdate) else self._plain(update)
                tables.append(i.TableRows(table.table_name, _some(plain.inserts), _some(plain.deletes), False))
        return tables

    def _plain(self, update: m.CompressableQueryUpdate) -> m.QueryUpdate:
        match update:
            case m.Brotli(data):
                content = unbrotlied(data, self._left)
            case m.Gzip(data):
                content = ungzipped(data, self._left)
            case m.Uncompressed(plain):
                return plain
        self._left -= len(content)
        return QUERY_UPDATE.decode(content)
