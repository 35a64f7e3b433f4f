"""Queries that clients subscribe to: what their results are, and what a transaction changes in them.

A query returns whole rows of one table. Where row-level security applies it falls into fragments, one
for each rule that lets the caller see rows; a row is in the result once for each fragment that has it,
as on the real server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from stdbpy.engine.delta import Delta
from stdbpy.engine.sql.bound import Query, fields_of
from stdbpy.engine.sql.execute import PreparedQuery
from stdbpy.engine.sql.predicate import compile_predicate
from stdbpy.engine.store.derived import FIRST_DERIVED_ID
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.engine.subscriptions.changes import QueryRows, RowChanges
from stdbpy.engine.transaction import Transaction
from stdbpy.sats.values import Identity


@dataclass(frozen=True, slots=True)
class QueryKey:
    """What makes two queries the same: their text, and who asks where that matters to the result."""

    text: str
    caller: Identity | None
    """``None`` where the result is the same for every caller."""
    is_owner: bool


class Fragment:
    """A query over one table, and all of its rows that belong to the result."""

    def __init__(self, query: Query, table: Table) -> None:
        self._query = query
        self._table = table

    def rows(self, transaction: Transaction) -> Sequence[bytes]:
        """The rows at this moment."""
        if not self._query.conditions:
            return list(self._table.rows)
        return list(self._prepared.matching(transaction))

    def changes(self, delta: Delta) -> RowChanges | None:
        """What a transaction did to them."""
        changes = delta.changes.get(self._table.id)
        if changes is None:
            return None
        inserted, deleted = self._kept(changes.inserted), self._kept(changes.deleted)
        return RowChanges(self._table, inserted, deleted) if inserted or deleted else None

    @cached_property
    def _prepared(self) -> PreparedQuery:
        return PreparedQuery(self._query)

    @cached_property
    def _kept(self) -> Callable[[Iterable[bytes]], list[bytes]]:
        """From rows of the table to those that belong to the result."""
        conditions = self._query.conditions
        columns = tuple(sorted({field.column for condition in conditions for field in fields_of(condition)}))
        holds = compile_predicate(conditions, {(0, column): place for place, column in enumerate(columns)})
        if holds is None:
            return list
        decode = self._query.tables[0].format.decoder(columns)
        return lambda rows: [row for row in rows if holds(decode(row))]


class SubscribedQuery:
    """A query that is compiled for one version of a database's tables."""

    def __init__(self, key: QueryKey, store: Store, table: Table, fragments: Sequence[Fragment]) -> None:
        self.key = key
        self.table = table
        """The table whose rows it returns."""
        self._fragments = fragments
        self._store = store

    @property
    def reads(self) -> tuple[int, ...]:
        """The numbers of the tables that the result depends on."""
        return (self.table.id,)

    def hold(self) -> None:
        """Somebody is subscribed to it: keeps the views that it reads."""
        views = self._store.views
        if views is not None and self.table.id >= FIRST_DERIVED_ID:
            views.hold(self.table)

    def release(self) -> None:
        """Nobody is, any more."""
        views = self._store.views
        if views is not None and self.table.id >= FIRST_DERIVED_ID:
            views.release(self.table)

    def rows(self, transaction: Transaction) -> list[QueryRows]:
        """The result at this moment, by fragment."""
        return [QueryRows(self.table, fragment.rows(transaction)) for fragment in self._fragments]

    def changes(self, delta: Delta) -> list[RowChanges]:
        """What the transaction that has just ended did to the result, by fragment; those that it did
        nothing to are left out."""
        found = (fragment.changes(delta) for fragment in self._fragments)
        return [rows for rows in found if rows is not None]
