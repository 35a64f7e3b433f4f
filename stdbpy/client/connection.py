"""What live connections have in common, whichever thread or event loop runs them."""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from stdbpy.client.binding import ModuleBinding
from stdbpy.client.calls import Invoke
from stdbpy.client.connection_log import ConnectionLog, with_hint
from stdbpy.client.contexts import EventContext
from stdbpy.client.deliveries import Deliveries
from stdbpy.client.delivery_steps import DeliverySteps, Hooks
from stdbpy.client.event_bus import EventBus
from stdbpy.client.examination import Examination
from stdbpy.client.link import Arrival, Link, Lost, Opened
from stdbpy.client.named_tables import NamedTables
from stdbpy.client.options import Settings
from stdbpy.client.pending_call import PendingCall
from stdbpy.client.query import Query
from stdbpy.client.query_rows import QueryRows
from stdbpy.client.stats import Counters, Stats
from stdbpy.client.subscription_queries import queries_for_all, text_of
from stdbpy.client.tables import TableSource
from stdbpy.client.transactions import Transactions
from stdbpy.errors import CallTimeout, ConnectionClosed, NoSuchDatabase, ProtocolError, StdbError, seconds
from stdbpy.protocol.catalog import Catalog
from stdbpy.protocol.deliveries import Connected
from stdbpy.protocol.reconnecting import Retry
from stdbpy.protocol.session import Session, State
from stdbpy.sats.values import ConnectionId, Identity

if TYPE_CHECKING:
    from stdbpy.client.runtime_module import RuntimeModule

Row = TypeVar("Row")


@dataclass(frozen=True)
class GeneratedClient:
    """What generated code gives a connection: the module, and the classes that make it typed."""

    module: ModuleBinding
    tables: Callable[[Callable[[str], TableSource]], Any]
    """Makes the object whose attributes are the handles of tables, given the source of each by its name."""
    reducers: Callable[[Invoke[Any]], Any]
    procedures: Callable[[Callable[..., Any]], Any]
    pending_procedures: Callable[[Callable[..., Any]], Any]
    context: type[EventContext] = EventContext
    is_of_database: bool = False
    """It was made from the schema of the database, which it therefore fits."""


def runtime_client(module: RuntimeModule) -> GeneratedClient:
    """What stands for generated code where there is none."""
    return GeneratedClient(
        module, module.tables, module.reducers, module.procedures, module.procedures, is_of_database=True
    )


