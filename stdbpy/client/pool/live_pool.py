"""What pools have in common, whether threads or an event loop use them."""

from __future__ import annotations

import logging
import random
import time
from abc import ABC, abstractmethod
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from stdbpy.client.connection import GeneratedClient, LiveConnection
from stdbpy.client.options import ConnectOptions, Settings, check_options
from stdbpy.client.pending_call import PendingCall
from stdbpy.client.pool.health import EndpointHealth
from stdbpy.client.pool.member import Member
from stdbpy.client.pool.options import Endpoint, PoolPolicy
from stdbpy.client.pool.roster import Make, Roster
from stdbpy.errors import ClientError, ConnectFailed, ConnectionClosed, ConnectionLost, StdbError, UsageError
from stdbpy.protocol.options import ReconnectPolicy
from stdbpy.protocol.reconnecting import is_final
from stdbpy.query.source import quoted

log = logging.getLogger("stdbpy.client")

L = TypeVar("L", bound=LiveConnection)
Calls_co = TypeVar("Calls_co", covariant=True)
Sent = TypeVar("Sent")


class HasReducers(Protocol[Calls_co]):
    """A connection whose ``reducers`` are of that type, which its pool's then are as well."""

    @property
    def reducers(self) -> Calls_co: ...


class HasProcedures(Protocol[Calls_co]):
    @property
    def procedures(self) -> Calls_co: ...


