"""Protocol v1 as the server speaks it, in either of its formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from time import perf_counter_ns
from typing import NamedTuple

from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.results import CallOutcome, ProcedureOutcome
from stdbpy.engine.subscriptions.changes import QueryRows
from stdbpy.engine.subscriptions.events import (
    CallEnded,
    CallRefused,
    Event,
    ProcedureEnded,
    QueryAnswered,
    SetId,
    Subscribed,
    SubscriptionFailed,
    Unsubscribed,
    Updated,
    Updates,
)
from stdbpy.protocol.v1 import messages as m
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp
from stdbpy.schema.model import ModuleSchema
from stdbpy.server.claims import Credentials
from stdbpy.server.websocket.speaker import Frame
from stdbpy.server.websocket.v1_formats import Format, OneUpdate

_NO_REDUCER = (1 << 32) - 1
_NOBODY = Identity(bytes(Identity.SIZE))
_NO_CONNECTION = ConnectionId(bytes(ConnectionId.SIZE))
_NO_ENERGY = m.EnergyQuanta(0)

_HIDES_CALLS = 10
"""From this version of a module's definition on, clients are not told of others' calls."""


class _Asked(NamedTuple):
    message: m.ClientMessage
    at: int
    """Nanoseconds, by the clock that measures how long an answer takes."""

    @property
    def micros(self) -> int:
        return (perf_counter_ns() - self.at) // 1000

    @property
    def request_id(self) -> int | None:
        """``None`` for a query that is asked once: its id are bytes."""
        return None if isinstance(self.message, m.OneOffQuery) else self.message.request_id


class V1Speaker:
    """``schema`` gives that of the module that runs; ``is_light`` is for a client that does not want to know
    of others' calls."""

    def __init__(self, format: Format, schema: Callable[[], ModuleSchema], *, is_light: bool) -> None:
        self._format = format
        self._schema = schema
        self._is_light = is_light
        self._identity, self._connection_id = _NOBODY, _NO_CONNECTION

    def greeting(self, caller: Credentials, connection_id: ConnectionId) -> Frame:
        """As :meth:`Speaker.greeting`."""
        self._identity, self._connection_id = caller.identity, connection_id
        return self._format.encode(m.IdentityToken(caller.identity, caller.token, connection_id))

    def hear(self, frame: Frame, connection: DatabaseConnection) -> int:
        """As :meth:`Speaker.hear`."""
        asked = _Asked(self._format.decode(frame), perf_counter_ns())
        match asked.message:
            case m.CallReducer(reducer, args, _, flags):
                arguments = self._format.arguments(reducer, args)
                connection.call(asked, reducer, arguments, wants_answer=flags != m.NO_SUCCESS_NOTIFY)
            case m.SubscribeMulti(queries, _, query_id):
                connection.subscribe(asked, query_id, queries)
            case m.SubscribeSingle(query, _, query_id):
                connection.subscribe(asked, query_id, (query,), all_rows=True)
            case m.Unsubscribe(_, query_id) | m.UnsubscribeMulti(_, query_id):
                connection.unsubscribe(asked, query_id, with_rows=True)
            case m.Subscribe(queries, _):
                connection.replace_subscription(asked, queries)
            case m.OneOffQuery(_, query):
                connection.query(asked, query)
            case m.CallProcedure(procedure, args):
                connection.call_procedure(asked, procedure, self._format.procedure_arguments(procedure, args))
        return 1

    def frames(self, events: Sequence[Event]) -> Iterator[Frame]:
        """As :meth:`Speaker.frames`."""
        return map(self._frame, events)

    def _frame(self, event: Event) -> Frame:
        """Where many clients have a query alike, they have the frame alike, too."""
        match event:
            case Updated(_, _, [(_, rows)]):
                key = self._format.key, self._is_light
                frame: Frame | None = rows.encoded.get(key)
                if frame is None:
                    frame = rows.encoded[key] = self._format.encode(self._message(event))
                return frame
        return self._format.encode(self._message(event))

    def _message(self, event: Event) -> m.ServerMessage:
        match event:
            case Updated():
                return self._update_by_others(event)
            case CallEnded():
                return self._own_update(event)
            case CallRefused(_, function, error, timestamp):
                # Which request it was the real server does not say either.
                call = self._call(function.name, function.number, self._format.no_arguments, 0)
                return self._own(m.Failed(error), timestamp, call, 0)
            case Subscribed(asked, query_id, rows):
                return self._applied(asked, query_id, rows)
            case Unsubscribed(asked, query_id, rows):
                return self._dropped(asked, query_id, rows or ())
            case SubscriptionFailed(asked, query_id, error):
                return _failed(asked, query_id, error)
            case QueryAnswered(_Asked(m.OneOffQuery(message_id)), rows, error, micros):
                tables = [] if rows is None else [m.OneOffTable(rows.table.name, self._rows(rows))]
                return m.OneOffQueryResponse(message_id, error, tables, TimeDuration(micros))
            case ProcedureEnded(_Asked(m.CallProcedure(procedure, _, request_id)), outcome):
                return self._procedure_result(procedure, request_id, outcome)
        raise AssertionError(f"{type(event).__name__} is no answer to a request of v1")

    def _procedure_result(self, procedure: str, request_id: int, outcome: ProcedureOutcome) -> m.ProcedureResult:
        status: m.ProcedureStatus
        if outcome.returned is None:
            status = m.ProcedureInternalError(outcome.error or "")
        else:
            status = m.ProcedureReturned(self._format.returned(self._schema(), procedure, outcome.returned))
        return m.ProcedureResult(status, outcome.timestamp, TimeDuration(outcome.duration_micros), request_id)

    # --- transactions ------------------------------------------------------------------------

    def _update_by_others(self, event: Updated) -> m.ServerMessage:
        commit = event.commit
        update = self._changed(event.updates)
        request_id: int = getattr(event.request, "request_id", 0)
        schema = self._schema()
        if self._is_light or schema.version >= _HIDES_CALLS:
            return m.TransactionUpdateLight(request_id, update)
        args = self._format.no_arguments
        if commit.reducer is not None:
            args = self._format.arguments_of_others(schema, commit.reducer, commit.args)
        caller = commit.caller
        return m.TransactionUpdate(
            m.Committed(update),
            commit.timestamp,
            caller.identity if caller is not None else _NOBODY,
            (caller.connection_id if caller is not None else None) or _NO_CONNECTION,
            self._call(commit.reducer or "", commit.reducer_number, args, request_id),
            _NO_ENERGY,
            TimeDuration(commit.duration_micros),
        )

    def _own_update(self, event: CallEnded) -> m.ServerMessage:
        asked, function, outcome, updates = event
        call = self._call(function.name, function.number, asked.message.args, asked.message.request_id)
        return self._own(self._status(outcome, updates), outcome.timestamp, call, outcome.duration_micros)

    def _status(self, outcome: CallOutcome, updates: Updates) -> m.UpdateStatus:
        return m.Committed(self._changed(updates)) if outcome.error is None else m.Failed(outcome.error)

    def _own(
        self, status: m.UpdateStatus, timestamp: Timestamp, call: m.ReducerCallInfo, micros: int
    ) -> m.TransactionUpdate:
        who = self._identity, self._connection_id
        return m.TransactionUpdate(status, timestamp, *who, call, _NO_ENERGY, TimeDuration(micros))

    def _call(self, name: str, number: int | None, args: m.Encoded, request_id: int) -> m.ReducerCallInfo:
        return m.ReducerCallInfo(name, _NO_REDUCER if number is None else number, args, request_id)

    def _changed(self, updates: Updates) -> m.DatabaseUpdate:
        tables: dict[int, m.TableUpdate] = {}
        for _, rows in updates:
            table = tables.get(rows.table.id)
            if table is None:
                table = tables[rows.table.id] = m.TableUpdate(rows.table.public_id, rows.table.name, 0, [])
            table.num_rows += len(rows.inserted) + len(rows.deleted)
            table.updates = [*table.updates, self._format.changes(rows)]
        return m.DatabaseUpdate(list(tables.values()))

    # --- subscriptions -----------------------------------------------------------------------

    def _applied(self, asked: _Asked, query_id: SetId, rows: Sequence[QueryRows]) -> m.ServerMessage:
        match asked.message:
            case m.SubscribeSingle(_, request_id):
                found = self._only_table(rows, self._inserting)
                return m.SubscribeApplied(request_id, asked.micros, query_id, found)
            case m.SubscribeMulti(_, request_id):
                update = self._tables(rows, self._inserting)
                return m.SubscribeMultiApplied(request_id, asked.micros, query_id, update)
            case m.Subscribe(_, request_id):
                update = self._tables(rows, self._inserting)
                return m.InitialSubscription(update, request_id, TimeDuration(asked.micros))
        raise AssertionError(f"{asked.message} asks for no rows")

    def _dropped(self, asked: _Asked, query_id: SetId, rows: Sequence[QueryRows]) -> m.ServerMessage:
        message, micros = asked.message, asked.micros
        if isinstance(message, m.Unsubscribe):
            if len(rows) != 1:
                # The real server fails in the same way, and the subscription is over nevertheless.
                error = (
                    "The subscription has ended. Its rows are for `UnsubscribeMulti` to tell: it had several queries"
                    if rows
                    else "The query is part of another subscription of this client as well, which goes on."
                )
                return _failed(asked, query_id, error)
            found = self._only_table(rows, self._deleting)
            return m.UnsubscribeApplied(message.request_id, micros, query_id, found)
        assert isinstance(message, m.UnsubscribeMulti)
        update = self._tables(rows, self._deleting)
        return m.UnsubscribeMultiApplied(message.request_id, micros, query_id, update)

    def _only_table(self, found: Sequence[QueryRows], update: Callable[[m.Rows], OneUpdate]) -> m.SubscribeRows:
        table = found[0].table
        rows = [row for part in found for row in part.rows]
        changed = m.TableUpdate(table.public_id, table.name, len(rows), [update(self._format.rows(table, rows))])
        return m.SubscribeRows(table.public_id, table.name, changed)

    def _tables(self, found: Iterable[QueryRows], update: Callable[[m.Rows], OneUpdate]) -> m.DatabaseUpdate:
        """One update for each query, as on the real server, which leaves out those of tables without rows."""
        return m.DatabaseUpdate(
            [
                m.TableUpdate(part.table.public_id, part.table.name, len(part.rows), [update(self._rows(part))])
                for part in found
                if not part.is_void
            ]
        )

    def _rows(self, found: QueryRows) -> m.Rows:
        return self._format.rows(found.table, found.rows)

    def _inserting(self, rows: m.Rows) -> OneUpdate:
        return self._format.update(self._format.no_rows, rows)

    def _deleting(self, rows: m.Rows) -> OneUpdate:
        return self._format.update(rows, self._format.no_rows)


def _failed(asked: _Asked | None, query_id: SetId, error: str) -> m.SubscriptionError:
    number = query_id.id if isinstance(query_id, m.QueryId) else None
    micros, request_id = (0, None) if asked is None else (asked.micros, asked.request_id)
    return m.SubscriptionError(micros, request_id, number if asked is not None else None, None, error)
