"""Queries that are planned and compiled, and changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from stdbpy.engine.sql.bound import Change, Columns, Count, Insertion, Query, Removal, Rows
from stdbpy.engine.sql.joins import Given, compile_first, compile_join, table_id_of
from stdbpy.engine.sql.layout import Layout, picker
from stdbpy.engine.sql.plan import plan_query
from stdbpy.engine.sql.predicate import Row
from stdbpy.engine.transaction import Transaction


class PreparedQuery:
    """A query that can be run over any transaction of its schema. Rows are found one by one, so
    that LIMIT stops the work early.

    Of the tables ``given``, by number, it reads the rows that :meth:`matching_given` is told.
    """

    def __init__(self, query: Query, given: Collection[int] = ()) -> None:
        self._query = query
        self._given: dict[int, Iterable[bytes]] = {}
        first, *others = plan_query(query, given)
        layout = Layout(query, (first, *others))
        self._first = compile_first(query.tables[first.table], first, layout, self._given)
        self._joins = [compile_join(query.tables[step.table], step, layout, self._given) for step in others]
        match query.wanted:
            case Columns(fields):
                self.pick = picker([layout.slot(field) for field in fields])
            case Rows(table):
                self.whole_row = layout.whole_row
                self.codec = query.tables[table].format.codec

    def found(self, transaction: Transaction) -> Iterable[Row]:
        """The rows of all tables together, each as one flat tuple."""
        rows = self._first(transaction, ())
        for join in self._joins:
            rows = join(transaction, rows)
        return rows

    def count(self, transaction: Transaction) -> int:
        query = self._query
        if len(query.tables) == 1 and not query.conditions:
            return transaction.row_count(table_id_of(transaction, query.tables[0]))
        return sum(1 for _ in self.found(transaction))

    def matching(self, transaction: Transaction) -> Iterator[bytes]:
        """The whole rows that the query selects, in BSATN."""
        slot = self.whole_row
        return (row[slot] for row in self.found(transaction))

    def matching_given(self, transaction: Transaction, given: Given) -> list[bytes]:
        """The whole rows that it selects if some tables have other rows. One thread at a time."""
        self._given.update(given)
        rows = list(self.matching(transaction))
        self._given.clear()
        return rows


class PreparedSelect:
    """Queries that want the same, and whose results stand one after the other."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self.queries = queries
        self.columns = queries[0].columns
        self._wanted = queries[0].wanted
        self._limit = queries[0].limit
        self._prepared = [PreparedQuery(query) for query in queries]

    def rows(self, transaction: Transaction) -> list[tuple[Any, ...]]:
        """The result's rows, at most as many as the limit."""
        queries = self._prepared
        match self._wanted:
            case Count():
                return [(sum(query.count(transaction) for query in queries),)][: self._limit]
            case Columns():
                return list(
                    islice(chain.from_iterable(map(q.pick, q.found(transaction)) for q in queries), self._limit)
                )
            case Rows():
                found = list(islice(chain.from_iterable(q.matching(transaction) for q in queries), self._limit))
                codec = queries[0].codec
                if all(found):
                    return codec.decode_rows(b"".join(found))
                return [codec.decode(row) for row in found]  # rows of no bytes, which joining would lose


def insert(insertion: Insertion, transaction: Transaction) -> int:
    """Inserts the rows; returns how many were not there yet. Auto-increment columns that hold 0 get
    the next number. Raises :class:`~stdbpy.errors.HostError` for constraints that do not hold."""
    table = insertion.table
    table_id = table_id_of(transaction, table)
    before = transaction.row_count(table_id)
    for row in insertion.rows:
        transaction.insert(table_id, table.format.codec.encode(row))
    return transaction.row_count(table_id) - before


def change(work: Change, transaction: Transaction) -> int:
    """Gives the matching rows their new values; returns how many matched. All are deleted before
    the first is inserted again, so that rows may take each other's unique values."""
    (table,) = work.matching.tables
    table_id = table_id_of(transaction, table)
    matching = list(PreparedQuery(work.matching).matching(transaction))
    for row in matching:
        transaction.delete(table_id, row)
    for row in matching:
        values = tuple(work.values.get(column, value) for column, value in enumerate(table.format.codec.decode(row)))
        transaction.insert(table_id, table.format.codec.encode(values))
    return len(matching)


def remove(removal: Removal, transaction: Transaction) -> int:
    """Deletes the matching rows; returns how many."""
    (table,) = removal.matching.tables
    table_id = table_id_of(transaction, table)
    matching = list(PreparedQuery(removal.matching).matching(transaction))
    return sum(transaction.delete(table_id, row) for row in matching)
