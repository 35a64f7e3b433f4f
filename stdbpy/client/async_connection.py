"""The connection for programs that run under asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import nullcontext
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, Unpack, overload

from stdbpy.client.builder import DbConnectionBuilder
from stdbpy.client.calls import Invoke
from stdbpy.client.connection import GeneratedClient, LiveConnection, runtime_client
from stdbpy.client.establishing import fetch_schema_async, not_in_time
from stdbpy.client.link import Arrival
from stdbpy.client.options import ConnectOptions, Settings
from stdbpy.client.pending_call import PendingCall
from stdbpy.client.query import Query
from stdbpy.client.query_rows import QueryRows
from stdbpy.client.subscription_builder import SubscriptionBuilder
from stdbpy.client.subscription_queries import texts_of
from stdbpy.client.subscriptions import AsyncSubscription
from stdbpy.client.tables import TableSource
from stdbpy.errors import ClientError, UsageError, WouldDeadlock
from stdbpy.protocol.session import State
from stdbpy.protocol.subscription import SubscriptionState

Row = TypeVar("Row")
C = TypeVar("C", bound="AsyncConnection")


CALLBACKS_END_WITHIN = 1.0
"""Seconds that :meth:`AsyncConnection.close` gives the callbacks that run as tasks."""


class AsyncConnection(LiveConnection):
    """A connection whose socket, cache and callbacks live on the event loop that connected it.

    >>> async with connect_async("http://127.0.0.1:3000", "game") as db:
    ...     async with db.subscribe("SELECT * FROM player"):
    ...         await db.reducers.level_up(player_id=3)

    Calls are sent at once; what they give is awaited for their outcome, in any order or not at all.
    Callbacks may be ``async`` functions: these run as tasks. Other threads cannot use it, except that
    they can await what calls gave, on event loops of their own.
    """

    reducers: Any
    """The reducers: each call is sent at once and gives a :class:`PendingCall` to await."""
    procedures: Any
    """The procedures: each call is sent at once and gives a :class:`PendingCall` to await."""

    def __init__(self, settings: Settings, generated: GeneratedClient) -> None:
        super().__init__(settings, generated, nullcontext())
        self._loop = asyncio.get_running_loop()
        self._watchers: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[object]] = set()
        self._closing: asyncio.Task[None] | None = None
        self.reducers = self.send
        self.procedures = self.send_procedures

    @classmethod
    def connect(cls, uri: str, database: str, **options: Unpack[ConnectOptions]) -> Connecting[Self]:
        """Connects to ``database`` on the server at ``uri``: await it, or use ``async with``, which also closes.

        Raises :class:`~stdbpy.errors.ConnectFailed` and its kinds (``CredentialsRefused``, ``NoSuchDatabase``),
        and :class:`~stdbpy.errors.SchemaMismatch`.
        """
        return Connecting(cls, uri, database, options)

    @classmethod
    def builder(cls) -> DbConnectionBuilder[Self]:
        """Connecting step by step, without waiting; for generated code alone, whose schema is known."""

        def start(uri: str, database: str, options: ConnectOptions, prepare: Callable[[Self], object]) -> Self:
            if cls.generated is None:
                raise UsageError("a builder cannot ask for the schema", hint="Use connect_async, or generated code.")
            connection = cls(Settings(uri, database, options), cls.generated)
            prepare(connection)
            connection.begin()
            return connection

        return DbConnectionBuilder(start)

    def begin(self) -> None:
        """Begins to connect, and does not wait for it."""
        self._link.start()

    # --- calls and queries ---------------------------------------------------------------------

    @overload
    def query(self, query: Query[Row]) -> PendingCall[QueryRows[Row]]: ...
    @overload
    def query(self, query: str) -> PendingCall[QueryRows[Any]]: ...
    def query(self, query: Query[Row] | str) -> PendingCall[QueryRows[Row]]:
        """Asks for the rows that a query gives now; await it for them. Raises what calls raise, and
        :class:`~stdbpy.errors.QueryFailed`."""
        return self._send_query(query)

    def subscribe(self, *queries: Query[Any] | str) -> AsyncSubscription:
        """Subscribes to queries: await it, or use ``async with``, until their rows are in the cache."""
        self._check_loop()
        state = self._session.subscribe(texts_of(queries))
        subscription = self._steps.subscriptions[state.query_set_id] = AsyncSubscription(self, state)
        self._flush_soon()
        return subscription

    def subscribe_to_all_tables(self) -> AsyncSubscription:
        """Subscribes to all rows of all public tables."""
        return self.subscribe(*self._all_tables())

    def subscription_builder(self) -> SubscriptionBuilder[AsyncSubscription]:
        """Subscribing step by step; what it gives need not be awaited."""
        return SubscriptionBuilder(self.subscribe, self.subscribe_to_all_tables, self._lock)

    def end_subscription(self, state: SubscriptionState) -> None:
        """For subscriptions: asks the server to end one. Raises nothing once the connection is closed."""
        self._check_loop()
        if self._session.state is not State.CLOSED:
            self._session.unsubscribe(state)
            self._flush_soon()
            self._loop.call_soon(self._arrived, None)

    # --- closing -------------------------------------------------------------------------------

    async def close(self) -> None:
        """Closes the connection for good; what is pending fails with ``ConnectionClosed``. The cached rows stay.

        Returns when nothing of it is left; asynchronous callbacks have a second to end, then they are cancelled.
        Inside of a callback it begins to close, and does so behind it.
        """
        self._check_loop()
        closer = asyncio.current_task()
        if self._closing is None:
            self._session.close()
            self._closing = self._loop.create_task(self._close(closer))
        if not self._deliveries.is_here and closer not in self._tasks:
            await asyncio.shield(self._closing)

    async def _close(self, closer: asyncio.Task[Any] | None) -> None:
        self._arrived(None)
        await self._link.stop()
        self._wake_watchers()
        tasks = self._tasks - {closer}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CALLBACKS_END_WITHIN)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # --- waiting -------------------------------------------------------------------------------

    def wait_for(self, call: PendingCall[Any], timeout: float | None) -> None:  # noqa: ARG002
        raise WouldDeadlock(
            f"{call.kind} {call.name!r} is of an asynchronous connection, which cannot be waited for in this way",
            hint="Use await.",
        )

    def wait_until(self, ready: Callable[[], bool], timeout: float | None) -> bool:  # noqa: ARG002
        raise WouldDeadlock(
            "the connection is asynchronous, and cannot be waited for in this way", hint="Use `async for` or await."
        )

    async def wait_until_async(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """Waits until ``ready()`` is true after some callbacks have run; ``False`` after ``timeout`` seconds.

        Raises :class:`~stdbpy.errors.ConnectionClosed`, or why the connection ended, once none will run again.
        """
        self._check_loop()
        try:
            async with asyncio.timeout(timeout):
                while not ready():
                    if self._session.state is State.CLOSED:
                        raise self._ended()
                    watcher: asyncio.Future[None] = self._loop.create_future()
                    self._watchers.append(watcher)
                    try:
                        await watcher
                    finally:
                        # Whoever looks at an idle table again and again leaves nothing.
                        if watcher.cancelled() and watcher in self._watchers:
                            self._watchers.remove(watcher)
        except TimeoutError:
            return False
        return True

    def look_again(self) -> None:
        self._wake_watchers()

    def _wake_watchers(self) -> None:
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(None)

    # --- what the base needs -------------------------------------------------------------------

    def _arrived(self, arrival: Arrival | None) -> None:
        self._take_in(arrival)
        self._deliveries.run()
        if self._watchers and not self._deliveries.is_here:
            self._wake_watchers()

    def _caught_up(self) -> None:
        """Everything was delivered as it came."""

    def _source(self, table: str) -> TableSource:
        return TableSource(self._session.cache.tables[table], self)

    def _sender(self, ask: Callable[[str, tuple[Any, ...]], Any]) -> Invoke[PendingCall[Any]]:
        return ask

    def _flush_soon(self) -> None:
        link = self._link
        if not link.is_flush_due:
            link.is_flush_due = True
            self._loop.call_soon(link.flush)

    def _on_loop(self, function: Callable[..., object], *arguments: object) -> None:
        self._loop.call_soon(function, *arguments)

    def _spawner(self) -> Callable[[Coroutine[Any, Any, object], Callable[..., object]], object]:
        return self._spawn

    def _spawn(self, coroutine: Coroutine[Any, Any, object], callback: Callable[..., object]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)

        def finished(task: asyncio.Task[object]) -> None:
            self._tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                self._deliveries.report(callback, error)

        task.add_done_callback(finished)

    def _check_loop(self) -> None:
        try:
            if asyncio.get_running_loop() is self._loop:
                return
            where = "another event loop than the one that connected it"
        except RuntimeError:
            where = "a thread without an event loop"
        raise ClientError(
            f"the connection is used from {where}",
            hint="Connect in each event loop, or use loop.call_soon_threadsafe. For threads there is connect().",
        )

    async def _establish(self) -> None:
        """Returns when the first connection stands."""
        self.begin()
        try:
            if not await self.wait_until_async(lambda: self._steps.has_connected, self._settings.connect_timeout):
                raise not_in_time(self._settings)
        except BaseException:
            await self.close()
            raise


class Connecting(Generic[C]):
    """A connection that is being made: ``await`` it, or ``async with``."""

    def __init__(self, cls: type[C], uri: str, database: str, options: ConnectOptions) -> None:
        self._cls = cls
        self._uri = uri
        self._database = database
        self._options = options
        self._connection: C | None = None

    async def _made(self) -> C:
        settings = Settings(self._uri, self._database, self._options)
        generated = self._cls.generated
        if generated is None:
            # It brings the naming of code generation, which generated clients do without.
            from stdbpy.client.runtime_module import RuntimeModule

            generated = runtime_client(RuntimeModule(await fetch_schema_async(settings)))
        connection = self._cls(settings, generated)
        await connection._establish()  # noqa: SLF001  # its own way of being made
        return connection

    def __await__(self) -> Generator[Any, None, C]:
        return self._made().__await__()

    async def __aenter__(self) -> C:
        self._connection = await self._made()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._connection is not None
        await self._connection.close()
