"""Everything of a live connection but the socket: requests, subscriptions, the cache, reconnection.

A session outlives its connections. A driver connects as :meth:`Session.handshake` says, tells
:meth:`~Session.opened`, passes each whole message to :meth:`~Session.receive` and writes what
:meth:`~Session.take_outgoing` gives. After each of these (and after each request of the user) it runs
what :meth:`~Session.take_deliveries` gives, and closes the socket if :attr:`~Session.hang_up` says so.
When the socket is gone, or never came about, :meth:`~Session.lost` says whether and when to try again.

Nothing here waits, reads a clock of its own or locks: one thread at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import Any

from stdbpy.errors import (
    ConnectionClosed,
    ConnectionLost,
    DecodeError,
    IdentityChanged,
    ProcedureFailed,
    ProtocolError,
    QueryFailed,
    StdbError,
    hint_for_bug,
    without_backtrace,
)
from stdbpy.protocol import incoming, requests
from stdbpy.protocol.asking import CallWriters, QueryWriters, asker
from stdbpy.protocol.cache import ClientCache
from stdbpy.protocol.catalog import Catalog
from stdbpy.protocol.deliveries import AttemptFailed, Connected, Delivery, Disconnected, Ended, RequestFinished
from stdbpy.protocol.dialect import Dialect, dialect_for
from stdbpy.protocol.events import TRANSACTION, ReconnectedEvent, ReducerEvent
from stdbpy.protocol.functions import decode_returned, failure_of
from stdbpy.protocol.handshake import V2, V3, Handshake, handshake_for
from stdbpy.protocol.losses import end_of, failed_opening, refusal
from stdbpy.protocol.options import SessionOptions
from stdbpy.protocol.outbox import Outbox
from stdbpy.protocol.pending import PendingRequest, PendingRequests, RequestFactory
from stdbpy.protocol.reconnecting import Reconnection, Retry, Stop, Verdict
from stdbpy.protocol.replica import Replica
from stdbpy.protocol.requests import check_text
from stdbpy.protocol.subscription import Phase, SubscriptionState
from stdbpy.sats.values import ConnectionId, Identity

log = logging.getLogger(__name__)


class State(Enum):
    """Where a session stands."""

    CONNECTING = "connecting"
    """There was no connection yet."""
    CONNECTED = "connected"
    """The server has said who the client is: requests can be made."""
    RECONNECTING = "reconnecting"
    """The connection was lost and is to come back."""
    CLOSED = "closed"
    """Over, by ``close`` or by an error."""


class Session:
    """One client of one database. See the module for what a driver does with it.

    ``clock`` gives seconds (for the times of requests), ``random`` numbers in [0, 1) (for the delays of
    reconnections). ``request_factory`` makes the requests, which a driver may derive from; each is told of the
    ``driver``. Before a request is made that is the first one to be sent since :meth:`take_outgoing`, ``outgoing``
    is called; if that raises, the request is not made.
    """

    def __init__(
        self,
        catalog: Catalog,
        options: SessionOptions,
        *,
        clock: Callable[[], float],
        random: Callable[[], float],
        request_factory: RequestFactory = PendingRequest,
        driver: object = None,
        outgoing: Callable[[], object] = lambda: None,
    ) -> None:
        self.catalog = catalog
        self.options = options
        self._replica = Replica(ClientCache(catalog))
        self.cache = self._replica.cache
        self.state = State.CONNECTING
        self.identity: Identity | None = None
        self.connection_id: ConnectionId | None = None
        """Of the present connection, or the last one."""
        self.token = options.token
        """What the next connection shows; the server's own, once it has given one. May be replaced by a fresh one."""
        self.error: StdbError | None = None
        """Why the session ended, if not by :meth:`close`."""
        self.hang_up: StdbError | None = None
        """Set when the connection is of no more use: the driver closes the socket, then tells :meth:`lost`."""
        self._clock = clock
        self._pending = PendingRequests(request_factory, driver)
        self._outbox = Outbox(outgoing)
        self._reducers = CallWriters("reducer", catalog.reducers, self._connected)
        self._procedures = CallWriters("procedure", catalog.procedures, self._connected)
        ask = partial(asker, pending=self._pending, outbox=self._outbox, clock=clock)
        self.call_reducer = ask("reducer", self._reducers)
        """Asks for a run of a reducer: see :data:`~stdbpy.protocol.asking.Ask`."""
        self.call_procedure = ask("procedure", self._procedures)
        """The same for a procedure."""
        self._ask_query = ask("query", QueryWriters(self._connected))
        self._dialect: Dialect | None = None
        self._reconnection = Reconnection(options.reconnect, random)
        self._handlers: dict[type, Callable[[Any], None]] = {
            incoming.IdentityReceived: self._identity_received,
            incoming.TransactionUpdate: self._transaction,
            incoming.ReducerResult: self._reducer_result,
            incoming.ProcedureResult: self._procedure_result,
            incoming.QueryResult: self._query_result,
            incoming.SubscribeApplied: self._replica.applied,
            incoming.UnsubscribeApplied: self._replica.unsubscribed,
            incoming.SubscriptionError: self._replica.failed,
        }

    # --- the driver's side

    def handshake(self) -> Handshake:
        """Address, headers and subprotocols of the next connection."""
        return handshake_for(self.options, self.token)

    def opened(self, subprotocol: str | None) -> None:
        """The websocket is open and speaks ``subprotocol``."""
        if self.state is State.CLOSED:
            return
        self.hang_up = None
        try:
            self._dialect = dialect = dialect_for(subprotocol)
        except ProtocolError as error:
            self.hang_up = error
        else:
            self._outbox.joins = dialect.joins_frames

    def receive(self, frame: bytes | str) -> None:
        """A whole message has arrived. What cannot be understood ends the connection: see :attr:`hang_up`."""
        dialect = self._dialect
        if dialect is None or self.hang_up is not None:
            return
        try:
            for message in dialect.decode(frame):
                if self.state is not State.CONNECTED and type(message) is not incoming.IdentityReceived:
                    raise ProtocolError("the server said something else before who the client is")
                self._handlers[type(message)](message)
                if self.hang_up is not None:
                    return
        except DecodeError as error:
            self.hang_up = ProtocolError(f"the server sent what cannot be read: {error}", hint=error.hint)
        except StdbError as error:
            self.hang_up = error

    def take_outgoing(self) -> list[bytes | str]:
        """The messages to send, in order, each of them once. From here on a request counts as handed over."""
        self._pending.hand_over()
        return self._outbox.take()

    def take_deliveries(self) -> list[Delivery]:
        """What there is to tell, in order, each of it once."""
        return self._replica.take_deliveries()

    def lost(self, reason: str = "", *, code: int | None = None, status: int | None = None) -> Verdict:
        """The socket is gone, or could not be opened: what now.

        ``reason`` is what the websocket or the network said; ``code`` the websocket's close code, if there
        was one; ``status`` that of an HTTP answer that was no websocket (``reason`` is then its body).
        """
        if self.state is State.CLOSED:
            return Stop(self.error or ConnectionClosed("the connection was closed"))
        was_connected = self.state is State.CONNECTED
        if was_connected and self._replica.in_step:
            self._reconnection.succeeded()
        error = self.hang_up or self._loss(reason, code, status)
        self.hang_up = None
        self._disconnect(ConnectionLost, "the connection was lost")
        verdict = self._reconnection.judge(error, code=code, had_connected=self.identity is not None)
        retry_after = verdict.seconds if isinstance(verdict, Retry) else None
        told = Disconnected if was_connected else AttemptFailed
        self._replica.tell(told(verdict.error, retry_after))
        if isinstance(verdict, Stop):
            self._end(verdict.error)
        elif self.identity is not None:
            self.state = State.RECONNECTING
        return verdict

    def close(self) -> None:
        """Ends the session for good; what is still pending fails. The cache keeps its rows."""
        if self.state is State.CLOSED:
            return
        was_connected = self.state is State.CONNECTED
        self._disconnect(ConnectionClosed, "the connection was closed")
        if was_connected:
            self._replica.tell(Disconnected(None, None))
        self._end(None)

    # --- the user's side

    @property
    def requests_made(self) -> int:
        """How many calls and queries there have been so far."""
        return self._pending.made

    @property
    def requests_pending(self) -> int:
        """How many calls and queries have no answer yet."""
        return len(self._pending)

    def query(self, sql: str) -> PendingRequest:
        """Asks for the rows that a query gives now. Raises as :meth:`subscribe` does, and ``ConnectionLost``."""
        check_text(sql)
        return self._ask_query(sql, ())

    def subscribe(self, queries: Sequence[str]) -> SubscriptionState:
        """Subscribes to SQL queries; while there is no connection, as soon as there is one.

        Raises ``ConnectionClosed`` after the end, and ``EncodeError`` for what no message can hold.
        """
        if self.state is State.CLOSED:
            raise self._closed()
        for query in queries:  # it is kept, and would fail again with each connection
            check_text(query)
        subscription = SubscriptionState(self._pending.take_number(), tuple(queries))
        self._replica.add(subscription)
        if self.state is State.CONNECTED:
            self._ask_for([subscription])
        return subscription

    def unsubscribe(self, subscription: SubscriptionState) -> None:
        """Ends a subscription. It has ended when a ``SubscriptionEnded`` says so; ending it twice changes nothing."""
        if subscription.phase in (Phase.ENDING, Phase.ENDED):
            return
        if self.state is not State.CONNECTED:
            self._replica.leave(subscription)
            return
        subscription.phase = Phase.ENDING
        number = self._pending.take_number()
        self._outbox.put(self._connected().encode(requests.Unsubscribe(number, subscription.query_set_id)))

    # --- what the server says

    def _identity_received(self, message: incoming.IdentityReceived) -> None:
        if self.state is State.CONNECTED:
            raise ProtocolError("the server said twice who the client is")
        again = self.identity is not None
        if again and message.identity != self.identity:
            raise IdentityChanged(
                f"the server takes the client for {message.identity}, and took it for {self.identity} before",
                hint="Connect anew, with the token of the identity that is meant",
            )
        self.state = State.CONNECTED
        self.identity = message.identity
        self.connection_id = message.connection_id
        self.token = message.token
        self._replica.tell(Connected(message.identity, message.connection_id, again))
        self._ask_for(self._replica.connected(ReconnectedEvent(message.connection_id) if again else None))

    def _transaction(self, message: incoming.TransactionUpdate) -> None:
        call = message.call
        if call is None:
            self._replica.apply(TRANSACTION, message.tables)
            return
        is_own = call.caller_connection_id == self.connection_id
        request = self._own_request(call) if is_own else None
        layout = self.catalog.reducers.get(call.name)
        error = failure_of(call.outcome, layout, self.options.database, told_apart=False)
        event = ReducerEvent(
            call.name if request is None else request.name,
            call.args if request is None else request.args,
            call.timestamp,
            error,
            call.caller_identity,
            call.caller_connection_id,
            is_own=is_own,
            layout=layout,
            energy=call.energy,
            duration=call.duration,
        )
        if error is None:
            self._replica.apply(event, message.tables)
        if request is not None:
            request.event = event
            request.duration = call.duration
            self._finish(request, None, error)
        elif error is not None:
            log.warning("the server says that a call of %r failed, which was not made: %s", call.name, error)

    def _own_request(self, call: incoming.ReducerCallInfo) -> PendingRequest | None:
        if call.request_id:
            return self._pending.take(call.request_id, "reducer")
        return self._pending.take_oldest("reducer", call.name)  # what could not be run comes back without its number

    def _reducer_result(self, message: incoming.ReducerResult) -> None:
        request = self._pending.take(message.request_id, "reducer")
        if request is None:
            log.warning("the server answered call %d, which was not made", message.request_id)
            self._replica.apply(TRANSACTION, message.tables)
            return
        assert self.identity is not None, "answers come after the identity"
        layout = self.catalog.reducers.get(request.name)
        error = failure_of(message.outcome, layout, self.options.database, told_apart=True)
        request.event = event = ReducerEvent(
            request.name, request.args, message.timestamp, error, self.identity, self.connection_id, is_own=True
        )
        if error is None:
            self._replica.apply(event, message.tables)
        self._finish(request, None, error)

    def _procedure_result(self, message: incoming.ProcedureResult) -> None:
        request = self._pending.take(message.request_id, "procedure")
        if request is None:
            log.warning("the server answered call %d of a procedure, which was not made", message.request_id)
            return
        request.duration = message.duration
        if message.returned is None:
            failed = message.error or "the procedure failed"
            self._finish(
                request,
                None,
                ProcedureFailed(without_backtrace(failed), hint=hint_for_bug(failed, self.options.database)),
            )
            return
        try:
            value = decode_returned(self.catalog.procedures[request.name], message.returned)
        except DecodeError as error:
            failed = f"procedure {request.name!r} gave back what does not fit the schema: {error}"
            self._finish(
                request, None, ProtocolError(failed, hint="Generate the client anew for the database's schema")
            )
        else:
            self._finish(request, value, None)

    def _query_result(self, message: incoming.QueryResult) -> None:
        request = self._pending.take(message.request_id, "query")
        if request is None:
            log.warning("the server answered query %d, which was not asked", message.request_id)
        elif message.error is not None:
            self._finish(request, None, QueryFailed(message.error))
        else:
            self._finish(request, message.tables, None)

    # --- what follows

    def _finish(self, request: PendingRequest, value: Any, error: StdbError | None) -> None:
        request.value = value
        request.error = error
        request.finished = self._clock()
        self._replica.finish(RequestFinished(request))

    def _ask_for(self, subscriptions: list[SubscriptionState]) -> None:
        dialect = self._connected()
        if self.options.batches and len(subscriptions) > 1 and dialect.subprotocol in (V2, V3):
            sets = [requests.QuerySet(wanted.query_set_id, wanted.queries) for wanted in subscriptions]
            self._outbox.put(dialect.encode(requests.SubscribeBatch(self._pending.take_number(), sets)))
            return
        for wanted in subscriptions:
            number = self._pending.take_number()
            self._outbox.put(dialect.encode(requests.Subscribe(number, wanted.query_set_id, wanted.queries)))

    def _connected(self) -> Dialect:
        dialect = self._dialect
        if self.state is State.CONNECTED and dialect is not None:
            return dialect
        if self.state is State.CLOSED:
            raise self._closed()
        raise ConnectionLost("there is no connection at present", hint="Try again once it is back")

    def _closed(self) -> ConnectionClosed:
        reason = f": {self.error}" if self.error is not None else ""
        return ConnectionClosed(f"the connection is closed{reason}", hint="Connect anew")

    def _loss(self, reason: str, code: int | None, status: int | None) -> StdbError:
        options = self.options
        if status is not None:
            return refusal(status, reason, options)
        if self.state is State.CONNECTED:
            return end_of(reason, code)
        return failed_opening(reason, code, opened=self._dialect is not None, server=options.server)

    def _disconnect(self, failure: type[ConnectionLost], what: str) -> None:
        """Nothing comes from or goes to the server any more; what is pending fails."""
        self._dialect = None
        self._reducers.clear()
        self._procedures.clear()
        self._outbox.clear()
        self._replica.disconnected()
        for request, handed_over in self._pending.take_all():
            asked = "it may have run" if handed_over else "it did not run"
            message = f"{what} before {request.kind} {request.name!r} was answered: {asked}"
            self._finish(request, None, failure(message, may_have_run=handed_over))

    def _end(self, error: StdbError | None) -> None:
        self.state = State.CLOSED
        self.error = error
        self._replica.end(error)
        self._replica.tell(Ended(error))
