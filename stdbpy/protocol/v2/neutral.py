"""Messages of v2 and v3 ↔ their neutral form."""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.protocol import incoming as i
from stdbpy.protocol import requests as r
from stdbpy.protocol.row_list import RowList
from stdbpy.protocol.v2 import messages as m
from stdbpy.sats.values import Ok


def message_of(request: r.Request) -> m.ClientMessage:
    """The message that asks for it."""
    match request:
        case r.Subscribe(request_id, query_set_id, queries):
            return m.Subscribe(request_id, query_set_id, queries)
        case r.SubscribeBatch(request_id, sets):
            return m.SubscribeBatch(request_id, [m.SubscribeSet(each.query_set_id, each.queries) for each in sets])
        case r.Unsubscribe(request_id, query_set_id):
            return m.Unsubscribe(request_id, query_set_id, m.UnsubscribeFlags.SendDroppedRows)
        case r.OneOffQuery(request_id, query):
            return m.OneOffQuery(request_id, query)


def told_by(message: m.ServerMessage) -> Iterator[i.Incoming]:
    """What a message tells: one thing, or one for each query set of a batch."""
    match message:
        case m.InitialConnection(identity, connection_id, token):
            yield i.IdentityReceived(identity, connection_id, token)
        case m.SubscribeApplied(request_id, query_set_id, rows):
            yield i.SubscribeApplied(request_id, query_set_id, _inserts(rows))
        case m.UnsubscribeApplied(request_id, query_set_id, rows):
            yield i.UnsubscribeApplied(request_id, query_set_id, None if rows is None else _deletes(rows))
        case m.SubscriptionError():
            yield i.SubscriptionError(message.request_id, message.query_set_id, message.error)
        case m.TransactionUpdate():
            yield i.TransactionUpdate(_changes(message), None)
        case m.OneOffQueryResult(request_id, result):
            if isinstance(result, Ok):
                yield i.QueryResult(request_id, _inserts(result.value), None)
            else:
                yield i.QueryResult(request_id, [], result.error)
        case m.ReducerResult(request_id, timestamp, outcome):
            yield i.ReducerResult(request_id, timestamp, *_outcome(outcome))
        case m.ProcedureResult(status, timestamp, duration, request_id):
            returned = status.value if isinstance(status, m.ProcedureReturned) else None
            error = status.value if isinstance(status, m.ProcedureInternalError) else None
            yield i.ProcedureResult(request_id, timestamp, duration, returned, error)
        case m.SubscribeBatchApplied(request_id, results):
            for each in results:
                if isinstance(each.outcome, m.SetApplied):
                    yield i.SubscribeApplied(request_id, each.query_set_id, _inserts(each.outcome.value))
                elif isinstance(each.outcome, m.SetError):
                    yield i.SubscriptionError(request_id, each.query_set_id, each.outcome.value)


def _some(rows: RowList) -> RowList | None:
    return rows if len(rows) else None


def _inserts(rows: m.QueryRows) -> list[i.TableRows]:
    return [i.TableRows(each.table, _some(each.rows), None, False) for each in rows.tables]


def _deletes(rows: m.QueryRows) -> list[i.TableRows]:
    return [i.TableRows(each.table, None, _some(each.rows), False) for each in rows.tables]


def _changes(update: m.TransactionUpdate) -> list[i.TableRows]:
    tables: list[i.TableRows] = []
    for query_set in update.query_sets:
        for table in query_set.tables:
            for part in table.rows:
                if isinstance(part, m.PersistentTable):
                    rows = part.value
                    tables.append(i.TableRows(table.table_name, _some(rows.inserts), _some(rows.deletes), False))
                elif isinstance(part, m.EventTable):
                    tables.append(i.TableRows(table.table_name, _some(part.value.events), None, True))
    return tables


def _outcome(outcome: m.ReducerOutcome) -> tuple[i.ReducerOutcome, list[i.TableRows]]:
    match outcome:
        case m.Returned(ok):
            returned = i.Committed(ok.ret_value) if ok.ret_value else i.COMMITTED
            return returned, _changes(ok.transaction_update)
        case m.Refused(error):
            return i.Refused(error), []
        case m.ReducerInternalError(message):
            return i.Failed(message), []
        case _:
            return i.COMMITTED, []
