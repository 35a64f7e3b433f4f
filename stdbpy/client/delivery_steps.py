"""Which callbacks run for what a session has to tell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from stdbpy.client.binding import ModuleBinding
from stdbpy.client.connection_log import ConnectionLog, with_hint
from stdbpy.client.contexts import EventContext
from stdbpy.client.event_bus import EventBus
from stdbpy.client.pending_call import PendingCall
from stdbpy.client.refused_queries import explain
from stdbpy.client.row_calls import Step, steps_for
from stdbpy.client.stats import Counters
from stdbpy.errors import QueryFailed, StdbError, SubscriptionFailed
from stdbpy.protocol.cache import TableChanges
from stdbpy.protocol.deliveries import (
    AttemptFailed,
    Connected,
    Delivery,
    Disconnected,
    Ended,
    RequestFinished,
    RowsChanged,
    SubscriptionApplied,
    SubscriptionEnded,
)
from stdbpy.protocol.session import Session
from stdbpy.protocol.subscription import SubscriptionState

if TYPE_CHECKING:
    from stdbpy.client.connection import LiveConnection
    from stdbpy.client.subscriptions import AnySubscription

Hook = TypeVar("Hook", bound=Callable[..., object])


_NO_STEPS: Iterator[Step] = iter(())


class Hooks:
    """The callbacks of a connection itself; those of rows are with their tables."""

    def __init__(self) -> None:
        self.on_connect: list[Callable[..., object]] = []
        self.on_reconnect: list[Callable[..., object]] = []
        self.on_disconnect: list[Callable[..., object]] = []
        self.on_connect_error: list[Callable[..., object]] = []
        self.on_closed: list[Callable[..., object]] = []
        self.on_call_timeout: list[Callable[..., object]] = []
        self.on_event: list[Callable[..., object]] = []
        self.on_transaction: list[Callable[..., object]] = []
        """Those of streams of transactions."""

    @staticmethod
    def add(kind: list[Callable[..., object]], hook: Hook) -> Hook:
        """Raises ``TypeError`` for what cannot be called."""
        if not callable(hook):
            raise TypeError(f"a callback is a function, not {hook!r}")
        kind.append(hook)
        return hook


class DeliverySteps:
    """Turns each delivery into the callbacks to run, and keeps the connection's numbers."""

    def __init__(
        self,
        connection: LiveConnection,
        module: ModuleBinding,
        session: Session,
        hooks: Hooks,
        counters: Counters,
        context: type[EventContext],
        bus: EventBus,
        log: ConnectionLog,
    ) -> None:
        self._bus = bus
        self._log = log
        self._connection = connection
        self._module = module
        self._session = session
        self._hooks = hooks
        self._counters = counters
        self._context = context
        self.subscriptions: dict[int, AnySubscription] = {}
        """Those that have not ended, by their query set."""
        self.has_connected = False
        """There was a connection, and the callbacks for that have run."""
        self.on_identity: Callable[[Connected], object] = lambda _: None
        self._kinds: dict[type, Callable[[Any], Iterator[Step]]] = {
            RowsChanged: self._rows_changed,
            RequestFinished: self._request_finished,
            SubscriptionApplied: self._subscription_applied,
            SubscriptionEnded: self._subscription_ended,
            Connected: self._connected,
            Disconnected: self._disconnected,
            AttemptFailed: self._attempt_failed,
            Ended: self._ended,
        }

    def of(self, delivery: Delivery) -> Iterator[Step]:
        return self._kinds[type(delivery)](delivery)

    def _rows_changed(self, delivery: RowsChanged) -> Iterator[Step]:
        counters = self._counters
        counters.transactions += 1
        if self._bus.wants_details:
            changed = {changes.table: changes.count for changes in delivery.changes}
            self._bus.publish("rows_changed", event=repr(delivery.event), tables=changed)
        told = []
        for changes in delivery.changes:
            counters.rows_changed += changes.count
            if changes.inserted or changes.deleted or changes.updated:
                told.append(changes)
        hooks = self._hooks
        if hooks.on_event or hooks.on_transaction or len(told) > 1:
            return self._of_transaction(delivery, told)
        if not told:
            return _NO_STEPS
        [changes] = told
        listeners = self._session.cache.tables[changes.table].listeners
        return steps_for(changes, listeners, self._context(self._connection, delivery.event))

    def _of_transaction(self, delivery: RowsChanged, told: list[TableChanges]) -> Iterator[Step]:
        context = self._context(self._connection, delivery.event)
        for hook in tuple(self._hooks.on_event):
            yield hook, (context,)
        for hook in tuple(self._hooks.on_transaction):
            yield hook, (context, delivery.changes)
        tables = self._session.cache.tables
        for changes in told:
            yield from steps_for(changes, tables[changes.table].listeners, context)

    def _request_finished(self, delivery: RequestFinished) -> Iterator[Step]:
        call = delivery.request
        assert isinstance(call, PendingCall)
        counters = self._counters
        counters.calls_finished += 1
        seconds = 0.0 if call.finished is None else call.finished - call.started
        counters.latency.add(seconds)
        if isinstance(call.error, QueryFailed):
            explain(call.error, (call.name,), self._module.schema)
        if call.error is not None or self._bus.wants_details:
            error = None if call.error is None else str(call.error)
            self._bus.publish("call_finished", call=call.kind, name=call.name, seconds=seconds, error=error)
        if call.error is not None:
            counters.calls_failed += 1
            if call.event is not None and self._hooks.on_event:
                context = self._context(self._connection, call.event)
                for hook in tuple(self._hooks.on_event):
                    yield hook, (context,)
        for callback in call.settle():
            yield callback, (call,)

    def _subscription_applied(self, delivery: SubscriptionApplied) -> Iterator[Step]:
        self._bus.publish("subscribed", queries=delivery.subscription.queries)
        subscription = self.subscriptions.get(delivery.subscription.query_set_id)
        if subscription is not None:
            yield from subscription.tell_applied()

    def _subscription_ended(self, delivery: SubscriptionEnded) -> Iterator[Step]:
        state: SubscriptionState = delivery.subscription
        error = None if state.error is None else str(state.error)
        if isinstance(state.error, SubscriptionFailed):
            explain(state.error, state.queries, self._module.schema)
        self._bus.publish("subscription_ended", queries=state.queries, error=error)
        subscription = self.subscriptions.pop(state.query_set_id, None)
        if subscription is not None:
            yield from subscription.tell_ended()

    def _connected(self, delivery: Connected) -> Iterator[Step]:
        self.on_identity(delivery)
        identity, connection_id = delivery.identity.hex(), delivery.connection_id.hex()
        self._bus.publish("connected", identity=identity, connection_id=connection_id, again=delivery.again)
        self._log.info("connected again" if delivery.again else "connected")
        connection = self._connection
        if delivery.again:
            for hook in tuple(self._hooks.on_reconnect):
                yield hook, (connection,)
        else:
            for hook in tuple(self._hooks.on_connect):
                yield hook, (connection, delivery.identity, connection.token)
            self.has_connected = True

    def _disconnected(self, delivery: Disconnected) -> Iterator[Step]:
        self._tell_end("disconnected", delivery.error, delivery.retry_after)
        for hook in tuple(self._hooks.on_disconnect):
            yield hook, (self._connection, delivery.error)

    def _attempt_failed(self, delivery: AttemptFailed) -> Iterator[Step]:
        self._tell_end("attempt_failed", delivery.error, delivery.retry_after)
        for hook in tuple(self._hooks.on_connect_error):
            yield hook, (self._connection, delivery.error)

    def _ended(self, delivery: Ended) -> Iterator[Step]:
        for hook in tuple(self._hooks.on_closed):
            yield hook, (self._connection, delivery.error)

    def _tell_end(
        self, kind: Literal["disconnected", "attempt_failed"], error: StdbError | None, retry_after: float | None
    ) -> None:
        self._bus.publish(kind, error=None if error is None else str(error), retry_after=retry_after)
        if error is None:
            self._log.info("closed")
        elif retry_after is not None:
            self._log.warning("%s; trying again in %.1f s", error, retry_after)
        elif kind == "disconnected" or self.has_connected:  # else whoever connects has it raised
            hooks = self._hooks
            is_told = hooks.on_closed or (hooks.on_disconnect if kind == "disconnected" else hooks.on_connect_error)
            level = logging.INFO if is_told else logging.ERROR
            self._log.log(level, "%s; not trying again", with_hint(error))
