"""Subscribing step by step, as the official clients have it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, Self, TypeVar

from stdbpy.client.query import Query
from stdbpy.client.subscriptions import AsyncSubscription, Subscription
from stdbpy.errors import StdbError

S = TypeVar("S", Subscription, AsyncSubscription)


class SubscriptionBuilder(Generic[S]):
    """Collects callbacks; :meth:`subscribe` asks for queries, and does not wait until they are applied.

    >>> subscription = (
    ...     db.subscription_builder()
    ...     .on_applied(lambda subscription: print("applied"))
    ...     .on_error(lambda subscription, error: print(error))
    ...     .subscribe("SELECT * FROM player", tables.guild)
    ... )

    Each subscription that it makes has all the callbacks that were collected until then.
    """

    def __init__(
        self, subscribe: Callable[..., S], subscribe_to_all: Callable[[], S], lock: AbstractContextManager[object]
    ) -> None:
        self._subscribe: Callable[..., S] = subscribe
        self._subscribe_to_all: Callable[[], S] = subscribe_to_all
        self._lock = lock
        self._on_applied: list[Callable[[S], object]] = []
        self._on_error: list[Callable[[S, StdbError], object]] = []

    def on_applied(self, callback: Callable[[S], object]) -> Self:
        """Has ``callback(subscription)`` called once the rows are in the cache."""
        self._on_applied.append(callback)
        return self

    def on_error(self, callback: Callable[[S, StdbError], object]) -> Self:
        """Has ``callback(subscription, error)`` called if the server refuses the queries, or ends the subscription."""
        self._on_error.append(callback)
        return self

    def subscribe(self, *queries: Query[Any] | str) -> S:
        """Subscribes to queries. Raises :class:`~stdbpy.errors.UsageError` for none."""
        return self._begin(lambda: self._subscribe(*queries))

    def subscribe_to_all_tables(self) -> S:
        """Subscribes to all rows of all public tables."""
        return self._begin(self._subscribe_to_all)

    def _begin(self, subscribe: Callable[[], S]) -> S:
        with self._lock:  # no answer is taken in before the callbacks are there, so that none runs here
            subscription = subscribe()
            for applied in self._on_applied:
                subscription.on_applied(applied)
            for failed in self._on_error:
                subscription.on_error(failed)
        return subscription
