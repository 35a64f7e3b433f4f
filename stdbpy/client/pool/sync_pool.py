"""The pool for programs without an event loop: thread pools, scripts, web servers of threads."""

from __future__ import annotations

import threading
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar, Unpack, cast, overload

from stdbpy.client.connection import GeneratedClient, runtime_client
from stdbpy.client.establishing import fetch_schema
from stdbpy.client.io_thread import IoThread
from stdbpy.client.options import ConnectOptions, Settings
from stdbpy.client.pending_call import PendingCall
from stdbpy.client.pool.live_pool import Calls_co, HasProcedures, HasReducers, LivePool
from stdbpy.client.pool.member import Member
from stdbpy.client.pool.options import Endpoint, PoolPolicy
from stdbpy.client.query import Query
from stdbpy.client.query_rows import QueryRows
from stdbpy.client.runtime_module import RuntimeModule
from stdbpy.client.sync_connection import Connection
from stdbpy.errors import ClientError, ConnectFailed, WouldDeadlock

C_co = TypeVar("C_co", covariant=True)
Row = TypeVar("Row")


class Sends(Protocol[Calls_co]):
    """A connection whose ``send`` is of that type, which its pool's then is as well."""

    @property
    def send(self) -> Calls_co: ...


class SendsProcedures(Protocol[Calls_co]):
    @property
    def send_procedures(self) -> Calls_co: ...


