"""Queries that clients subscribe to: what their results are, and what a transaction changes in them.

A query returns whole rows of one table. Where row-level security applies it falls into fragments, one
for each rule that lets the caller see rows; a row is in the result once for each fragment that has it,
as on the real server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from stdbpy.engine.delta import Delta
from stdbpy.engine.store.derived import FIRST_DERIVED_ID
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.engine.subscriptions.changes import QueryRows, RowChanges
from stdbpy.engine.subscriptions.conditions import triggers_of
from stdbpy.engine.subscriptions.fragments import Fragment
from stdbpy.engine.subscriptions.triggers import Trigger
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.views.reading import PresentTransaction
from stdbpy.sats.values import Identity


@dataclass(frozen=True, slots=True)
class QueryKey:
    """What makes two queries the same: their text, and who asks where that matters to the result."""

    text: str
    caller: Identity | None
    """``None`` where the result is the same for every caller."""
    is_owner: bool


class SubscribedQuery:
    """A query that is compiled for one version of a database's tables."""

    def __init__(self, key: QueryKey, store: Store, table: Table, fragments: Sequence[Fragment]) -> None:
        self.key = key
        self.table = table
        """The table whose rows it returns."""
        self.fragments = fragments
        self.reads = {table.id: table for fragment in fragments for table in fragment.tables}
        """The tables that the result depends on, by number."""
        self._store = store

    @cached_property
    def triggers(self) -> frozenset[Trigger]:
        """Which changes may make a difference to it."""
        return frozenset(trigger for fragment in self.fragments for trigger in triggers_of(fragment))

    def hold(self) -> None:
        """Somebody is subscribed to it: keeps the views that it reads."""
        if self._store.views is not None:
            for table in self._views():
                self._store.views.hold(table)

    def release(self) -> None:
        """Nobody is, any more."""
        self.let_go()
        if self._store.views is not None:
            for table in self._views():
                self._store.views.release(table)

    def let_go(self) -> None:
        """Gives back what was borrowed of the store."""
        for fragment in self.fragments:
            fragment.let_go()

    def _views(self) -> list[Table]:
        return [table for number, table in self.reads.items() if number >= FIRST_DERIVED_ID]

    def rows(self, transaction: Transaction) -> list[QueryRows]:
        """The result at this moment, by fragment."""
        return [fragment.rows(transaction) for fragment in self.fragments]

    def changes(self, delta: Delta) -> list[RowChanges]:
        """What the transaction that has just ended did to the result, by fragment; those that it did
        nothing to are left out."""
        transaction = PresentTransaction(self._store)
        found = (fragment.changes(delta, transaction) for fragment in self.fragments)
        return [rows for rows in found if rows is not None]
