"""The pool for programs that run under asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import partial
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, Unpack, cast, overload

from stdbpy.client.async_connection import AsyncConnection
from stdbpy.client.connection import GeneratedClient, runtime_client
from stdbpy.client.establishing import fetch_schema_async
from stdbpy.client.options import ConnectOptions, Settings
from stdbpy.client.pending_call import PendingCall
from stdbpy.client.pool.live_pool import Calls_co, HasProcedures, HasReducers, LivePool
from stdbpy.client.pool.member import Member
from stdbpy.client.pool.options import Endpoint, PoolPolicy
from stdbpy.client.query import Query
from stdbpy.client.query_rows import QueryRows
from stdbpy.client.runtime_module import RuntimeModule
from stdbpy.errors import ClientError, ConnectFailed

C_co = TypeVar("C_co", covariant=True)
Row = TypeVar("Row")


class AsyncPool(LivePool[AsyncConnection], Generic[C_co]):
    """Connections to one or more databases with the same module, for a program that calls them a lot.

    >>> async with AsyncPool(AsyncDbConnection, [Endpoint("http://127.0.0.1:3000", "game")], connections=4) as pool:
    ...     await pool.reducers.level_up(player_id=3)
    ...     async with pool.connection() as db:
    ...         rows = await db.query("SELECT * FROM player")

    Each call goes to the connection that waits for the fewest answers, among those that are well. All of them
    are made by :meth:`open` and kept: a connection carries any number of calls at once, so that none is ever
    lent to one user alone, and a few are enough. A lost one comes back by itself; meanwhile, and while the
    breaker of an endpoint is open, the others get its calls. A call that was sent is never sent again.

    ``connection_class`` is the generated ``AsyncDbConnection``, or ``AsyncConnection`` for any module.
    ``connections`` is how many there are for each endpoint, ``at_least`` how many must stand for :meth:`open`
    to succeed. ``prepare(connection)`` is called with each before it connects: to add callbacks, and
    to subscribe without awaiting it; it gets no calls before its cache has those rows. The other options are
    those of ``connect_async``. With a ``token`` all of them are one identity, else each is one of its own.
    """

    def __init__(
        self,
        connection_class: type[C_co],
        endpoints: Sequence[Endpoint],
        *,
        connections: int = 1,
        at_least: int = 1,
        prepare: Callable[[C_co], object] | None = None,
        policy: PoolPolicy | None = None,
        **options: Unpack[ConnectOptions],
    ) -> None:
        kind = cast("type[AsyncConnection]", connection_class)
        super().__init__(kind, endpoints, connections, at_least, prepare, policy, options, nullcontext())
        self._waiters: list[asyncio.Future[None]] = []
        self._closing: asyncio.Task[None] | None = None
        self._discarding: set[asyncio.Task[None]] = set()

    # --- calls ---------------------------------------------------------------------------------

    @property
    def reducers(self: AsyncPool[HasReducers[Calls_co]]) -> Calls_co:
        """The reducers: each call is sent at once and gives a :class:`PendingCall` to await.

        Raises :class:`~stdbpy.errors.NoConnectionAvailable` if no connection is well.
        """
        return cast("Calls_co", self._calls("reducers"))

    @property
    def procedures(self: AsyncPool[HasProcedures[Calls_co]]) -> Calls_co:
        """The procedures, likewise."""
        return cast("Calls_co", self._calls("procedures"))

    @overload
    def query(self, query: Query[Row]) -> PendingCall[QueryRows[Row]]: ...
    @overload
    def query(self, query: str) -> PendingCall[QueryRows[Any]]: ...
    def query(self, query: Query[Row] | str) -> PendingCall[QueryRows[Row]]:
        """Asks for the rows that a query gives now; await it for them."""
        return self._send(lambda connection: connection.query(query))

    @asynccontextmanager
    async def connection(self, *, timeout: float = 0.0) -> AsyncIterator[C_co]:
        """One connection for several steps, such as to read what it has subscribed to: the least busy one.

        It is shared: others' calls go over it as well, though it counts as one call busier for the block.
        Waits ``timeout`` seconds for one that is well, by default not at all, before it raises
        :class:`~stdbpy.errors.NoConnectionAvailable`.
        """
        member = await self._lease(timeout)
        connection = member.connection
        try:
            yield cast("C_co", connection)
        finally:
            member.leases -= 1
            self._wake()

    async def _lease(self, timeout: float) -> Member[AsyncConnection]:
        self._check_open()
        if timeout > 0:
            await self._until(lambda: self._roster.ready > 0 or self._roster.is_draining, timeout)
        member = self._roster.choose()
        member.leases += 1
        return member

    # --- its life ------------------------------------------------------------------------------

    async def open(self) -> Self:
        """Makes the connections; returns when ``at_least`` of them stand.

        Raises why not, after ``connect_timeout`` seconds or as soon as no endpoint can be hoped for.
        """
        if not self._is_to_open():
            return self
        self._opened_on = asyncio.get_running_loop()
        try:
            self._start(self._generated or runtime_client(await self._module()))
            await self._until(self._is_decided, self._options.get("connect_timeout", 10.0))
            self._raise_if_too_few()
        except BaseException:
            await self.close()
            raise
        return self

    async def drain(self, timeout: float | None = None) -> int:
        """Takes no more calls, waits for those that are pending and for blocks of ``connection()``, and closes.

        Returns how many were given up after ``timeout`` seconds (by default the policy's ``drain_timeout``):
        those fail with ``ConnectionClosed``.
        """
        deadline = time.monotonic() + (self.policy.drain_timeout if timeout is None else timeout)
        self._roster.drain()
        self._wake()
        try:
            await self._until(lambda: not self._roster.leases, deadline - time.monotonic())
            for member in self._roster.members:
                connection = member.connection
                if connection is not None and connection.calls_pending:
                    remaining = max(deadline - time.monotonic(), 0.0)
                    with suppress(ClientError):  # what it waited for was decided by its end
                        await connection.wait_until_async(partial(self._is_idle, connection), remaining)
        finally:  # who gives up waiting gives up the calls
            given_up = self._roster.outstanding
            await self.close()
        return given_up

    async def close(self) -> None:
        """Closes all connections at once; what is pending fails with ``ConnectionClosed``."""
        self._roster.drain()
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        connections = [member.connection for member in self._roster.members if member.connection is not None]
        await asyncio.gather(*(connection.close() for connection in connections), *self._discarding)
        self._wake()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            await self.drain()
        else:
            await self.close()

    # --- waiting -------------------------------------------------------------------------------

    async def _until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Returns when ``ready()``, or after ``timeout`` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not ready():
                    waiter: asyncio.Future[None] = self._loop.create_future()
                    self._waiters.append(waiter)
                    await waiter

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    # --- what the base needs -------------------------------------------------------------------

    async def _module(self) -> RuntimeModule:
        """That of the first endpoint that tells it."""
        failure: ConnectFailed | None = None
        for settings in self._all_settings():
            try:
                return RuntimeModule(await fetch_schema_async(settings))
            except ConnectFailed as error:
                failure = failure or error
        assert failure is not None, "there is an endpoint"
        raise failure

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return self._opened_on

    @property
    def _is_over(self) -> bool:
        return self._closing is not None

    def _new_connection(self, settings: Settings) -> AsyncConnection:
        assert self._generated is not None, "it is known since the pool was opened"
        return self._class(settings, self._generated)

    def _make_facades(self, generated: GeneratedClient) -> dict[str, Any]:
        return {
            "reducers": generated.reducers(self._send_reducer),
            "procedures": generated.pending_procedures(self._send_procedure),
        }

    def _have_made(self, member: Member[AsyncConnection]) -> None:
        self._make(member)

    def _discard(self, connection: AsyncConnection) -> None:
        closing = self._loop.create_task(connection.close())
        self._discarding.add(closing)
        closing.add_done_callback(self._discarding.discard)

    def _on_loop(self, function: Callable[[], object]) -> None:
        self._loop.call_soon(function)

    def _changed(self) -> None:
        self._wake()
        self._loop.call_soon(self._look_after)