class Pool(LivePool[Connection], Generic[C_co]):
    """As :class:`~stdbpy.client.AsyncPool`, for any number of threads: calls wait for their outcome.

    >>> with Pool(DbConnection, [Endpoint("http://127.0.0.1:3000", "game")], connections=4) as pool:
    ...     pool.reducers.level_up(player_id=3)
    ...     with pool.connection() as db:
    ...         rows = db.query("SELECT * FROM player")

    ``prepare(connection)`` is called on a thread of the pool's own, before the connection connects: it
    subscribes with ``wait=False``. The other options are those of ``connect``, but that callbacks always run
    on threads of the connections' own.
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
        kind = cast("type[Connection]", connection_class)
        self._state = threading.Condition()
        super().__init__(kind, endpoints, connections, at_least, prepare, policy, options, self._state)
        self._io: IoThread | None = None
        self._makers = ThreadPoolExecutor(1, thread_name_prefix="stdbpy-pool")
        self._is_closed = False

    # --- calls ---------------------------------------------------------------------------------

    @property
    def reducers(self: Pool[HasReducers[Calls_co]]) -> Calls_co:
        """The reducers: a call returns when it is done, and raises what the reducer raised.

        Raises :class:`~stdbpy.errors.NoConnectionAvailable` if no connection is well.
        """
        return cast("Calls_co", self._calls("reducers"))

    @property
    def procedures(self: Pool[HasProcedures[Calls_co]]) -> Calls_co:
        """The procedures: a call gives what the procedure returns."""
        return cast("Calls_co", self._calls("procedures"))

    @property
    def send(self: Pool[Sends[Calls_co]]) -> Calls_co:
        """The reducers, as calls that are sent and not waited for: each gives a :class:`PendingCall`."""
        return cast("Calls_co", self._calls("send"))

    @property
    def send_procedures(self: Pool[SendsProcedures[Calls_co]]) -> Calls_co:
        """The procedures, likewise."""
        return cast("Calls_co", self._calls("send_procedures"))

    @overload
    def query(self, query: Query[Row]) -> QueryRows[Row]: ...
    @overload
    def query(self, query: str) -> QueryRows[Any]: ...
    def query(self, query: Query[Row] | str) -> QueryRows[Row]:
        """The rows that a query gives now. Raises :class:`~stdbpy.errors.QueryFailed`."""
        self._refuse_inside_callback()
        return self.send_query(query).result()

    @overload
    def send_query(self, query: Query[Row]) -> PendingCall[QueryRows[Row]]: ...
    @overload
    def send_query(self, query: str) -> PendingCall[QueryRows[Any]]: ...
    def send_query(self, query: Query[Row] | str) -> PendingCall[QueryRows[Row]]:
        """Asks for the rows that a query gives now, and does not wait for them."""
        return self._send(lambda connection: connection.send_query(query))

    @contextmanager
    def connection(self, *, timeout: float = 0.0) -> Iterator[C_co]:
        """One connection for several steps, such as to read what it has subscribed to: the least busy one.

        It is shared: others' calls go over it as well, though it counts as one call busier for the block.
        Waits ``timeout`` seconds for one that is well, by default not at all, before it raises
        :class:`~stdbpy.errors.NoConnectionAvailable`.
        """
        self._check_open()
        with self._state:
            if timeout > 0:
                self._state.wait_for(lambda: self._roster.ready > 0 or self._roster.is_draining, timeout)
            member = self._roster.choose()
            connection = member.connection
            member.leases += 1
        try:
            yield cast("C_co", connection)
        finally:
            with self._state:
                member.leases -= 1
                self._state.notify_all()

    def _call_reducer(self, name: str, arguments: tuple[object, ...]) -> None:
        self._refuse_inside_callback()
        self._send_reducer(name, arguments).result()

    def _call_procedure(self, name: str, arguments: tuple[object, ...]) -> Any:
        self._refuse_inside_callback()
        return self._send_procedure(name, arguments).result()

    def _refuse_inside_callback(self) -> None:
        # It might be that the call went to the connection of the callback, by which it would never end.
        for member in self._roster.members:
            if member.connection is not None and member.connection.is_inside_callback:
                raise WouldDeadlock(
                    "a call that waits was made inside of a callback of the pool", hint="Use send, which does not wait."
                )

    # --- its life ------------------------------------------------------------------------------

    def open(self) -> Self:
        """Makes the connections; returns when ``at_least`` of them stand.

        Raises why not, after ``connect_timeout`` seconds or as soon as no endpoint can be hoped for.
        """
        if not self._is_to_open():
            return self
        try:
            generated = self._generated or runtime_client(self._module())
            self._io = IoThread.join_in()
            self._start(generated)
            with self._state:
                self._state.wait_for(self._is_decided, self._options.get("connect_timeout", 10.0))
                self._raise_if_too_few()
        except BaseException:
            self.close()
            raise
        return self

    def drain(self, timeout: float | None = None) -> int:
        """Takes no more calls, waits for those that are pending and for blocks of ``connection()``, and closes.

        Returns how many were given up after ``timeout`` seconds (by default the policy's ``drain_timeout``):
        those fail with ``ConnectionClosed``. Not to be called from inside of a callback.
        """
        deadline = time.monotonic() + (self.policy.drain_timeout if timeout is None else timeout)
        try:
            with self._state:
                self._roster.drain()
                self._state.notify_all()
                self._state.wait_for(lambda: not self._roster.leases, deadline - time.monotonic())
            for member in self._roster.members:
                connection = member.connection
                if connection is not None and connection.calls_pending:
                    remaining = max(deadline - time.monotonic(), 0.0)
                    with suppress(ClientError):  # what it waited for was decided by its end
                        connection.wait_until(partial(self._is_idle, connection), remaining)
        finally:  # who gives up waiting gives up the calls
            given_up = self._roster.outstanding
            self.close()
        return given_up

    def close(self) -> None:
        """Closes all connections at once; what is pending fails with ``ConnectionClosed``."""
        with self._state:
            self._roster.drain()
            is_first, self._is_closed = not self._is_closed, True
        if not is_first:
            return
        self._close_connections()  # by which what is being prepared ends, if it waits
        self._makers.shutdown()
        self._close_connections()
        if self._io is not None:
            self._io.run(self._stop()).result()
            self._io.leave()

    def _close_connections(self) -> None:
        for member in self._roster.members:
            if member.connection is not None:
                member.connection.close()

    async def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.drain()
        else:
            self.close()

    # --- what the base needs -------------------------------------------------------------------

    @property
    def _loop(self) -> AbstractEventLoop:
        assert self._io is not None, "it is there since the pool was opened"
        return self._io.loop

    def _module(self) -> RuntimeModule:
        """That of the first endpoint that tells it."""
        failure: ConnectFailed | None = None
        for settings in self._all_settings():
            try:
                return RuntimeModule(fetch_schema(settings))
            except ConnectFailed as error:
                failure = failure or error
        assert failure is not None, "there is an endpoint"
        raise failure

    @property
    def _is_over(self) -> bool:
        return self._is_closed

    def _new_connection(self, settings: Settings) -> Connection:
        assert self._generated is not None, "it is known since the pool was opened"
        return self._class(settings, self._generated)

    def _make_facades(self, generated: GeneratedClient) -> dict[str, Any]:
        return {
            "reducers": generated.reducers(self._call_reducer),
            "procedures": generated.procedures(self._call_procedure),
            "send": generated.reducers(self._send_reducer),
            "send_procedures": generated.pending_procedures(self._send_procedure),
        }

    def _have_made(self, member: Member[Connection]) -> None:
        with suppress(RuntimeError):  # the pool was closed meanwhile
            self._makers.submit(self._make, member)

    def _discard(self, connection: Connection) -> None:
        connection.close()

    def _on_loop(self, function: Callable[[], object]) -> None:
        assert self._io is not None, "it is there since the pool was opened"
        with suppress(RuntimeError):  # the event loop is gone with the pool
            self._io.call_soon(function)

    def _changed(self) -> None:
        with self._state:
            self._state.notify_all()
        self._on_loop(self._look_after)
