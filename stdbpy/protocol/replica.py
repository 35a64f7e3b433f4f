"""The subscriptions of a session and the cache that they fill, through connections that come and go.

After a reconnection the server tells all rows of all subscriptions anew. They go into a *shadow* of the
cache until every subscription has its answer; then only what differs is changed and told. Whatever is
to be told in between is *held* until then, since the cache does not show it yet.
"""

from __future__ import annotations

from collections.abc import Sequence

from stdbpy.errors import ConnectionLost, ProtocolError, StdbError, SubscriptionFailed
from stdbpy.protocol import incoming
from stdbpy.protocol.cache import ClientCache, Shadow
from stdbpy.protocol.deliveries import Delivery, RequestFinished, RowsChanged, SubscriptionApplied, SubscriptionEnded
from stdbpy.protocol.events import ReconnectedEvent, RowEvent, SubscribeAppliedEvent, UnsubscribeAppliedEvent
from stdbpy.protocol.subscription import Phase, SubscriptionState


class Replica:
    """Applies what the server says of rows, and queues what is to be told of it."""

    __slots__ = ("_awaited", "_deliveries", "_event", "_held", "_leaving", "_shadow", "_subscriptions", "cache")

    def __init__(self, cache: ClientCache) -> None:
        self.cache = cache
        self._subscriptions: dict[int, SubscriptionState] = {}
        self._leaving: list[SubscriptionState] = []
        """Ended while away, with rows in the cache that go at the next reconciliation."""
        self._deliveries: list[Delivery] = []
        self._shadow: Shadow | None = None
        self._event: ReconnectedEvent | None = None
        self._held: list[Delivery] = []
        self._awaited: set[int] = set()
        """Query sets that the server has not answered since the reconnection."""

    @property
    def in_step(self) -> bool:
        """Whether the cache shows what the server has said, and no reconciliation is under way."""
        return self._shadow is None

    def take_deliveries(self) -> list[Delivery]:
        deliveries, self._deliveries = self._deliveries, []
        return deliveries

    def tell(self, delivery: Delivery) -> None:
        """To be told now, whatever the cache shows."""
        self._deliveries.append(delivery)

    def finish(self, delivery: RequestFinished) -> None:
        """A request's outcome, which is told once the cache shows what it changed."""
        if self._shadow is None:
            delivery.request.done = True
            self._deliveries.append(delivery)
        else:
            self._held.append(delivery)

    def apply(self, event: RowEvent, tables: Sequence[incoming.TableRows]) -> None:
        """Raises ``ProtocolError`` for rows that do not fit."""
        if self._shadow is None:
            self._deliveries.append(RowsChanged(event, self.cache.apply(tables)))
        elif events := self._shadow.apply(tables):  # nobody keeps them, so there is nothing to reconcile
            self._held.append(RowsChanged(event, events))

    # --- subscriptions

    def add(self, subscription: SubscriptionState) -> None:
        self._subscriptions[subscription.query_set_id] = subscription

    def leave(self, subscription: SubscriptionState) -> None:
        """Its owner ends it while there is no connection."""
        if subscription.cached:
            subscription.phase = Phase.ENDING
            del self._subscriptions[subscription.query_set_id]
            self._leaving.append(subscription)
        else:
            self._end(subscription, None)

    def connected(self, event: ReconnectedEvent | None) -> list[SubscriptionState]:
        """There is a connection (again, if there is an ``event``): gives the subscriptions to ask for."""
        wanted = list(self._subscriptions.values())
        if event is not None:
            self._event = event
            self._shadow = self.cache.shadow()
            self._awaited = {subscription.query_set_id for subscription in wanted}
            self._answered(None)
        return wanted

    def applied(self, message: incoming.SubscribeApplied) -> None:
        """Raises ``ProtocolError``."""
        subscription = self._subscriptions.get(message.query_set_id)
        if subscription is None or subscription.live:
            raise ProtocolError(f"the server applied query set {message.query_set_id}, which was not asked for")
        subscription.live = True
        self.apply(SubscribeAppliedEvent(subscription.query_set_id, subscription.queries), message.tables)
        if self._shadow is None:
            self._show(subscription)
        else:
            self._held.append(SubscriptionApplied(subscription))
            self._answered(subscription)

    def unsubscribed(self, message: incoming.UnsubscribeApplied) -> None:
        """Raises ``ProtocolError``."""
        subscription = self._subscriptions.get(message.query_set_id)
        if subscription is None or not subscription.live or message.tables is None:
            raise ProtocolError(f"the server ended query set {message.query_set_id}, which it was not to end like that")
        self.apply(UnsubscribeAppliedEvent(subscription.query_set_id, subscription.queries), message.tables)
        if self._shadow is None:
            self._end(subscription, None)
        else:
            del self._subscriptions[subscription.query_set_id]
            self._leaving.append(subscription)

    def failed(self, message: incoming.SubscriptionError) -> None:
        """A subscription could not begin, or has ended.

        Raises ``ConnectionLost`` if rows of it stay in the cache: nobody says which, so that only a
        new connection brings the cache in step.
        """
        if message.query_set_id is None:
            affected = [subscription for subscription in self._subscriptions.values() if subscription.live]
        else:
            found = self._subscriptions.get(message.query_set_id)
            affected = [] if found is None else [found]  # it had failed before an unsubscribe reached the server
        rows_stay = any(subscription.live for subscription in affected)
        for subscription in affected:
            ended_by_owner = subscription.phase is Phase.ENDING
            self._end(subscription, None if ended_by_owner else SubscriptionFailed(message.error))
        if rows_stay:
            raise ConnectionLost(f"a subscription failed, and its rows leave with the connection: {message.error}")
        for subscription in affected:
            self._answered(subscription)

    # --- ends

    def disconnected(self) -> None:
        """The connection is gone, and with it what the server had begun to tell."""
        shadow, self._shadow = self._shadow, None
        self._event = None
        self._awaited.clear()
        if shadow is not None:
            held, self._held = self._held, []
            for delivery in held:
                if not isinstance(delivery, SubscriptionApplied):  # it is not in the cache, and asked for again
                    self._release(delivery)
        for subscription in list(self._subscriptions.values()):
            subscription.live = False
            if subscription.phase is Phase.ENDING:
                self.leave(subscription)

    def end(self, error: StdbError | None) -> None:
        """The session is over: all subscriptions end, with that error; the cache keeps their rows."""
        for subscription in (*self._subscriptions.values(), *self._leaving):
            self._end(subscription, error if subscription.phase is not Phase.ENDING else None)
        self._leaving.clear()

    def _answered(self, subscription: SubscriptionState | None) -> None:
        """The server has answered that subscription: if it was the last one, the shadow becomes the cache."""
        if subscription is not None:
            self._awaited.discard(subscription.query_set_id)
        if self._awaited or self._shadow is None or self._event is None:
            return
        shadow, self._shadow = self._shadow, None
        event, self._event = self._event, None
        self._deliveries.append(RowsChanged(event, self.cache.reconcile(shadow)))
        for known in self._subscriptions.values():
            known.cached = known.live
        held, self._held = self._held, []
        for delivery in held:
            self._release(delivery)
        leaving, self._leaving = self._leaving, []
        for left in leaving:
            self._end(left, None)

    def _release(self, delivery: Delivery) -> None:
        if isinstance(delivery, SubscriptionApplied):
            self._show(delivery.subscription)
            return
        if isinstance(delivery, RequestFinished):
            delivery.request.done = True
        self._deliveries.append(delivery)

    def _show(self, subscription: SubscriptionState) -> None:
        """Its rows are in the cache."""
        subscription.cached = True
        if subscription.phase is Phase.PENDING:
            subscription.phase = Phase.APPLIED
            self._deliveries.append(SubscriptionApplied(subscription))

    def _end(self, subscription: SubscriptionState, error: StdbError | None) -> None:
        self._subscriptions.pop(subscription.query_set_id, None)
        subscription.phase = Phase.ENDED
        subscription.error = error
        subscription.live = False
        (self._deliveries if self._shadow is None else self._held).append(SubscriptionEnded(subscription))
