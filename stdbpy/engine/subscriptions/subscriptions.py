"""The subscriptions of one database. Its thread alone uses them.

A transaction's meaning for queries is worked out right when it ends, while the tables are as it left
them: what comes next in the same group, another transaction or a new subscription, sees all of it or
nothing. Clients that want confirmed reads are told when the group is durable.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Self

from stdbpy.engine.delta import Commit
from stdbpy.engine.store.store import Store
from stdbpy.engine.subscriptions.changes import QueryRows, RowChanges
from stdbpy.engine.subscriptions.events import (
    BatchSubscribed,
    Ended,
    EndReason,
    Event,
    Request,
    SetId,
    Subscribed,
    SubscriptionFailed,
    Unsubscribed,
    Updated,
)
from stdbpy.engine.subscriptions.live import WHOLE_SET, LiveQueries
from stdbpy.engine.subscriptions.subscriber import Subscriber
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.views.reading import PresentTransaction
from stdbpy.errors import SqlError, StdbError

if TYPE_CHECKING:
    from stdbpy.engine.subscriptions.compiler import Compiler
    from stdbpy.engine.subscriptions.query import SubscribedQuery

log = logging.getLogger("stdbpy.engine")


MOST_SETS = 16 * 1024
MOST_QUERIES = 64 * 1024
"""Sets of queries of a client, and queries of a set: the database keeps each in memory."""


class RunningCall:
    """A call of a client, for as long as the block of ``with`` that makes it."""

    __slots__ = ("_subscriptions", "request", "subscriber", "updates", "wants_answer")

    def __init__(
        self, subscriptions: Subscriptions, subscriber: Subscriber, request: Request, *, wants_answer: bool
    ) -> None:
        self._subscriptions = subscriptions
        self.subscriber = subscriber
        self.request = request
        self.wants_answer = wants_answer
        self.updates: Sequence[tuple[SetId, RowChanges]] = ()
        """What the call did to the client's sets, if it wants an answer."""

    def __enter__(self) -> Self:
        self._subscriptions.running_call = self
        return self

    def __exit__(self, *_: object) -> None:
        self._subscriptions.running_call = None


