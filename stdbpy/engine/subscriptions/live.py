"""The queries that somebody is subscribed to, each once, with those who are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from stdbpy.engine.delta import Delta
from stdbpy.engine.subscriptions.events import SetId
from stdbpy.engine.subscriptions.subscriber import Subscriber
from stdbpy.engine.subscriptions.triggers import Triggered

if TYPE_CHECKING:
    from stdbpy.engine.subscriptions.query import QueryKey, SubscribedQuery


class _WithoutName:
    """The set that a client of protocol v1 gets by naming all of its queries at once."""


WHOLE_SET = _WithoutName()


class LiveQuery:
    """A query with its holders: each client, and the sets in which it has the query."""

    __slots__ = ("holders", "query")

    def __init__(self, query: SubscribedQuery) -> None:
        self.query = query
        self.holders: dict[Subscriber, dict[SetId, None]] = {}


class LiveQueries:
    """All of one database."""

    def __init__(self) -> None:
        self._by_key: dict[QueryKey, LiveQuery] = {}
        self._reading: dict[int, Triggered[LiveQuery]] = {}
        """By the number of a table: the queries whose results may change with it."""

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[LiveQuery]:
        return iter(self._by_key.values())

    def __contains__(self, query: SubscribedQuery) -> bool:
        """Whether somebody is subscribed to it."""
        return query.key in self._by_key

    def affected(self, delta: Delta) -> Iterable[LiveQuery]:
        """The queries that a transaction may have changed the results of."""
        found: dict[LiveQuery, None] = {}
        for number, changes in delta.changes.items():
            reading = self._reading.get(number)
            if reading is not None:
                reading.concerned(changes, found)
        return found

    def known(self, query: SubscribedQuery) -> SubscribedQuery:
        """The same query as others hold it, if they do."""
        live = self._by_key.get(query.key)
        return live.query if live is not None else query

    def hold(self, subscriber: Subscriber, set_id: SetId, query: SubscribedQuery) -> bool:
        """Makes the query part of a client's set; whether it is in no other one that has a name."""
        live = self._by_key.get(query.key)
        if live is None:
            live = self._by_key[query.key] = LiveQuery(query)
            for trigger in query.triggers:
                self._reading.setdefault(trigger.table, Triggered()).add(trigger, live)
            query.hold()
        sets = live.holders.setdefault(subscriber, {})
        is_new = not _are_named(sets)
        sets[set_id] = None
        return is_new

    def release(self, subscriber: Subscriber, set_id: SetId, query: SubscribedQuery) -> bool:
        """Takes the query out of a client's set; whether it is in no other one that has a name."""
        live = self._by_key[query.key]
        sets = live.holders[subscriber]
        del sets[set_id]
        if sets:
            return not _are_named(sets)
        del live.holders[subscriber]
        if not live.holders:
            del self._by_key[query.key]
            for trigger in live.query.triggers:
                reading = self._reading[trigger.table]
                reading.remove(trigger, live)
                if not reading:
                    del self._reading[trigger.table]
            live.query.release()
        return True

    def clear(self) -> None:
        """Forgets all queries, with the store that they are of."""
        for live in self._by_key.values():
            live.query.let_go()
        self._by_key.clear()
        self._reading.clear()


def _are_named(sets: Iterable[SetId]) -> bool:
    """Whether one of them is."""
    return any(set_id is not WHOLE_SET for set_id in sets)