class LiveConnection(ABC):
    """A client of one database: its cached rows, and calls, over a websocket that is opened again when lost.

    The base of :class:`~stdbpy.client.Connection` and :class:`~stdbpy.client.AsyncConnection`; generated
    code has subclasses of those, with the handles of the module's tables as attributes.
    """

    generated: ClassVar[GeneratedClient | None] = None
    """The module that the class is for; ``None``: its schema is asked for when connecting."""

    db: Any
    """The tables: ``connection.db.player`` is ``connection.player``, and ``ctx.db.player`` in callbacks."""
    send: Any
    """The reducers, as calls that are sent and not waited for: each gives a :class:`PendingCall`."""
    send_procedures: Any
    """The procedures, as calls that are sent and not waited for: each gives a :class:`PendingCall`."""

    def __init__(self, settings: Settings, generated: GeneratedClient, lock: AbstractContextManager[object]) -> None:
        self._settings = settings
        self._lock = lock
        self._log = ConnectionLog(settings.session.database)
        self._counters = Counters()
        self._session = Session(
            generated.module.catalog,
            settings.session,
            clock=time.perf_counter,
            random=random.random,
            request_factory=PendingCall,
            driver=self,
            outgoing=self._outgoing,
        )
        self._session.handshake()  # raises here, for the caller, what is wrong with the options
        self._hooks = Hooks()
        self.event_bus = EventBus(self._log)
        """What happens to the connection, for tools."""
        self._steps = DeliverySteps(
            self,
            generated.module,
            self._session,
            self._hooks,
            self._counters,
            generated.context,
            self.event_bus,
            self._log,
        )
        self._steps.on_identity = self._identified
        self._deliveries = Deliveries(self._steps.of, self._log, self.event_bus, self._spawner())
        self._generated = generated
        is_examined = settings.check_schema and not generated.is_of_database
        self._examination = Examination(settings, generated.module if is_examined else None)
        self._link = Link(
            self._session,
            settings.socket,
            lock=lock,
            arrived=self._arrived,
            caught_up=self._caught_up,
            examine=self._examination.problem,
            advise=self._examination.advice,
            counters=self._counters,
        )
        self.call_timeout = settings.call_timeout
        """Seconds after which waiting for a call ends; ``None``: never."""
        self._send_reducer = self._sender(self._session.call_reducer)
        self._send_procedure = self._sender(self._session.call_procedure)
        self.send = generated.reducers(self._send_reducer)
        self.send_procedures = generated.pending_procedures(self._send_procedure)
        self.db = generated.tables(self._source)
        for name, handle in vars(self.db).items():
            setattr(self, name, handle)
        self.tables: Mapping[str, Any] = NamedTables(self._session.catalog, self._source)
        """The handles of all tables and views by the names that SQL has for them, without their types."""

    # --- who it is -----------------------------------------------------------------------------

    @property
    def uri(self) -> str:
        """The server's address."""
        return self._settings.session.server

    @property
    def database(self) -> str:
        """The name or identity that was connected to."""
        return self._settings.session.database

    @property
    def identity(self) -> Identity | None:
        """Who the client is to the server; ``None`` before it has said so."""
        return self._session.identity

    @property
    def connection_id(self) -> ConnectionId | None:
        """Of the present connection, or the last one."""
        return self._session.connection_id

    @property
    def token(self) -> str | None:
        """What proves the identity the next time. Whoever has it can act as this client."""
        return self._session.token

    @property
    def catalog(self) -> Catalog:
        """What the client knows of the module: tables, reducers and procedures by the names that messages have."""
        return self._session.catalog

    @property
    def state(self) -> State:
        return self._session.state

    @property
    def is_connected(self) -> bool:
        """Whether calls can be made now."""
        return self._session.state is State.CONNECTED

    @property
    def error(self) -> StdbError | None:
        """Why the connection ended for good, if not by ``close``."""
        return self._session.error

    def __repr__(self) -> str:
        identity = "" if self.identity is None else f" as {self.identity.hex()[:8]}"
        return f"<{type(self).__name__} {self.database} on {self.uri}, {self.state.value}{identity}>"

    # --- what callbacks there are --------------------------------------------------------------

    def on_connect(self, callback: Callable[[Self, Identity, str], object]) -> Callable[[Self, Identity, str], object]:
        """Calls ``callback(connection, identity, token)`` when the first connection stands; also a decorator."""
        return self._hooks.add(self._hooks.on_connect, callback)

    def on_reconnect(self, callback: Callable[[Self], object]) -> Callable[[Self], object]:
        """Calls ``callback(connection)`` when a lost connection is back, before the rows that changed
        meanwhile are told. Subscriptions come back by themselves."""
        return self._hooks.add(self._hooks.on_reconnect, callback)

    def on_disconnect(
        self, callback: Callable[[Self, StdbError | None], object]
    ) -> Callable[[Self, StdbError | None], object]:
        """Calls ``callback(connection, error)`` whenever an established connection ends: ``error`` is ``None`` after
        ``close``. It may come back: see :meth:`on_closed`."""
        return self._hooks.add(self._hooks.on_disconnect, callback)

    def on_connect_error(self, callback: Callable[[Self, StdbError], object]) -> Callable[[Self, StdbError], object]:
        """Calls ``callback(connection, error)`` whenever an attempt to connect fails."""
        return self._hooks.add(self._hooks.on_connect_error, callback)

    def on_closed(
        self, callback: Callable[[Self, StdbError | None], object]
    ) -> Callable[[Self, StdbError | None], object]:
        """Calls ``callback(connection, error)`` once, when it is over for good: ``error`` is why trying again would
        not help, and ``None`` after ``close``."""
        return self._hooks.add(self._hooks.on_closed, callback)

    def on_event(self, callback: Callable[[Any], object]) -> Callable[[Any], object]:
        """Calls ``callback(ctx)`` for everything that changes rows, and for calls that failed: ``ctx.event``
        says what it was. It runs before the callbacks of the rows."""
        return self._hooks.add(self._hooks.on_event, callback)

    def on_call_timeout(self, callback: Callable[[PendingCall[Any]], object]) -> Callable[[PendingCall[Any]], object]:
        """Calls ``callback(call)`` when somebody gives up waiting for a call or query; where that was, not
        where callbacks run. Subscriptions are no calls: who waits for one is told by ``CallTimeout`` alone."""
        return self._hooks.add(self._hooks.on_call_timeout, callback)

    def on_callback_error(
        self, callback: Callable[[Callable[..., object], BaseException], object]
    ) -> Callable[[Callable[..., object], BaseException], object]:
        """Calls ``callback(failed, error)`` when a callback raises, instead of logging it."""
        return self._hooks.add(self._deliveries.on_error, callback)

    def transactions(self, timeout: float | None = None) -> Transactions:
        """What happens to the subscribed rows of all tables from now on, as a stream for ``for`` or ``async for``:
        all that came with one message at a time.

        It ends after ``timeout`` seconds without anything (``None``: it waits on), and when the connection is
        closed.
        """
        return Transactions(self._session.cache.tables.values(), self._hooks.on_transaction, self, timeout)

    # --- numbers -------------------------------------------------------------------------------

    def stats(self) -> Stats:
        """What the connection has done so far."""
        counters, session = self._counters, self._session
        return Stats(
            connections=counters.connections,
            messages_in=counters.messages_in,
            messages_out=counters.messages_out,
            bytes_in=counters.bytes_in,
            bytes_out=counters.bytes_out,
            transactions=counters.transactions,
            rows_changed=counters.rows_changed,
            calls_pending=session.requests_made - counters.calls_finished,
            calls_finished=counters.calls_finished,
            calls_failed=counters.calls_failed,
            callbacks_failed=self._deliveries.failed,
            rows_cached=sum(map(len, session.cache.tables.values())),
            subscriptions=len(self._steps.subscriptions),
            latency=counters.latency.copy(),
        )

    # --- calls ---------------------------------------------------------------------------------

    def _send_query(self, query: Query[Row] | str) -> PendingCall[QueryRows[Row]]:
        with self._lock:
            call: Any = self._session.query(text_of(query))
        call.convert_with(partial(QueryRows.read, self._session.catalog))
        return cast("PendingCall[QueryRows[Row]]", call)

    @property
    def calls_pending(self) -> int:
        """Calls and queries that have no answer yet."""
        return self._session.requests_pending

    def timed_out(self, call: PendingCall[Any], timeout: float) -> StdbError:
        for hook in tuple(self._hooks.on_call_timeout):
            hook(call)
        return CallTimeout(
            f"{call.kind} {call.name!r} has no answer after {seconds(timeout)}",
            hint="It may still run: its answer is taken when it comes.",
        )

    def failed_unseen(self, kind: str, name: str, error: StdbError) -> None:
        self._log.error("%s %r failed, and nothing asked for its outcome: %s", kind, name, with_hint(error))

    def _all_tables(self) -> list[str]:
        return queries_for_all(self._generated.module.schema)

    def _outgoing(self) -> None:
        """The session is to have something to send."""
        self._check_loop()
        self._flush_soon()

    # --- what arrives --------------------------------------------------------------------------

    def _take_in(self, arrival: Arrival | None) -> None:
        """Lets the session have what arrived, and queues the callbacks for it. ``None``: there is something
        to tell already."""
        session = self._session
        with self._lock:
            kind = type(arrival)
            if kind is bytes or kind is str:
                self._receive(arrival)  # type: ignore[arg-type]  # mypy does not follow `type`, which is quicker
            elif isinstance(arrival, Opened):
                self._take_opened(arrival)
            elif isinstance(arrival, Lost):
                self._take_lost(arrival)
            deliveries = session.take_deliveries()
            broken = session.hang_up
        if broken is not None and session.state is not State.CLOSED:
            self._on_loop(self._link.hang_up)
        if deliveries:
            if type(deliveries[0]) is Connected:  # which is what subscriptions waited for
                self._flush_soon()
            self._deliveries.add(deliveries)

    def _receive(self, message: bytes | str) -> None:
        try:
            self._session.receive(message)
        except Exception as error:  # noqa: BLE001  # none is expected
            # What the cache holds then is uncertain, so that it is no use to go on.
            self._log.exception("a message could not be taken in")
            self._session.hang_up = ProtocolError(f"a message could not be taken in: {error!r}")

    def _take_opened(self, opened: Opened) -> None:
        self._session.opened(opened.subprotocol)
        if opened.problem is not None:
            self._session.hang_up = opened.problem

    def _take_lost(self, lost: Lost) -> None:
        if lost.problem is not None and self._session.hang_up is None:
            self._session.hang_up = lost.problem
        verdict = self._session.lost(lost.reason, code=lost.code, status=lost.status)
        if lost.hint and isinstance(verdict.error, NoSuchDatabase):
            verdict.error.hint = lost.hint
        self._settings.explain(verdict.error)
        if isinstance(verdict, Retry):
            self._on_loop(self._link.start, verdict.seconds)

    def _identified(self, connected: Connected) -> None:
        """Who the client is, is known: the log says so, and the token is kept if it is to be."""
        self._log.known_as(connected.identity.hex())
        store, token = self._settings.token_store, self._session.token
        if store is not None and token is not None and token != self._settings.kept_token:
            self._settings.kept_token = token
            try:
                store.save(self.uri, self.database, token)
            except StdbError as error:
                self._log.error("the token could not be kept: %s", error)

    def _ended(self) -> StdbError:
        """What is raised for what can no longer happen."""
        return self._session.error or ConnectionClosed(f"the connection to {self.database!r} was closed")

    # --- what the kinds of connections do ------------------------------------------------------

    @abstractmethod
    def begin(self) -> None:
        """Begins to connect, and does not wait for it."""

    @abstractmethod
    def wait_for(self, call: PendingCall[Any], timeout: float | None) -> None:
        """Returns when ``call`` is settled: see :class:`~stdbpy.client.pending_call.Waiter`."""

    @abstractmethod
    def wait_until(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """See :class:`~stdbpy.client.tables.source.Waiting`."""

    @abstractmethod
    async def wait_until_async(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """See :class:`~stdbpy.client.tables.source.Waiting`."""

    @abstractmethod
    def look_again(self) -> None:
        """See :class:`~stdbpy.client.tables.source.Waiting`."""

    @abstractmethod
    def _arrived(self, arrival: Arrival) -> None:
        """The link tells what arrived."""

    @abstractmethod
    def _caught_up(self) -> None:
        """The link has told all there was."""

    @abstractmethod
    def _source(self, table: str) -> TableSource: ...

    @abstractmethod
    def _sender(self, ask: Callable[[str, tuple[Any, ...]], Any]) -> Invoke[PendingCall[Any]]:
        """What generated methods call, which has the session ``ask`` for a call."""

    @abstractmethod
    def _check_loop(self) -> None:
        """Raises :class:`~stdbpy.errors.ClientError` where the connection cannot be used from."""

    @abstractmethod
    def _flush_soon(self) -> None:
        """Has the link send what the session has to send."""

    @abstractmethod
    def _on_loop(self, function: Callable[..., object], *arguments: object) -> None:
        """Has the event loop of the link call it."""

    def _spawner(self) -> Callable[[Coroutine[Any, Any, object], Callable[..., object]], object] | None:
        """What runs the coroutines that callbacks give, if anything does."""
        return None