class Subscriptions:
    def __init__(self) -> None:
        self._subscribers: dict[Subscriber, None] = {}
        self._live = LiveQueries()
        self._told: dict[Subscriber, None] = {}
        """Who was told, or is to be told, of what is not durable yet."""
        self.running_call: RunningCall | None = None
        """The call that runs at this moment: what it does is its client's own doing."""
        self.is_doubtful = False
        """Whether what happens will probably be undone: then nobody is told of it before it is durable."""
        self._latest_compiler: Compiler | None = None

    # --- clients -----------------------------------------------------------------------------

    def add(self, subscriber: Subscriber) -> None:
        self._subscribers[subscriber] = None

    def remove(self, subscriber: Subscriber) -> None:
        """Forgets a client and all that it is subscribed to."""
        for set_id in list(subscriber.sets):
            self._drop(subscriber, set_id)
        self._subscribers.pop(subscriber, None)
        self._told.pop(subscriber, None)

    @property
    def subscribers(self) -> Sequence[Subscriber]:
        """Those who are connected at this moment. Any thread may look."""
        return list(self._subscribers)

    @property
    def live_queries(self) -> int:
        """How many distinct queries somebody is subscribed to."""
        return len(self._live)

    def end_all(self, reason: EndReason) -> None:
        """Ends all connections. Any thread may do so when the database's own is stuck."""
        for subscriber in list(self._subscribers):
            subscriber.end(Ended(reason))

    def tell(self, subscriber: Subscriber, event: Event) -> None:
        if not subscriber.has_ended:
            self._told[subscriber] = None
            if self.is_doubtful:
                subscriber.hold(event)
            else:
                subscriber.tell(event)

    # --- sets of queries ---------------------------------------------------------------------

    def subscribe(
        self,
        subscriber: Subscriber,
        request: Request,
        set_id: SetId,
        texts: Sequence[str],
        store: Store,
        *,
        all_rows: bool,
    ) -> None:
        """Puts a set of queries in place and tells the client its rows, or why not. A client that knows no
        sets is told those of queries that it has in other ones only with ``all_rows``, which is for one query of
        one table."""
        self.tell(subscriber, self._begun(subscriber, request, set_id, texts, store, all_rows=all_rows))

    def subscribe_batch(
        self,
        subscriber: Subscriber,
        request: Request,
        sets: Sequence[tuple[SetId, Sequence[str]]],
        store: Store,
    ) -> None:
        """As :meth:`subscribe` for several sets, of which those that can be are put in place."""
        outcomes = [self._begun(subscriber, request, set_id, texts, store, all_rows=True) for set_id, texts in sets]
        self.tell(subscriber, BatchSubscribed(request, outcomes))

    def _begun(
        self,
        subscriber: Subscriber,
        request: Request,
        set_id: SetId,
        texts: Sequence[str],
        store: Store,
        *,
        all_rows: bool,
    ) -> Subscribed | SubscriptionFailed:
        """A set of queries that is in place now, or why not."""
        if set_id in subscriber.sets:
            error = "There is a subscription of that number already, which goes on."
            return SubscriptionFailed(request, set_id, error)
        if len(subscriber.sets) >= MOST_SETS:
            return SubscriptionFailed(request, set_id, f"A client can have {MOST_SETS} subscriptions at a time.")
        if len(texts) > MOST_QUERIES:
            return SubscriptionFailed(request, set_id, f"A subscription can have {MOST_QUERIES} queries.")
        try:
            if all_rows and not subscriber.options.by_set:
                self._compiler(store).expect_one_table(texts)
            queries = self._wanted(subscriber, texts, store)
            if not subscriber.options.takes_events:
                _expect_no_events(queries)
        except SqlError as refusal:
            return SubscriptionFailed(request, set_id, sentence(refusal))
        fresh = [query for query in queries if self._live.hold(subscriber, set_id, query)]
        subscriber.sets[set_id] = queries
        wanted = queries if all_rows or subscriber.options.by_set else fresh
        return Subscribed(request, set_id, _rows(wanted, PresentTransaction(store)))

    def replace(self, subscriber: Subscriber, request: Request, texts: Sequence[str], store: Store) -> None:
        """Makes these the queries of the client's set without a name, and tells it all of their rows.

        Here the real server lets clients have event tables that know nothing of them: their rows come and stay.
        """
        try:
            queries = self._wanted(subscriber, texts, store)
        except SqlError as refusal:
            self.tell(subscriber, SubscriptionFailed(request, WHOLE_SET, sentence(refusal)))
            return
        if WHOLE_SET in subscriber.sets:
            self._drop(subscriber, WHOLE_SET)
        for query in queries:
            self._live.hold(subscriber, WHOLE_SET, query)
        subscriber.sets[WHOLE_SET] = queries
        self.tell(subscriber, Subscribed(request, WHOLE_SET, _rows(queries, PresentTransaction(store))))

    def unsubscribe(
        self, subscriber: Subscriber, request: Request, set_id: SetId, store: Store, *, with_rows: bool
    ) -> None:
        """Takes a set of queries away, and tells the client so."""
        if set_id not in subscriber.sets:
            error = "There is no such subscription: it was never made, could not be made, or has ended."
            self.tell(subscriber, SubscriptionFailed(request, set_id, error))
            return
        queries = subscriber.sets[set_id]
        released = self._drop(subscriber, set_id)
        dropped = queries if subscriber.options.by_set else released
        rows = _rows(dropped, PresentTransaction(store)) if with_rows else None
        self.tell(subscriber, Unsubscribed(request, set_id, rows))

    def query(self, subscriber: Subscriber, text: str, store: Store) -> QueryRows:
        """The rows that a query gives once. Raises ``SqlError``."""
        compiler = self._compiler(store)
        return compiler.rows_now(text, subscriber.caller, PresentTransaction(store), is_owner=subscriber.is_owner)

    def _wanted(self, subscriber: Subscriber, texts: Sequence[str], store: Store) -> list[SubscribedQuery]:
        queries = self._compiled(subscriber, texts, store)
        unknown = [query for query in queries if query not in self._live]
        self._compiler(store).expect_within_limit(unknown, is_owner=subscriber.is_owner)
        return queries

    def _compiled(
        self, subscriber: Subscriber, texts: Iterable[str], store: Store, *, are_held: bool = False
    ) -> list[SubscribedQuery]:
        """Each once, however often it is named. ``are_held`` is as for :meth:`Compiler.compile`."""
        compiler = self._compiler(store)
        queries: dict[object, SubscribedQuery] = {}
        compiled = compiler.compile(texts, subscriber.caller, is_owner=subscriber.is_owner, are_held=are_held)
        for query in compiled:
            queries.setdefault(query.key, self._live.known(query))
        return list(queries.values())

    def _compiler(self, store: Store) -> Compiler:
        # SQL is loaded when the first query comes: most programs start without one.
        from stdbpy.engine.subscriptions.compiler import Compiler

        if self._latest_compiler is None or self._latest_compiler.store is not store:
            self._latest_compiler = Compiler(store)
        return self._latest_compiler

    def _drop(self, subscriber: Subscriber, set_id: SetId) -> list[SubscribedQuery]:
        """Takes a set away; its queries that are in no other set of the client."""
        queries = subscriber.sets.pop(set_id)
        return [query for query in queries if self._live.release(subscriber, set_id, query)]

    # --- what happens ------------------------------------------------------------------------

    def happened(self, commit: Commit) -> None:
        """A transaction has ended that changed something; it is not durable yet."""
        if not self._live:
            return
        updates: dict[Subscriber, list[tuple[SetId, RowChanges]]] = {}
        some_failed = False
        for live in self._live.affected(commit.delta):
            try:
                changes = live.query.changes(commit.delta)
            except Exception as error:
                log.exception("The query %r could not be evaluated", live.query.key.text)
                self._give_up(live.query, error)
                some_failed = True
                continue
            if changes:
                for subscriber, sets in live.holders.items():
                    updates.setdefault(subscriber, []).extend(
                        (set_id, rows) for set_id in _told_of(subscriber, sets) for rows in changes
                    )
        call = self.running_call
        for subscriber, found in updates.items():
            told = [update for update in found if update[0] in subscriber.sets] if some_failed else found
            if call is not None and call.wants_answer and call.subscriber is subscriber:
                call.updates = told
            elif told:
                self.tell(subscriber, Updated(commit, call.request if call is not None else None, told))

    def confirmed(self) -> None:
        """All that has happened is durable."""
        if self._told:
            told, self._told = self._told, {}
            for subscriber in told:
                subscriber.let_go()

    def undone(self, error: str) -> None:
        """All that has happened since it was last durable has been undone."""
        told, self._told = self._told, {}
        for subscriber in told:
            if not subscriber.take_back(error):
                subscriber.end(Ended(EndReason.STORAGE_FAILED))

    def _give_up(self, query: SubscribedQuery, error: Exception) -> None:
        """Ends the sets that have a query which fails."""
        message = sentence(error) if isinstance(error, StdbError) else "The query could not be evaluated."
        for subscriber in list(self._subscribers):
            failing = [set_id for set_id, queries in subscriber.sets.items() if query in queries]
            if failing:
                self._end_sets(subscriber, failing, message)

    def _end_sets(self, subscriber: Subscriber, failing: Sequence[SetId], message: str) -> None:
        """Ends sets that the client did not ask to end. One that knows no sets takes that for the end of all."""
        for set_id in failing if subscriber.options.by_set else list(subscriber.sets):
            self._drop(subscriber, set_id)
        for set_id in failing if subscriber.options.by_set else failing[:1]:
            self.tell(subscriber, SubscriptionFailed(None, set_id, message))

    # --- the module --------------------------------------------------------------------------

    def module_replaced(self, store: Store) -> None:
        """The database has another version of its tables: compiles all queries anew. Sets with queries
        that mean nothing any more end."""
        self._latest_compiler = None
        self._live.clear()
        for subscriber in self._subscribers:
            before, subscriber.sets = subscriber.sets, {}
            failing: dict[SetId, str] = {}
            for set_id, queries in before.items():
                try:
                    anew = self._compiled(subscriber, (query.key.text for query in queries), store, are_held=True)
                except SqlError as error:
                    failing[set_id] = sentence(error)
                    anew = []
                for query in anew:
                    self._live.hold(subscriber, set_id, query)
                subscriber.sets[set_id] = anew
            for set_id, message in failing.items():
                if set_id in subscriber.sets:
                    self._end_sets(subscriber, [set_id], message)


def _expect_no_events(queries: Iterable[SubscribedQuery]) -> None:
    for query in queries:
        if query.table.is_event:
            raise SqlError(
                f"`{query.table.name}` is an event table, of which protocol v1 knows nothing",
                hint="Connect with v2 or later.",
            )


def _told_of(subscriber: Subscriber, sets: dict[SetId, None]) -> Iterable[SetId]:
    """The sets for which a client is told of a query's changes: where it knows none, once for those with a
    name and once for the one without."""
    if subscriber.options.by_set or len(sets) == 1:
        return tuple(sets)
    if WHOLE_SET in sets:
        return (WHOLE_SET, next(set_id for set_id in sets if set_id is not WHOLE_SET))
    return (next(iter(sets)),)


def _rows(queries: Iterable[SubscribedQuery], transaction: Transaction) -> list[QueryRows]:
    return [rows for query in queries for rows in query.rows(transaction)]


def sentence(error: StdbError) -> str:
    """What a client is told of an error."""
    return f"{error.message}. {error.hint}" if error.hint else error.message
