"""Queries that are planned and compiled, and changes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from stdbpy.engine.sql.bound import Change, Columns, Count, Insertion, Query, Removal
from stdbpy.engine.sql.joins import compile_first, compile_join, table_id_of
from stdbpy.engine.sql.layout import Layout, picker
from stdbpy.engine.sql.plan import plan_query, returns_rows_of
from stdbpy.engine.sql.predicate import Row
from stdbpy.engine.sql.transaction_view import TransactionView
from stdbpy.sats.bsatn import compile_codec


class PreparedQuery:
    """A query that can be run over any transaction of its schema. Rows are found one by one, so
    that LIMIT stops the work early."""

    def __init__(self, query: Query) -> None:
        self._query = query
        first, *others = plan_query(query)
        layout = Layout(query, (first, *others))
        self._first = compile_first(query.tables[first.table], first, layout)
        self._joins = [compile_join(query.tables[step.table], step, layout) for step in others]
        if isinstance(query.wanted, Columns):
            self._pick = picker([layout.slot(field) for field in query.wanted.fields])
        elif (whole := returns_rows_of(query)) is not None:
            self._whole_row = layout.whole_row
            self._codec = compile_codec(query.tables[whole].row, query.tables[whole].typespace)

    def rows(self, transaction: TransactionView) -> list[tuple[Any, ...]]:
        """The result's rows, at most as many as the query's limit."""
        query = self._query
        match query.wanted:
            case Count():
                return [(self._count(transaction),)][: query.limit]
            case Columns():
                return [self._pick(row) for row in islice(self._found(transaction), query.limit)]
        found = self.matching(transaction)
        if all(found):
            return self._codec.decode_rows(b"".join(found))
        return [self._codec.decode(row) for row in found]  # rows of no bytes, which joining would lose

    def matching(self, transaction: TransactionView) -> list[bytes]:
        """The whole rows that the query selects, in BSATN."""
        slot = self._whole_row
        return [row[slot] for row in islice(self._found(transaction), self._query.limit)]

    def _count(self, transaction: TransactionView) -> int:
        query = self._query
        if len(query.tables) == 1 and not query.conditions:
            return transaction.row_count(table_id_of(transaction, query.tables[0]))
        return sum(1 for _ in self._found(transaction))

    def _found(self, transaction: TransactionView) -> Iterable[Row]:
        rows = self._first(transaction, ())
        for join in self._joins:
            rows = join(transaction, rows)
        return rows


def insert(insertion: Insertion, transaction: TransactionView) -> int:
    """Inserts the rows; returns how many were not there yet. Auto-increment columns that hold 0 get
    the next number. Raises :class:`~stdbpy.errors.HostError` for constraints that do not hold."""
    table = insertion.table
    table_id = table_id_of(transaction, table)
    codec = compile_codec(table.row, table.typespace)
    before = transaction.row_count(table_id)
    for row in insertion.rows:
        transaction.insert(table_id, codec.encode(row))
    return transaction.row_count(table_id) - before


def change(work: Change, transaction: TransactionView) -> int:
    """Gives the matching rows their new values; returns how many matched. All are deleted before
    the first is inserted again, so that rows may take each other's unique values."""
    (table,) = work.matching.tables
    table_id = table_id_of(transaction, table)
    codec = compile_codec(table.row, table.typespace)
    matching = PreparedQuery(work.matching).matching(transaction)
    for row in matching:
        transaction.delete(table_id, row)
    for row in matching:
        values = [work.values.get(column, value) for column, value in enumerate(codec.decode(row))]
        transaction.insert(table_id, codec.encode(values))
    return len(matching)


def remove(removal: Removal, transaction: TransactionView) -> int:
    """Deletes the matching rows; returns how many."""
    (table,) = removal.matching.tables
    table_id = table_id_of(transaction, table)
    matching = PreparedQuery(removal.matching).matching(transaction)
    return sum(transaction.delete(table_id, row) for row in matching)
