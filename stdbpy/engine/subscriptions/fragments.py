"""The parts of a subscribed query, and what a transaction changes in what each of them gives.

A part reads one table or joins two. A join's result is a bag: a row is in it once for each row that it
is joined with, and clients count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

from stdbpy.engine.delta import Delta
from stdbpy.engine.sql.bound import Query, Rows, fields_of
from stdbpy.engine.sql.execute import PreparedQuery
from stdbpy.engine.sql.predicate import compile_predicate
from stdbpy.engine.store.table import Table
from stdbpy.engine.subscriptions.changes import QueryRows, RowChanges
from stdbpy.engine.transaction import Transaction


class Fragment(Protocol):
    """A query whose rows all belong to the result."""

    @property
    def query(self) -> Query: ...

    @property
    def tables(self) -> Sequence[Table]:
        """Those that it reads, as the query numbers them."""

    def rows(self, transaction: Transaction) -> QueryRows:
        """What it gives at this moment."""

    def changes(self, delta: Delta, transaction: Transaction) -> RowChanges | None:
        """What the transaction that has just ended did to that; ``transaction`` reads what it left."""


def fragment_of(query: Query, tables: Sequence[Table]) -> Fragment:
    return Selection(query, *tables) if len(tables) == 1 else Semijoin(query, tables)


class Selection:
    """The rows of one table that fit."""

    def __init__(self, query: Query, table: Table) -> None:
        self.query = query
        self.tables = (table,)
        self._table = table

    def rows(self, transaction: Transaction) -> QueryRows:
        if not self.query.conditions:
            return QueryRows(self._table, list(self._table.rows), is_void=self._table.is_empty)
        return QueryRows(self._table, list(self._prepared.matching(transaction)), is_void=self._table.is_empty)

    def changes(self, delta: Delta, _transaction: Transaction) -> RowChanges | None:
        changes = delta.changes.get(self._table.id)
        if changes is None:
            return None
        inserted, deleted = self.kept(changes.inserted), self.kept(changes.deleted)
        return RowChanges(self._table, inserted, deleted) if inserted or deleted else None

    @cached_property
    def _prepared(self) -> PreparedQuery:
        return PreparedQuery(self.query)

    @cached_property
    def kept(self) -> Callable[[Iterable[bytes]], list[bytes]]:
        """From rows of the table to those that belong to the result."""
        conditions = self.query.conditions
        columns = tuple(sorted({field.column for condition in conditions for field in fields_of(condition)}))
        holds = compile_predicate(conditions, {(0, column): place for place, column in enumerate(columns)})
        if holds is None:
            return list
        decode = self.query.tables[0].format.decoder(columns)
        return lambda rows: [row for row in rows if holds(decode(row))]


class Semijoin:
    """The rows of one table with those of another one that they fit together with.

    With R and S as a transaction leaves them, and r and s for what it changed in them (inserted rows count
    +1 and deleted ones -1), the join has changed by rS + Rs - rs.
    """

    def __init__(self, query: Query, tables: Sequence[Table]) -> None:
        assert isinstance(query.wanted, Rows)
        self.query = query
        self.tables = tuple(tables)
        self._returned = tables[query.wanted.table]

    def rows(self, transaction: Transaction) -> QueryRows:
        is_void = any(table.is_empty for table in self.tables)
        rows = [] if is_void else list(self._prepared.matching(transaction))
        return QueryRows(self._returned, rows, is_void=is_void)

    def changes(self, delta: Delta, transaction: Transaction) -> RowChanges | None:
        left, right = (_signed(delta, table) for table in self.tables)
        counts: Counter[bytes] = Counter()
        for changed in left:
            _add(counts, changed.sign, self._with_left.matching_given(transaction, {0: changed.rows}))
        for changed in right:
            _add(counts, changed.sign, self._with_right.matching_given(transaction, {1: changed.rows}))
        for first in left:
            for second in right:
                joined = self._with_both.matching_given(transaction, {0: first.rows, 1: second.rows})
                _add(counts, -first.sign * second.sign, joined)
        inserted = [row for row, count in counts.items() for _ in range(count)]
        deleted = [row for row, count in counts.items() for _ in range(-count)]
        return RowChanges(self._returned, inserted, deleted) if inserted or deleted else None

    @cached_property
    def _prepared(self) -> PreparedQuery:
        return PreparedQuery(self.query)

    @cached_property
    def _with_left(self) -> PreparedQuery:
        return PreparedQuery(self.query, given=(0,))

    @cached_property
    def _with_right(self) -> PreparedQuery:
        return PreparedQuery(self.query, given=(1,))

    @cached_property
    def _with_both(self) -> PreparedQuery:
        return PreparedQuery(self.query, given=(0, 1))


class _Signed(NamedTuple):
    """Rows that came (+1) or went (-1)."""

    sign: int
    rows: Iterable[bytes]


def _signed(delta: Delta, table: Table) -> list[_Signed]:
    changes = delta.changes.get(table.id)
    if changes is None:
        return []
    return [_Signed(sign, rows) for sign, rows in ((1, changes.inserted), (-1, changes.deleted)) if rows]


def _add(counts: Counter[bytes], sign: int, rows: Iterable[bytes]) -> None:
    for row in rows:
        counts[row] += sign
