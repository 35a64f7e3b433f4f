"""The parts of a subscribed query, and what a transaction changes in what each of them gives.

A part reads one table or joins two. A join's result is a bag: a row is in it once for each row that it
is joined with, and clients count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple, Protocol

from stdbpy.engine.delta import Delta
from stdbpy.engine.sql.bound import Query, Rows, fields_of
from stdbpy.engine.sql.catalog import TableKind
from stdbpy.engine.sql.execute import PreparedQuery
from stdbpy.engine.sql.plan import plan_query
from stdbpy.engine.sql.predicate import compile_predicate
from stdbpy.engine.store.lent_indexes import LentIndexes
from stdbpy.engine.store.table import Table
from stdbpy.engine.subscriptions.changes import QueryRows, RowChanges
from stdbpy.engine.transaction import Transaction
from stdbpy.schema.model import Index as IndexDefinition
from stdbpy.schema.model import IndexAlgorithm


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

    def let_go(self) -> None:
        """Changes will not be asked for any more: gives back what was borrowed for that."""


def fragment_of(query: Query, tables: Sequence[Table], lender: LentIndexes | None = None) -> Fragment:
    """``lender`` is for joins whose changes are asked for: see :meth:`Fragment.let_go`."""
    return Selection(query, *tables) if len(tables) == 1 else Semijoin(query, tables, lender)


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

    def let_go(self) -> None:
        """It has borrowed nothing."""

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
    +1 and deleted ones -1), the join has changed by rS + Rs - rs. A table that would have to be read whole
    for that gets an index.
    """

    def __init__(self, query: Query, tables: Sequence[Table], lender: LentIndexes | None = None) -> None:
        assert isinstance(query.wanted, Rows)
        self.query = query
        self.tables = tuple(tables)
        self._returned = tables[query.wanted.table]
        self._lender = lender
        self._borrowed: list[tuple[Table, int]] = []

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
        return PreparedQuery(self._searchable(1, given=0), given=(0,))

    @cached_property
    def _with_right(self) -> PreparedQuery:
        return PreparedQuery(self._searchable(0, given=1), given=(1,))

    @cached_property
    def _with_both(self) -> PreparedQuery:
        return PreparedQuery(self.query, given=(0, 1))

    def _searchable(self, number: int, given: int) -> Query:
        """The query with an index in which the rows of one table can be found for those of the other one."""
        known, (tie,) = self.query.tables[number], self.query.ties
        lookup = plan_query(self.query, (given,))[1].lookup
        has_index = lookup is not None and bool(lookup.needs)
        if self._lender is None or tie is None or has_index or known.kind is not TableKind.STORED:
            return self.query
        table, (column,) = self.tables[number], [field.column for field in tie if field.table == number]
        name = self._lender.lend(table, column).name.removeprefix(known.prefix)
        self._borrowed.append((table, column))
        index = IndexDefinition(name, name, None, IndexAlgorithm.HASH, (column,))
        definition = replace(known.definition, indexes=(*known.definition.indexes, index))
        tables = list(self.query.tables)
        tables[number] = replace(known, definition=definition)
        return replace(self.query, tables=tuple(tables))

    def let_go(self) -> None:
        if self._lender is not None:
            for table, column in self._borrowed:
                self._lender.take_back(table, column)
            self._borrowed.clear()
            for prepared in ("_with_left", "_with_right"):
                self.__dict__.pop(prepared, None)


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
