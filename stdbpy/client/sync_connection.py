"""The connection for programs without an event loop: scripts, thread pools, game loops."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, overload

from stdbpy.client.builder import DbConnectionBuilder
from stdbpy.client.calls import Invoke
from stdbpy.client.connection import GeneratedClient, LiveConnection, runtime_client
from stdbpy.client.establishing import fetch_schema, not_in_time
from stdbpy.client.inbox import Inbox
from stdbpy.client.io_thread import IoThread
from stdbpy.client.link import Arrival
from stdbpy.client.open_connections import open_connections
from stdbpy.client.options import Delivery, Settings, SyncConnectOptions
from stdbpy.client.pending_call import PendingCall
from stdbpy.client.query import Query
from stdbpy.client.query_rows import QueryRows
from stdbpy.client.subscription_builder import SubscriptionBuilder
from stdbpy.client.subscription_queries import texts_of
from stdbpy.client.subscriptions import Subscription
from stdbpy.client.tables import TableSource
from stdbpy.errors import CallTimeout, ClientError, WouldDeadlock, seconds
from stdbpy.protocol.session import State
from stdbpy.protocol.subscription import SubscriptionState

Row = TypeVar("Row")

CALLBACKS_END_WITHIN = 10.0
"""Seconds that :meth:`Connection.close` waits for a callback that is running."""

LOOKS_EVERY = 0.5
"""Seconds between two looks of who waits for another thread's ticks whether that thread is still there."""

TICKS_WITHIN = 10.0
"""Seconds without a tick after which the log says who waits for one."""


