"""What an in-memory database says to the messages of its clients."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stdbpy.errors import DecodeError, ReducerError, StdbError
from stdbpy.protocol.catalog import Catalog, FunctionLayout
from stdbpy.protocol.row_list import RowList
from stdbpy.protocol.v2 import messages as m
from stdbpy.sats.values import Err, Identity, Ok, TimeDuration, Timestamp
from stdbpy.testing.memory_socket import MemorySocket
from stdbpy.testing.memory_tables import Delta, MemoryTables, TableDelta, Transaction

_NAME = r'(?:"((?:[^"]|"")+)"|([\w.]+))'
_SELECT = re.compile(rf"\s*SELECT\s+(?:\*|{_NAME}\s*\.\s*\*)\s+FROM\s+{_NAME}", re.IGNORECASE)
_ALIAS = re.compile(rf"{_NAME}\s+AS\s+{_NAME}", re.IGNORECASE)

BARRIER = "SELECT 'everything before this has been delivered'"
"""A query that no database has: its answer comes behind all that was told before."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a client made."""

    name: str
    args: tuple[Any, ...]
    caller: Identity


class MemoryServer:
    """The database's half of the conversation. Everything in it happens one after the other."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.tables = MemoryTables(catalog.tables)
        self.reducers: dict[str, Callable[..., object]] = {}
        self.procedures: dict[str, Callable[..., object]] = {}
        self.calls: list[Call] = []
        self.time = Timestamp(0)
        self.sockets: list[MemorySocket] = []
        self.lock = threading.RLock()
        self._answering: int | None = None

    @property
    def is_answering_here(self) -> bool:
        """Whether the calling code runs inside of a function that answers a call."""
        return self._answering == threading.get_ident()

    # --- transactions

    def commit(self, transaction: Transaction) -> None:
        """Makes the changes, and tells all clients."""
        with self.lock:
            self._broadcast(self.tables.commit(transaction), apart_from=None)

    def _broadcast(self, delta: Delta, apart_from: MemorySocket | None) -> None:
        self.sockets = [socket for socket in self.sockets if not socket.is_closed]
        for socket in self.sockets:
            update = _update(socket, delta)
            if update.query_sets and socket is not apart_from:
                socket.tell(update)

    # --- what clients say

    def opened(self, socket: MemorySocket) -> None:
        with self.lock:
            self.sockets.append(socket)
            socket.tell(m.InitialConnection(socket.identity, socket.connection_id, "in memory"))

    def said(self, socket: MemorySocket, message: m.ClientMessage) -> None:
        with self.lock, self._answering_here():
            match message:
                case m.Subscribe():
                    self._subscribe(socket, message)
                case m.Unsubscribe():
                    self._unsubscribe(socket, message)
                case m.OneOffQuery():
                    self._query(socket, message)
                case m.CallReducer():
                    self._call_reducer(socket, message)
                case m.CallProcedure():
                    self._call_procedure(socket, message)
                case _:
                    raise AssertionError(message)

    @contextmanager
    def _answering_here(self) -> Generator[None, None, None]:
        self._answering = threading.get_ident()
        try:
            yield
        finally:
            self._answering = None

    def _subscribe(self, socket: MemorySocket, message: m.Subscribe) -> None:
        number = message.query_set_id
        try:
            tables = {self._table_of(query) for query in message.query_strings}
        except StdbError as error:
            socket.tell(m.SubscriptionError(message.request_id, number, str(error)))
            return
        socket.subscribed[number] = tables
        socket.tell(m.SubscribeApplied(message.request_id, number, self._rows_of(tables)))

    def _unsubscribe(self, socket: MemorySocket, message: m.Unsubscribe) -> None:
        tables = socket.subscribed.pop(message.query_set_id, set())
        asks_for_rows = message.flags is not m.UnsubscribeFlags.Default
        rows = self._rows_of(tables) if asks_for_rows else None
        socket.tell(m.UnsubscribeApplied(message.request_id, message.query_set_id, rows))

    def _query(self, socket: MemorySocket, message: m.OneOffQuery) -> None:
        result: Ok[m.QueryRows] | Err[str]
        try:
            is_barrier = message.query_string == BARRIER
            tables = {next(iter(self.catalog.tables)) if is_barrier else self._table_of(message.query_string)}
            result = Ok(self._rows_of(tables))
        except (StdbError, StopIteration) as error:
            result = Err(str(error))
        socket.tell(m.OneOffQueryResult(message.request_id, result))

    def _call_reducer(self, socket: MemorySocket, message: m.CallReducer) -> None:
        layout = self.catalog.reducers[message.reducer]
        transaction = self.tables.begin()
        delta: Delta = {}
        outcome: m.ReducerOutcome
        try:
            args = self._noted(layout, message.args, socket)
            answer = self.reducers.get(layout.name)
            if answer is not None:
                answer(transaction, *args)
            delta = self.tables.commit(transaction)
            update = _update(socket, delta)
            outcome = m.Returned(m.ReducerOk(b"", update)) if update.query_sets else m.OkEmpty()
        except ReducerError as error:
            outcome = m.Refused(layout.error.encode(str(error)) if layout.error is not None else str(error).encode())
        except Exception as error:  # noqa: BLE001  # whatever the test's function raises is what the caller is told
            outcome = m.ReducerInternalError(f"{type(error).__name__}: {error}")
        socket.tell(m.ReducerResult(message.request_id, self.time, outcome))
        self._broadcast(delta, apart_from=socket)

    def _call_procedure(self, socket: MemorySocket, message: m.CallProcedure) -> None:
        layout = self.catalog.procedures[message.procedure]
        status: m.ProcedureStatus
        try:
            args = self._noted(layout, message.args, socket)
            answer = self.procedures.get(layout.name, _unanswered)
            status = m.ProcedureReturned(layout.returned.encode(answer(*args)))
        except Exception as error:  # noqa: BLE001  # as above
            status = m.ProcedureInternalError(str(error))
        socket.tell(m.ProcedureResult(status, self.time, TimeDuration(0), message.request_id))

    def _noted(self, layout: FunctionLayout, data: bytes, socket: MemorySocket) -> tuple[Any, ...]:
        args = layout.arguments.decode(data)
        self.calls.append(Call(layout.name, args, socket.identity))
        return args

    def _table_of(self, query: str) -> str:
        """The table whose rows a query gives. Raises :class:`StdbError` where it cannot be told."""
        found = _SELECT.match(query)
        if found is None:
            raise DecodeError(f"an in-memory database does not understand: {query}")
        projected, table = _name(found.groups()[:2]), _name(found.groups()[2:])
        aliases: Mapping[str, str] = {
            _name(alias.groups()[2:]): _name(alias.groups()[:2]) for alias in _ALIAS.finditer(query)
        }
        wanted = projected or table
        return self.tables.layout(aliases.get(wanted, wanted)).name

    def _rows_of(self, tables: Iterable[str]) -> m.QueryRows:
        return m.QueryRows([m.SingleTableRows(table, RowList.of(self.tables.rows(table))) for table in sorted(tables)])


def _unanswered(*_: object) -> None:
    raise ReducerError("the test says nothing of what this procedure gives back")


def _name(groups: tuple[str | None, ...]) -> str:
    quoted, plain = groups
    return quoted.replace('""', '"') if quoted is not None else plain or ""


def _update(socket: MemorySocket, delta: Delta) -> m.TransactionUpdate:
    """What a transaction changed of the rows that a client subscribes to."""
    sets = []
    for number, tables in socket.subscribed.items():
        updates = [m.TableUpdate(table, [_rows(delta[table])]) for table in delta if table in tables]
        if updates:
            sets.append(m.QuerySetUpdate(number, updates))
    return m.TransactionUpdate(sets)


def _rows(delta: TableDelta) -> m.TableUpdateRows:
    if delta.is_event:
        return m.EventTable(m.EventTableRows(RowList.of(delta.inserted)))
    return m.PersistentTable(m.PersistentTableRows(RowList.of(delta.inserted), RowList.of(delta.deleted)))
