"""Reads a table's rows, and joins them to the rows of the tables before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from stdbpy.engine.sql.catalog import KnownTable, TableKind
from stdbpy.engine.sql.layout import Layout, picker
from stdbpy.engine.sql.plan import Step
from stdbpy.engine.sql.predicate import FLOATS, Row, compile_predicate
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import SqlError

RowsOf = Callable[[Transaction, Row], Iterable[Row]]
"""The rows of one table that fit a row of the tables before."""
Join = Callable[[Transaction, Iterable[Row]], Iterable[Row]]
"""From the rows of the tables before to those of one table more."""
Given = Mapping[int, Iterable[bytes]]
"""By the number of a table in the query: rows that are read instead of the table's own."""


def compile_first(table: KnownTable, step: Step, layout: Layout, given: Given) -> RowsOf:
    """The rows of the first table; the row of the tables before is empty."""
    fetch = _fetcher(table, step, layout, given)
    read = layout.reader(step.table)
    keep = compile_predicate(step.own, layout.own_slots(step.table))
    if keep is None:
        return lambda transaction, before: map(read, fetch(transaction, before))
    return lambda transaction, before: filter(keep, map(read, fetch(transaction, before)))


def compile_join(table: KnownTable, step: Step, layout: Layout, given: Given) -> Join:
    rows_of = compile_first(table, step, layout, given)
    if step.lookup is not None and step.lookup.needs:
        join = _through_index(rows_of)
    elif step.pairs:
        own_slots = layout.own_slots(step.table)
        key_before = picker([layout.slot(field) for field, _ in step.pairs])
        key = picker([own_slots[field.table, field.column] for _, field in step.pairs])
        if any(field.type in FLOATS for field, _ in step.pairs):
            key_before, key = _with_equal_nans(key_before), _with_equal_nans(key)
        join = _by_hash(rows_of, key_before, key)
    else:
        join = _with_each(rows_of)
    keep = compile_predicate(step.joint, layout.slots)
    if keep is None:
        return join
    return lambda transaction, rows: filter(keep, join(transaction, rows))


def table_id_of(transaction: Transaction, table: KnownTable) -> int:
    """The number of the table that has the rows at this moment."""
    if table.kind is TableKind.VIEW:
        return transaction.view_id(table.name, table.sender)
    if table.kind is TableKind.SYSTEM:
        return transaction.system_id(table.name)
    table_id = transaction.table_id(table.name)
    if table_id is None:
        raise SqlError(f"the table `{table.name}` is gone")
    return table_id


def _through_index(rows_of: RowsOf) -> Join:
    def join(transaction: Transaction, rows: Iterable[Row]) -> Iterator[Row]:
        for before in rows:
            for row in rows_of(transaction, before):
                yield before + row

    return join


def _by_hash(rows_of: RowsOf, key_before: Callable[[Row], Row], key: Callable[[Row], Row]) -> Join:
    """Keeps the rows of the tables before, which the plan expects to be fewer, and reads past the rest."""

    def join(transaction: Transaction, rows: Iterable[Row]) -> Iterator[Row]:
        by_key: defaultdict[Row, list[Row]] = defaultdict(list)
        for before in rows:
            by_key[key_before(before)].append(before)
        if not by_key:
            return
        for row in rows_of(transaction, ()):
            for before in by_key.get(key(row), ()):
                yield before + row

    return join


def _with_each(rows_of: RowsOf) -> Join:
    def join(transaction: Transaction, rows: Iterable[Row]) -> Iterator[Row]:
        own = list(rows_of(transaction, ()))
        for before in rows:
            for row in own:
                yield before + row

    return join


def _with_equal_nans(key: Callable[[Row], Row]) -> Callable[[Row], Row]:
    """NaN equals itself in SpacetimeDB, and nothing in Python."""
    return lambda row: tuple("NaN" if part != part else part for part in key(row))


def _fetcher(
    table: KnownTable, step: Step, layout: Layout, given: Given
) -> Callable[[Transaction, Row], Iterable[bytes]]:
    lookup = step.lookup
    if step.is_given:
        return lambda _transaction, _before: given[step.table]
    if lookup is None:
        return lambda transaction, _before: transaction.scan(table_id_of(transaction, table))
    name, key = table.prefix + lookup.index.name, layout.key(lookup.key)
    lower, upper = lookup.lower, lookup.upper
    if lookup.is_point:
        return lambda transaction, before: transaction.index_point(_index_id(transaction, table, name), key(before))
    return lambda transaction, before: transaction.index_range(
        _index_id(transaction, table, name), key(before), lower, upper
    )


def _index_id(transaction: Transaction, table: KnownTable, name: str) -> int:
    index_id = transaction.index_id(name) if table.kind is TableKind.STORED else None
    if index_id is None:  # one of a view or the server's own table, or one that is lent
        indexes = transaction.table(table_id_of(transaction, table)).indexes
        index_id = next((index.id for index in indexes if index.name == name), None)
    if index_id is None:
        raise SqlError(f"the index `{name}` is gone")
    return index_id
