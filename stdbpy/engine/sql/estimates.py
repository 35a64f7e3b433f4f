"""How many rows the real server expects to read for a query, which is what its ``row_limit`` is about.

Ours finds rows in other ways; this follows the plan that SpacetimeDB 2.8.3 makes: tables in the order of
the statement, comparisons with constants first, an index where one fits. Source:
``crates/physical-plan/src/rules.rs`` and ``crates/core/src/estimation.rs``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from stdbpy.engine.sql.bound import Comparison, Condition, Constant, Field, Query, Rows, Tie
from stdbpy.engine.sql.catalog import KnownTable
from stdbpy.schema.model import Index

_MOST_INDEX_COLUMNS = 3
"""The real server looks for whole keys in indexes of up to so many columns."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of the tables: how many rows they have, and how many different keys an index has."""

    rows: Callable[[KnownTable], int]
    keys: Callable[[KnownTable, Index], int]

    def rows_of_key(self, table: KnownTable, index: Index) -> int:
        keys = self.keys(table, index)
        return self.rows(table) // keys if keys else 0


@dataclass(frozen=True, slots=True)
class _Estimate:
    given: int
    """How many rows come out."""
    read: int
    """How many are looked at for that."""


def rows_read(query: Query, statistics: Statistics) -> int:
    """The expected number of rows that are looked at."""
    estimate = _Estimator(query, statistics)
    if query.limit is not None and isinstance(query.wanted, Rows) and estimate.is_bare_scan:
        return query.limit
    return estimate.of_query().read


class _Estimator:
    def __init__(self, query: Query, statistics: Statistics) -> None:
        self._query = query
        self._statistics = statistics
        ties = [tie for tie in query.ties if tie is not None]
        rest = [condition for condition in query.conditions if not _is_tie(condition, ties)]
        self._own: list[list[Condition]] = [[] for _ in query.tables]
        """For each table the conditions that are looked at when it is read."""
        self._joint: list[Condition] = []
        for condition in rest:
            tests = list(column_tests((condition,)))
            if len(query.tables) == 1:
                self._own[0].append(condition)
            elif tests:
                self._own[tests[0][0].table].append(condition)
            else:
                self._joint.append(condition)

    @property
    def is_bare_scan(self) -> bool:
        """Whether it reads one table, and looks at nothing that an index has not answered."""
        if len(self._query.tables) > 1:
            return False
        index = self._key_index(0)
        return len(self._own[0]) == (len(index.columns) if index is not None else 0)

    def of_query(self) -> _Estimate:
        estimate = self._leaf(0)
        for number in range(1, len(self._query.tables)):
            tie = self._query.ties[number - 1]
            if tie is None:
                estimate = _each_with_each(estimate, self._leaf(number))
            elif number == 1 and not self._own[0] and self._own[1]:
                estimate = self._joined(self._leaf(1), 0, tie)
            else:
                estimate = self._joined(estimate, number, tie)
        return _filtered(estimate) if self._joint else estimate

    def _joined(self, before: _Estimate, number: int, tie: Tie) -> _Estimate:
        table = self._query.tables[number]
        (column,) = (field.column for field in tie if field.table == number)
        is_unique = table.definition.is_unique((column,))
        index = join_index(table, column, {column for column, _ in self._fixed(number)})
        if index is None:
            after = self._leaf(number)
            if is_unique:
                return _Estimate(before.given, before.read + after.read + before.given)
            return _each_with_each(before, after)
        matches = 1 if is_unique and len(index.columns) == 1 else self._statistics.rows_of_key(table, index)
        joined = _Estimate(before.given * matches, before.read + before.given * matches)
        return _filtered(joined) if len(self._own[number]) > len(index.columns) - 1 else joined

    def _leaf(self, number: int) -> _Estimate:
        table = self._query.tables[number]
        index = self._key_index(number)
        if index is None:
            rows, answered = self._statistics.rows(table), 0
        else:
            rows, answered = self._statistics.rows_of_key(table, index), len(index.columns)
        estimate = _Estimate(rows, rows)
        return _filtered(estimate) if len(self._own[number]) > answered else estimate

    def _key_index(self, number: int) -> Index | None:
        """The index with the most columns of which conditions give the whole key."""
        fixed = {column for column, _ in self._fixed(number)}
        usable = [
            index
            for index in self._query.tables[number].definition.indexes
            if len(index.columns) <= _MOST_INDEX_COLUMNS and fixed.issuperset(index.columns)
        ]
        return max(usable, key=lambda index: len(index.columns), default=None)

    def _fixed(self, number: int) -> Iterator[tuple[int, Constant]]:
        return ((field.column, value) for field, operator, value in column_tests(self._own[number]) if operator == "=")


def column_tests(conditions: Iterable[Condition]) -> Iterator[tuple[Field, str, Constant]]:
    """The conditions that compare a column with a constant."""
    for condition in conditions:
        match condition:
            case Comparison(Field() as field, ((operator, Constant() as constant),)):
                yield field, operator, constant
            case Comparison(Constant() as constant, ((operator, Field() as field),)):
                yield field, operator, constant


def join_index(table: KnownTable, column: int, fixed: Collection[int]) -> Index | None:
    """The index that the real server finds the rows to join by: it ends with the column, and conditions
    say what is before it."""
    return next(
        (
            index
            for index in table.definition.indexes
            if index.columns[-1] == column and set(index.columns[:-1]) <= set(fixed)
        ),
        None,
    )


def _filtered(estimate: _Estimate) -> _Estimate:
    return _Estimate(estimate.given, estimate.read + estimate.given)


def _each_with_each(before: _Estimate, after: _Estimate) -> _Estimate:
    pairs = before.given * after.given
    return _Estimate(pairs, before.read + after.read + pairs)


def _is_tie(condition: Condition, ties: Sequence[Tie]) -> bool:
    match condition:
        case Comparison(Field() as first, (("=", Field() as second),)):
            return (first, second) in ties
    return False