class LivePool(ABC, Generic[L]):
    """Connections to endpoints, their health, and the choice among them.

    ``lock`` is held while the roster is looked at or told something.
    """

    def __init__(
        self,
        connection_class: type[L],
        endpoints: Sequence[Endpoint],
        connections: int,
        at_least: int,
        prepare: Callable[[Any], object] | None,
        policy: PoolPolicy | None,
        options: ConnectOptions,
        lock: AbstractContextManager[object],
    ) -> None:
        _check_endpoints(endpoints)
        if not endpoints or connections < 1:
            raise UsageError("a pool needs an endpoint, and a connection to it")
        check_options(options)
        reconnect = options.get("reconnect", ReconnectPolicy())
        self.policy = policy or PoolPolicy()
        self._class = connection_class
        self._at_least = min(at_least, len(endpoints) * connections)
        self._prepare = prepare
        self._options = options.copy()
        self._options["reconnect"] = None if reconnect is None else replace(reconnect, first=True)
        self._lock = lock
        self._roster: Roster[L] = Roster(
            endpoints,
            connections,
            self.policy,
            reconnect or ReconnectPolicy(),
            clock=time.perf_counter,
            random=random.random,
        )
        self._generated: GeneratedClient | None = connection_class.generated
        self._facades: dict[str, Any] = {}
        self._check = ""
        self._timer: TimerHandle | None = None
        self._is_open = False

    def health(self) -> list[EndpointHealth]:
        """How each endpoint and its connections are, at this moment."""
        with self._lock:
            return self._roster.health()

    def __repr__(self) -> str:
        roster = self._roster
        stands = "not open" if not self._is_open else "closing" if roster.is_draining else f"{roster.ready} ready"
        return f"<{type(self).__name__} of {len(roster.members)} connections, {stands}>"

    # --- calls ---------------------------------------------------------------------------------

    def _send(self, send: Callable[[L], Sent]) -> Sent:
        """Has the least busy connection send something. Raises :class:`~stdbpy.errors.NoConnectionAvailable`,
        ``ConnectionClosed``, and what ``send`` raises."""
        while True:
            connection = self._choose()
            try:
                return send(connection)
            except ConnectionLost:
                # It was lost since it was chosen and has sent nothing; that it is lost excludes it now.
                if connection.is_connected:
                    raise

    def _choose(self) -> L:
        self._check_open()
        with self._lock:
            connection = self._roster.choose().connection
        assert connection is not None, "who is chosen is connected"
        return connection

    def _check_open(self) -> None:
        if not self._is_open:
            raise ClientError("the pool is not open", hint="Use it as a context manager, or call open().")

    def _calls(self, kind: str) -> Any:
        """The object whose methods are calls of that kind, which is made once the module is known."""
        self._check_open()
        return self._facades[kind]

    def _send_reducer(self, name: str, arguments: tuple[object, ...]) -> PendingCall[None]:
        return self._send(lambda connection: connection._send_reducer(name, arguments))  # noqa: SLF001  # of one room

    def _send_procedure(self, name: str, arguments: tuple[object, ...]) -> PendingCall[Any]:
        return self._send(lambda connection: connection._send_procedure(name, arguments))  # noqa: SLF001  # of one room

    # --- opening -------------------------------------------------------------------------------

    def _is_to_open(self) -> bool:
        """``False`` if it is open already. Raises ``ConnectionClosed`` once it was closed."""
        if self._roster.is_draining:
            raise ConnectionClosed("the pool was closed", hint="Make another one.")
        return not self._is_open

    def _all_settings(self) -> list[Settings]:
        return [self._settings(site.endpoint) for site in self._roster.sites]

    def _settings(self, endpoint: Endpoint) -> Settings:
        options = self._options
        if endpoint.token is not None:
            options = cast("ConnectOptions", {**options, "token": endpoint.token})
        return Settings(endpoint.uri, endpoint.database, options)

    def _start(self, generated: GeneratedClient) -> None:
        """Begins to make the connections. Called once the module is known."""
        self._generated = generated
        self._facades = self._make_facades(generated)
        self._check = _check_query(generated)
        self._is_open = True
        self._on_loop(self._look_after)

    def _is_decided(self) -> bool:
        """Enough connections stand, or none will."""
        return self._roster.ready >= self._at_least or all(
            site.last_error is not None and is_final(site.last_error) for site in self._roster.sites
        )

    def _raise_if_too_few(self) -> None:
        if self._roster.ready >= self._at_least:
            return
        errors = [site.last_error for site in self._roster.sites if site.last_error is not None]
        if errors:
            raise errors[0]
        raise ConnectFailed(
            "the connections of the pool did not come about in time",
            hint="A longer connect_timeout waits for them; what `prepare` subscribes to is waited for as well.",
        )

    # --- looking after the connections, on the event loop --------------------------------------

    def _look_after(self) -> None:
        """Does what is due, and comes back when something is again."""
        with self._lock:
            duties = [] if self._is_over else self._roster.duties()
        for duty in duties:
            if isinstance(duty, Make):
                self._have_made(duty.member)
            else:
                self._check_on(duty.member)
        with self._lock:
            due = None if self._is_over else self._roster.next_due
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer = self._loop.call_later(max(due - time.perf_counter(), 0.0), self._look_after)

    def _make(self, member: Member[L]) -> None:
        """Makes a connection for a place, and has it begin to connect."""
        try:
            connection = self._new_connection(self._settings(member.site.endpoint))
        except StdbError as error:
            with self._lock:
                self._roster.not_reached(member, error)
            self._changed()
            return
        connection.on_connect(lambda *_: self._came_up(member, connection))
        connection.on_reconnect(lambda _: self._came_up(member, connection))
        connection.on_disconnect(lambda _, error: self._disconnected(member, connection, error))
        connection.on_connect_error(lambda _, error: self._not_reached(member, connection, error))
        connection.on_call_timeout(lambda call: self._call_timed_out(member, connection, call))
        with self._lock:
            member.take(connection)
        try:
            if self._prepare is not None:
                self._prepare(connection)
        except Exception as error:
            log.exception("a connection of the pool to %s could not be prepared", member.site.endpoint)
            failure = ClientError(f"`prepare` failed: {error!r}")
            failure.__cause__ = error
            with self._lock:
                member.connection = None
                self._roster.not_reached(member, failure)
            self._discard(connection)
            self._changed()
            return
        subscriptions = tuple(connection._steps.subscriptions.values())  # noqa: SLF001  # of one room
        for subscription in subscriptions:
            subscription.on_applied(lambda _: self._changed())
            subscription.on_ended(lambda _: self._changed())
        with self._lock:
            member.prepared = subscriptions
        connection.begin()

    def _check_on(self, member: Member[L]) -> None:
        connection = member.connection
        if connection is None:
            return
        try:
            call: PendingCall[Any] = connection._send_query(self._check)  # noqa: SLF001  # of one room
        except ConnectionLost:
            return  # which is told as well
        call.when_settled(partial(self._checked, member, connection, call))

    def _is_idle(self, connection: L) -> bool:
        return connection.calls_pending == 0

    def _checked(self, member: Member[L], connection: L, call: PendingCall[Any]) -> None:
        if isinstance(call.exception(), ConnectionLost):
            return
        with self._lock:
            was_open = not member.site.breaker.passes
            if member.connection is connection:
                self._roster.answered(member)
            closes = was_open and member.site.breaker.passes
        if closes:
            log.info("%s answers: the pool calls it again", member.site.endpoint)
        self._changed()

    # --- what connections tell, wherever their callbacks run -----------------------------------

    def _came_up(self, member: Member[L], connection: L) -> None:
        with self._lock:
            if member.connection is connection:
                self._roster.came_up(member)
        self._changed()

    def _disconnected(self, member: Member[L], connection: L, error: StdbError | None) -> None:
        if error is not None:
            self._tell_of_failure(self._roster.lost, member, connection, error)
            return
        with self._lock:
            if member.connection is connection:
                self._roster.closed(member)
        self._changed()

    def _not_reached(self, member: Member[L], connection: L, error: StdbError) -> None:
        self._tell_of_failure(self._roster.not_reached, member, connection, error)

    def _call_timed_out(self, member: Member[L], connection: L, call: PendingCall[Any]) -> None:
        error = ConnectionLost(f"{call.kind} {call.name!r} was given up without an answer", may_have_run=True)
        self._tell_of_failure(self._roster.call_timed_out, member, connection, error)

    def _tell_of_failure(
        self, tell: Callable[[Member[L], StdbError], object], member: Member[L], connection: L, error: StdbError
    ) -> None:
        breaker = member.site.breaker
        with self._lock:
            passed = breaker.passes
            if member.connection is connection and not self._roster.is_draining:
                tell(member, error)
            opens = passed and not breaker.passes
        if opens:
            log.warning("the pool does not call %s for now: %s", member.site.endpoint, error)
        self._changed()

    # --- what the kinds of pools do ------------------------------------------------------------

    @property
    @abstractmethod
    def _loop(self) -> AbstractEventLoop:
        """Where timers run, and connections are looked after."""

    @property
    @abstractmethod
    def _is_over(self) -> bool:
        """Nothing is to be looked after any more."""

    @abstractmethod
    def _new_connection(self, settings: Settings) -> L: ...

    @abstractmethod
    def _make_facades(self, generated: GeneratedClient) -> dict[str, Any]:
        """What the pool has for calls, by the names of its attributes."""

    @abstractmethod
    def _have_made(self, member: Member[L]) -> None:
        """Has :meth:`_make` make a connection, without waiting for it."""

    @abstractmethod
    def _discard(self, connection: L) -> None:
        """Closes a connection that has not begun to connect."""

    @abstractmethod
    def _on_loop(self, function: Callable[[], object]) -> None:
        """Has the event loop call it."""

    @abstractmethod
    def _changed(self) -> None:
        """Something happened: wakes who waits for a connection or for the end, and has the duties looked at."""


def _check_endpoints(endpoints: object) -> None:
    """Raises :class:`UsageError` for what is no list of them."""
    such_as = 'Such as: [Endpoint("http://127.0.0.1:3000", "game")]'
    if isinstance(endpoints, (Endpoint, str)) or not isinstance(endpoints, Sequence):
        raise UsageError(
            f"a pool takes its endpoints as a list of them, not a {type(endpoints).__name__}", hint=such_as
        )
    for endpoint in endpoints:
        if not isinstance(endpoint, Endpoint):
            raise UsageError(f"an endpoint of a pool is an Endpoint, not a {type(endpoint).__name__}", hint=such_as)


def _check_query(generated: GeneratedClient) -> str:
    """A query that costs nearly nothing. Where there is no table to count, its refusal is as good an answer."""
    for prefix, module in generated.module.schema.walk():
        for table in module.tables:
            if table.is_public:
                return f"SELECT COUNT(*) AS rows FROM {quoted(prefix + table.name)}"  # noqa: S608  # the schema's own
    return "SELECT 1"
