"""A database that is an object in the test, for unit tests of code that uses a generated client."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

from stdbpy.client import AsyncConnection, Connection, ModuleBinding, PendingCall, QueryRows
from stdbpy.client.connection import GeneratedClient, LiveConnection, runtime_client
from stdbpy.client.options import ConnectOptions, Delivery, Settings
from stdbpy.client.query import Query
from stdbpy.client.runtime_module import RuntimeModule
from stdbpy.client.transport.socket import Opening, Receiver, SocketSettings
from stdbpy.errors import ConnectFailed, ConnectionLost, NoSuchReducer, nearest
from stdbpy.protocol.options import ReconnectPolicy
from stdbpy.protocol.session import State
from stdbpy.sats.values import ConnectionId, Identity, Timestamp
from stdbpy.testing.memory_server import BARRIER, Call, MemoryServer
from stdbpy.testing.memory_socket import MemorySocket
from stdbpy.testing.memory_tables import Transaction

Row = TypeVar("Row")
C = TypeVar("C", bound=Connection)
A = TypeVar("A", bound=AsyncConnection)
Answer = TypeVar("Answer", bound=Callable[..., object])

DELIVERED_WITHIN = 10.0
"""Seconds; who waits longer waits for a callback that hangs."""

_AT_ONCE = ReconnectPolicy(base=0.0)


class InMemoryDatabase:
    """A database that has the rows that a test gives it, and answers calls as the test says.

    >>> database = InMemoryDatabase(game_client.MODULE)
    >>> with database.connect(game_client.DbConnection) as db:
    ...     db.subscribe(tables.player)
    ...     database.insert(tables.player, Player(id=1, name="Ada", level=3))
    ...     assert db.player.id.find(1).name == "Ada"

    Its clients are real ones: sessions, caches, callbacks and calls are those of a connection to a
    server, and so is the order in which things happen. Between them and the test there is no network.

    What is fed (:meth:`insert`, :meth:`transaction`, …) has been delivered when that returns: callbacks
    of synchronous connections have run, and what one of them raised is raised. With asynchronous
    connections, ``await`` :meth:`settled` for that.

    A client is told of the tables that it subscribes to. Conditions are not looked at: a test gives the
    database the rows that matter, and its clients see all of them.
    """

    def __init__(self, module: ModuleBinding) -> None:
        self._module = module
        self._server = MemoryServer(module.catalog)
        self._connections: list[LiveConnection] = []
        self._failed: list[BaseException] = []
        self._clients = 0

    # --- clients -------------------------------------------------------------------------------

    def connect(
        self,
        client: type[C],
        *,
        identity: Identity | None = None,
        delivery: Delivery = "tick",
        reconnect: ReconnectPolicy | None = _AT_ONCE,
    ) -> C:
        """A connection of a generated class (or of :class:`~stdbpy.client.Connection` itself).

        ``identity`` is who it is, by default another one for each. Callbacks run where ``delivery`` says:
        by default in the thread of the test, when it feeds the database or waits for the connection.
        """
        connection = client(*self._prepared(client, identity, reconnect), delivery=delivery)
        self._adopt(connection)
        connection.begin()
        connection.wait_until(lambda: connection.is_connected, DELIVERED_WITHIN)
        return connection

    @asynccontextmanager
    async def connect_async(
        self,
        client: type[A],
        *,
        identity: Identity | None = None,
        reconnect: ReconnectPolicy | None = _AT_ONCE,
    ) -> AsyncGenerator[A, None]:
        """The same for ``asyncio``: ``async with database.connect_async(AsyncDbConnection) as db``."""
        connection = client(*self._prepared(client, identity, reconnect))
        self._adopt(connection)
        connection.begin()
        async with connection:
            await connection.wait_until_async(lambda: connection.is_connected, DELIVERED_WITHIN)
            yield connection

    def cut(self) -> None:
        """Ends all connections as a network does that fails; they come back by themselves, unless
        ``reconnect`` says otherwise."""
        with self._server.lock:
            for socket in self._server.sockets:
                socket.cut()
        self._settle()

    # --- rows ----------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Generator[Transaction, None, None]:
        """Several changes that clients are told of together; none of them is made if the block raises."""
        transaction = self._server.tables.begin()
        yield transaction
        self._server.commit(transaction)
        self._settle()

    def insert(self, table: Query[Row] | str, *rows: Row) -> None:
        """Adds rows in a transaction of their own, or tells of events; raises as :meth:`Transaction.insert`."""
        with self.transaction() as transaction:
            transaction.insert(table, *rows)

    def update(self, table: Query[Row] | str, *rows: Row) -> None:
        """Replaces rows by their primary keys in a transaction; raises as :meth:`Transaction.update`."""
        with self.transaction() as transaction:
            transaction.update(table, *rows)

    def update_by_key(self, table: Query[Any] | str, key: object, /, **columns: object) -> None:
        """Gives columns of one row new values in a transaction; raises as :meth:`Transaction.update_by_key`."""
        with self.transaction() as transaction:
            transaction.update_by_key(table, key, **columns)

    def delete(self, table: Query[Row] | str, *rows: Row) -> None:
        """Deletes rows in a transaction; raises as :meth:`Transaction.delete`."""
        with self.transaction() as transaction:
            transaction.delete(table, *rows)

    def delete_by_key(self, table: Query[Any] | str, *keys: object) -> None:
        """Deletes rows by their primary keys in a transaction; raises as :meth:`Transaction.delete_by_key`."""
        with self.transaction() as transaction:
            transaction.delete_by_key(table, *keys)

    def rows(self, table: Query[Row] | str) -> list[Row]:
        """All rows that the database has in a table."""
        return self._server.tables.begin().all(table)

    async def settled(self) -> None:
        """Returns when all that was fed has been delivered to asynchronous connections, too; raises what
        callbacks raised. Callbacks that are ``async`` functions have begun, and need not have ended."""
        for connection in self._connections:
            if isinstance(connection, AsyncConnection):
                with suppress(ConnectFailed, ConnectionLost):  # once it has ended
                    await _deliver_all_async(connection)
        self._settle()

    # --- calls ---------------------------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """The calls of reducers and procedures that clients made so far."""
        return self._server.calls

    @property
    def time(self) -> Timestamp:
        """The moment at which reducers are said to have run. Stands still unless it is set."""
        return self._server.time

    @time.setter
    def time(self, moment: Timestamp) -> None:
        self._server.time = moment

    def reducer(self, name: str) -> Callable[[Answer], Answer]:
        """Decorates the function that calls of a reducer run, by the name that the database has for it.

        >>> @database.reducer("level_up")
        ... def level_up(transaction, player_id):
        ...     if player_id != 1:
        ...         raise ReducerError("no such player")
        ...     transaction.update(tables.player, Player(id=1, name="Ada", level=4))

        What it raises, the caller gets: a ``ReducerError`` as the reducer's refusal (``ReducerFailed``), all
        else as a bug of it (``ReducerCrashed``); its changes are undone. Without a function, a call changes
        nothing and succeeds. The function runs on a thread of the client's. Raises ``NoSuchReducer``.
        """
        return self._answer("reducer", name, self._module.catalog.reducers, self._server.reducers)

    def procedure(self, name: str) -> Callable[[Answer], Answer]:
        """Decorates the function that calls of a procedure run: it is given the arguments, and gives what
        the procedure gives back. Without one, calls fail. Raises ``NoSuchReducer``."""
        return self._answer("procedure", name, self._module.catalog.procedures, self._server.procedures)

    # --- ending --------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes the synchronous connections that are still open; raises what a callback raised."""
        for connection in self._connections:
            if isinstance(connection, Connection):
                connection.close()
        self._raise_failures()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # --- inside --------------------------------------------------------------------------------

    def _prepared(
        self, client: type[LiveConnection], identity: Identity | None, reconnect: ReconnectPolicy | None
    ) -> tuple[Settings, GeneratedClient]:
        self._clients += 1
        identity = identity or Identity.from_int(self._clients)

        async def open_in_memory(opening: Opening, receiver: Receiver, settings: SocketSettings) -> None:  # noqa: ARG001
            self._clients += 1
            socket = MemorySocket(receiver, self._server.said, identity, ConnectionId.from_int(self._clients))
            receiver.opened(socket)
            self._server.opened(socket)

        options = ConnectOptions(check_schema=False, reconnect=reconnect)
        settings = Settings("http://in-memory.invalid", "in-memory", options)
        settings.socket = replace(settings.socket, opener=open_in_memory)
        return settings, client.generated or runtime_client(RuntimeModule(self._module.schema))

    def _adopt(self, connection: LiveConnection) -> None:
        self._connections.append(connection)
        connection.on_callback_error(lambda _, error: self._failed.append(error))

    def _answer(
        self, kind: str, name: str, known: Any, answers: dict[str, Callable[..., object]]
    ) -> Callable[[Answer], Answer]:
        if name not in known:
            raise NoSuchReducer(f"the module has no {kind} {name!r}", hint=nearest(name, known))

        def answer_with(function: Answer) -> Answer:
            answers[name] = function
            return function

        return answer_with

    def _settle(self) -> None:
        """Waits for synchronous connections. What is fed inside of a callback or of a function that answers a
        call is delivered behind it."""
        if self._server.is_answering_here:
            return
        for connection in self._connections:
            if isinstance(connection, Connection) and not connection.is_inside_callback:
                with suppress(ConnectFailed, ConnectionLost):  # once it has ended
                    _deliver_all(connection)
        self._raise_failures()

    def _raise_failures(self) -> None:
        failed, self._failed = self._failed, []
        if len(failed) == 1:
            raise failed[0]
        if failed:
            raise BaseExceptionGroup("callbacks raised", failed)


def _deliver_all(connection: Connection) -> None:
    while connection.state is not State.CLOSED:
        connection.wait_until(lambda: connection.is_connected, DELIVERED_WITHIN)
        call: PendingCall[QueryRows[Any]] = connection.send_query(BARRIER)
        if not isinstance(call.exception(DELIVERED_WITHIN), ConnectionLost):
            return


async def _deliver_all_async(connection: AsyncConnection) -> None:
    while connection.state is not State.CLOSED:
        await connection.wait_until_async(lambda: connection.is_connected, DELIVERED_WITHIN)
        with suppress(ConnectionLost):
            await connection.query(BARRIER)
            return