class Connection(LiveConnection):
    """A connection that any thread can use.

    >>> with connect("http://127.0.0.1:3000", "game") as db:
    ...     with db.subscribe("SELECT * FROM player"):
    ...         db.reducers.level_up(player_id=3)

    What arrives is applied and told by callbacks on a thread of the connection's own; with
    ``delivery="tick"`` on the caller's thread instead: in :meth:`tick` and in calls that wait. The thread
    that connected, or ticked last, is the one that does; once it has ended, the next one that waits.

    Calls wait for their outcome, by which time it is in the cache and callbacks for it have run; inside of
    a callback they raise :class:`~stdbpy.errors.WouldDeadlock`, and ``ctx.reducers`` or ``send`` do not wait.
    """

    reducers: Any
    """The reducers: a call returns when its changes are in the cache, and raises what the reducer raised."""
    procedures: Any
    """The procedures: a call gives what the procedure returns."""

    def __init__(self, settings: Settings, generated: GeneratedClient, delivery: Delivery = "thread") -> None:
        self.lock = threading.RLock()
        """Held while messages change the cache: hold it to look at several rows of one moment."""
        super().__init__(settings, generated, self.lock)
        self._inbox = Inbox(self._full_or_not)
        self._turn = threading.RLock()
        """With ticks: held by the thread that takes from the inbox, and runs callbacks."""
        self._changed = threading.Condition()
        self._watchers = 0
        self._stopped: Future[None] | None = None
        self._ticker: threading.Thread | None = threading.current_thread() if delivery == "tick" else None
        self._ticked_at = time.monotonic()
        self.reducers = generated.reducers(self._call_reducer)
        self.procedures = generated.procedures(self._call_procedure)
        self._io = IoThread.join_in()
        self._thread: threading.Thread | None = None
        if delivery == "thread":
            name = f"stdbpy {settings.session.database}"
            self._thread = threading.Thread(target=self._deliver_until_closed, name=name, daemon=True)
            self._thread.start()
        open_connections.add(self)

    @classmethod
    def connect(cls, uri: str, database: str, **options: Unpack[SyncConnectOptions]) -> Self:
        """Connects to ``database`` on the server at ``uri``; as a context manager it closes with the block.

        Raises :class:`~stdbpy.errors.ConnectFailed` and its kinds (``CredentialsRefused``, ``NoSuchDatabase``),
        and :class:`~stdbpy.errors.SchemaMismatch`.
        """
        connection = cls.made(uri, database, options)
        try:
            connection.begin()
            connection.wait_until_connected()
        except BaseException:
            connection.close()
            raise
        return connection

    @classmethod
    def builder(cls) -> DbConnectionBuilder[Self]:
        """Connecting step by step, without waiting."""

        def start(uri: str, database: str, options: SyncConnectOptions, prepare: Callable[[Self], object]) -> Self:
            connection = cls.made(uri, database, options)
            prepare(connection)
            connection.begin()
            return connection

        return DbConnectionBuilder(start)

    @classmethod
    def made(cls, uri: str, database: str, options: SyncConnectOptions) -> Self:
        """A connection that has not begun to connect, so that callbacks can be added before it does."""
        settings = Settings(uri, database, options, SyncConnectOptions)
        generated = cls.generated
        if generated is None:
            # It brings the naming of code generation, which generated clients do without.
            from stdbpy.client.runtime_module import RuntimeModule

            generated = runtime_client(RuntimeModule(fetch_schema(settings)))
        return cls(settings, generated, options.get("delivery", "thread"))

    def begin(self) -> None:
        """Begins to connect, and does not wait for it."""
        self._on_loop(self._link.start)

    def wait_until_connected(self) -> None:
        """Returns when the first connection stands. Raises what :meth:`connect` raises."""
        if not self.wait_until(lambda: self._steps.has_connected, self._settings.connect_timeout):
            raise not_in_time(self._settings)

    # --- calls and queries ---------------------------------------------------------------------

    @overload
    def query(self, query: Query[Row], *, timeout: float | None = None) -> QueryRows[Row]: ...
    @overload
    def query(self, query: str, *, timeout: float | None = None) -> QueryRows[Any]: ...
    def query(self, query: Query[Row] | str, *, timeout: float | None = None) -> QueryRows[Row]:
        """The rows that a query gives now, whatever is subscribed.

        Raises :class:`~stdbpy.errors.QueryFailed`, and ``CallTimeout`` after ``timeout`` seconds.
        """
        self._refuse_inside_callback("a query")
        return self._send_query(query).result(timeout)

    @overload
    def send_query(self, query: Query[Row]) -> PendingCall[QueryRows[Row]]: ...
    @overload
    def send_query(self, query: str) -> PendingCall[QueryRows[Any]]: ...
    def send_query(self, query: Query[Row] | str) -> PendingCall[QueryRows[Row]]:
        """Asks for the rows that a query gives now, and does not wait for them."""
        return self._send_query(query)

    def subscribe(self, *queries: Query[Any] | str, wait: bool = True, timeout: float | None = None) -> Subscription:
        """Subscribes to queries, and returns once their rows are in the cache; without ``wait`` at once.

        Raises :class:`~stdbpy.errors.SubscriptionFailed`, and ``CallTimeout`` after ``timeout`` seconds.
        """
        if wait:
            self._refuse_inside_callback("subscribe", hint="Give it wait=False.")
        with self.lock:
            state = self._session.subscribe(texts_of(queries))
            subscription = self._steps.subscriptions[state.query_set_id] = Subscription(self, state)
        self._flush_soon()
        if not wait:
            return subscription
        try:
            return subscription.wait_applied(timeout)
        except BaseException:  # such as a timeout: nobody has it who could end it
            self.end_subscription(state)
            raise

    def subscribe_to_all_tables(self, *, wait: bool = True, timeout: float | None = None) -> Subscription:
        """Subscribes to all rows of all public tables."""
        return self.subscribe(*self._all_tables(), wait=wait, timeout=timeout)

    def subscription_builder(self) -> SubscriptionBuilder[Subscription]:
        """Subscribing step by step, without waiting."""
        without_waiting = partial(self.subscribe, wait=False), partial(self.subscribe_to_all_tables, wait=False)
        return SubscriptionBuilder(*without_waiting, self.lock)

    def end_subscription(self, state: SubscriptionState) -> None:
        """For subscriptions: asks the server to end one. Raises nothing once the connection is closed."""
        with self.lock:
            if self._session.state is State.CLOSED:
                return
            self._session.unsubscribe(state)
        self._flush_soon()
        self._inbox.put(None)

    # --- delivering ----------------------------------------------------------------------------

    def tick(self) -> None:
        """With ``delivery="tick"``: applies what has arrived and runs callbacks for it, here and now.

        What arrives meanwhile waits for the next time. Nothing happens if callbacks run in another thread at
        this moment. Raises :class:`~stdbpy.errors.ClientError` where the
        connection delivers on a thread of its own, and nothing that callbacks raise.
        """
        if self._ticker is None:
            raise ClientError(
                "the connection runs callbacks on a thread of its own, and takes no ticks",
                hint='Connect with delivery="tick".',
            )
        if self._deliveries.is_here:
            return
        self._ticker = threading.current_thread()
        self._ticked_at = time.monotonic()
        if not self._turn.acquire(blocking=False):
            self._inbox.look()  # if the other thread only waits it lets go, and the next tick is this one's
            return
        try:
            with self._deliveries.interrupts:
                self._deliveries.run()  # what an interruption left
                for _ in range(len(self._inbox)):
                    self._deliver(self._inbox.take())
        finally:
            self._turn.release()

    @property
    def is_inside_callback(self) -> bool:
        """Whether the calling code runs inside of a callback of this connection."""
        return self._deliveries.is_here

    def _deliver(self, arrival: Arrival | None) -> None:
        self._take_in(arrival)
        self._deliveries.run()
        if self._watchers:
            with self._changed:
                self._changed.notify_all()

    def _deliver_until_closed(self) -> None:
        """What the thread of the connection's own does."""
        while self._session.state is not State.CLOSED or self._inbox:
            self._inbox.wait()
            self._deliver_whatever_happens(self._inbox.take())
        self._deliver_whatever_happens(None)  # what closing had to tell, if that came between
        self._stop()

    def _deliver_whatever_happens(self, arrival: Arrival | None) -> None:
        while True:
            try:
                self._deliver(arrival)
            except BaseException as error:  # noqa: BLE001  # such as SystemExit, by which a callback ends only itself
                self._log.error("a callback ended by %r", error, exc_info=error)
                arrival = None  # so that the rest of them run
            else:
                return

    def _stop(self) -> None:
        """Ends all that is not this thread: closes the socket, and leaves the event loop."""
        open_connections.discard(self)
        self._stop_link().result()
        self._io.leave()
        with self._changed:
            self._changed.notify_all()

    def _stop_link(self) -> Future[None]:
        if self._stopped is None:
            self._stopped = self._io.run(self._link.stop())
        return self._stopped

    # --- closing -------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes the connection for good; what is pending fails with ``ConnectionClosed``. The cached rows stay.

        Returns when nothing of it is left; inside of a callback it begins to close, and does so behind it.
        """
        with self.lock:
            is_first = self in open_connections
            open_connections.discard(self)
            self._session.close()
        self._inbox.put(None)
        if self._thread is None:
            self._deliver_the_end()
            if is_first:
                self._stop()
        elif not self._deliveries.is_here:
            self._thread.join(CALLBACKS_END_WITHIN)
            if self._thread.is_alive():
                self._log.warning("a callback is still running after %g seconds", CALLBACKS_END_WITHIN)

    def _deliver_the_end(self) -> None:
        """With ticks: here, unless a thread that waits has done it."""
        if self._deliveries.is_here:
            self._take_in(None)  # what it tells is run behind the callback
        elif self._turn.acquire(timeout=CALLBACKS_END_WITHIN):
            try:
                with self._deliveries.interrupts:
                    self._deliver(None)
            finally:
                self._turn.release()
        else:
            self._log.warning("a callback is still running after %g seconds", CALLBACKS_END_WITHIN)

    def abandon(self) -> None:
        """For a process that was forked from the connection's: the other one goes on with it."""
        self._session.close()
        self._session.error = ClientError("it belongs to the process that this one was forked from")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # --- waiting -------------------------------------------------------------------------------

    def wait_for(self, call: PendingCall[Any], timeout: float | None) -> None:
        self._refuse_inside_callback(f"{call.kind} {call.name!r}")
        if timeout is None:
            timeout = self.call_timeout
        if self._ticker is not None:
            if not self._wait_for_ticks(lambda: call.settled, timeout):
                assert timeout is not None
                raise self.timed_out(call, timeout)
            return
        settled = threading.Lock()
        settled.acquire()

        def wake() -> None:
            with suppress(RuntimeError):  # woken twice
                settled.release()

        call.when_settled(wake)
        if not settled.acquire(timeout=-1 if timeout is None else timeout):
            assert timeout is not None
            raise self.timed_out(call, timeout)

    def wait_until(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """Waits until ``ready()`` is true after some callbacks have run; ``False`` after ``timeout`` seconds.

        Raises :class:`~stdbpy.errors.ConnectionClosed`, or why the connection ended, once none will run again.
        """
        self._refuse_inside_callback("waiting for callbacks")
        if self._ticker is not None:
            return self._wait_for_ticks(ready, timeout)
        return self._wait_for_others(ready, timeout)

    def _wait_for_ticks(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """With ticks: delivers here if this thread is the one that does, or that one has ended."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        began = time.monotonic()
        is_told = False
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            if self._takes_turn():
                if self._pump(ready, None if timeout is None else left):
                    return True
            elif self._wait_for_others(ready, min(left, LOOKS_EVERY)):
                return True
            now = time.monotonic()
            if now >= deadline:
                return False
            if not is_told and now - max(began, self._ticked_at) >= TICKS_WITHIN:
                is_told = True
                self._tell_that_nobody_ticks()

    def _takes_turn(self) -> bool:
        """Whether the calling thread is the one that delivers; it becomes that if the former one has ended."""
        here, ticker = threading.current_thread(), self._ticker
        if ticker is not here and ticker is not None and not ticker.is_alive():
            self._ticker = here
            self._inbox.look()  # whoever did so at the same time lets go
        return self._ticker is here

    def _tell_that_nobody_ticks(self) -> None:
        name = self._ticker.name if self._ticker is not None else ""
        self._log.warning(
            "a thread waits for callbacks that run in tick(), which the thread %r has not called for %g seconds",
            name,
            TICKS_WITHIN,
        )

    def _wait_for_others(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        with self._changed:
            self._watchers += 1
            try:
                self._changed.wait_for(lambda: ready() or self._is_over, timeout)
            finally:
                self._watchers -= 1
        if ready():
            return True
        if self._is_over:
            raise self._ended()
        return False

    def wait_until_or_fail(self, ready: Callable[[], bool], timeout: float | None, otherwise: str) -> None:
        """For subscriptions: raises :class:`~stdbpy.errors.CallTimeout`, too."""
        if timeout is None:
            timeout = self.call_timeout
        if not self.wait_until(ready, timeout):
            assert timeout is not None
            raise CallTimeout(f"{otherwise} after {seconds(timeout)}")

    async def wait_until_async(self, ready: Callable[[], bool], timeout: float | None) -> bool:  # noqa: ARG002
        raise WouldDeadlock("the connection is synchronous, and cannot be awaited", hint="Use `for`, or connect_async.")

    @property
    def _is_over(self) -> bool:
        """No callback will ever run again."""
        if self._session.state is not State.CLOSED or self._deliveries.is_running:
            return False
        # A thread that stopped the link leaves behind what its socket told then.
        has_stopped = self._thread is not None and self._stopped is not None and self._stopped.done()
        return has_stopped or not self._inbox

    def _pump(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """Delivers here until ``ready()`` is true, or another thread ticks: then, or in time, it is not."""
        here = threading.current_thread()
        deadline = None if timeout is None else time.monotonic() + timeout

        def remaining() -> float | None:
            return None if deadline is None else max(deadline - time.monotonic(), 0.0)

        if not self._turn.acquire(timeout=-1 if timeout is None else timeout):
            return ready()
        try:
            with self._deliveries.interrupts:
                self._deliveries.run()
                while self._ticker is here:
                    if ready():
                        return True
                    if self._is_over:
                        raise self._ended()
                    if not self._wait_for_arrival(remaining()):
                        return False
                    self._deliver(self._inbox.take())
        finally:
            self._turn.release()
        return ready()

    def _wait_for_arrival(self, timeout: float | None) -> bool:
        interrupts = self._deliveries.interrupts
        interrupts.is_welcome = True
        try:
            interrupts.take_effect()
            return self._inbox.wait(timeout)
        finally:
            interrupts.is_welcome = False

    def look_again(self) -> None:
        self._inbox.put(None)

    def _refuse_inside_callback(self, what: str, *, hint: str = "") -> None:
        if self._deliveries.is_here:
            raise WouldDeadlock(
                f"{what} would wait inside of a callback for what can only be told after it",
                hint=hint or "Use ctx.reducers or send, which do not wait.",
            )

    # --- what the base needs -------------------------------------------------------------------

    def _call_reducer(self, name: str, arguments: tuple[object, ...]) -> None:
        self._refuse_inside_callback(f"reducer {name!r}")
        self._send_reducer(name, arguments).result()

    def _call_procedure(self, name: str, arguments: tuple[object, ...]) -> Any:
        self._refuse_inside_callback(f"procedure {name!r}")
        return self._send_procedure(name, arguments).result()

    def _arrived(self, arrival: Arrival) -> None:
        self._inbox.put(arrival)

    def _full_or_not(self) -> None:
        if self._io.is_here:
            self._hold_back()
        else:
            self._on_loop(self._hold_back)

    def _hold_back(self) -> None:
        self._link.hold_back(self._inbox.is_full)

    def _caught_up(self) -> None:
        """The queue wakes who waits for it."""

    def _source(self, table: str) -> TableSource:
        return TableSource(self._session.cache.tables[table], self, self.lock)

    def _check_loop(self) -> None:
        """Any thread may use it."""

    def _sender(self, ask: Callable[[str, tuple[Any, ...]], Any]) -> Invoke[PendingCall[Any]]:
        lock = self.lock

        def send(name: str, arguments: tuple[object, ...]) -> PendingCall[Any]:
            with lock:
                call: PendingCall[Any] = ask(name, arguments)
                return call

        return send

    def _flush_soon(self) -> None:
        link = self._link
        if not link.is_flush_due:
            link.is_flush_due = True
            self._on_loop(link.flush)

    def _on_loop(self, function: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the event loop is gone with the connection
            self._io.call_soon(function, *arguments)
