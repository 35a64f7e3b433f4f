"""In which order a query's tables are joined, and how each is reached.

The table that an index narrows down most comes first, then always one that an equality ties to
those before, through its index if it has one. Rows come in no promised order, so that the order
of the joins is free. Tables whose rows are given, as a transaction's changes are, come before all
others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from stdbpy.engine.sql.bound import Columns, Condition, Field, Query, Rows, fields_of
from stdbpy.engine.sql.lookup import Lookup, Test, best_lookup, tests_of


@dataclass(frozen=True, slots=True)
class Step:
    """One table to join to the rows so far."""

    table: int
    lookup: Lookup | None
    """``None`` to read the whole table, or all that is given of it."""
    own: tuple[Condition, ...]
    """What else must hold for its rows by themselves."""
    pairs: tuple[tuple[Field, Field], ...]
    """Columns of the tables before, each with the column of this table that must be equal."""
    joint: tuple[Condition, ...]
    """What else must hold for its rows together with those before."""
    is_given: bool = False
    """Whether it has other rows than those of the table at the moment."""


def plan_query(query: Query, given: Collection[int] = ()) -> tuple[Step, ...]:
    """``given`` are the tables whose rows will be given, by number."""
    tests = list(tests_of(query.conditions))
    tables_of = [frozenset(field.table for field in fields_of(condition)) for condition in query.conditions]
    steps: list[Step] = []
    known: set[int] = set()
    pending = set(range(len(query.conditions)))
    while len(steps) < len(query.tables):
        table, lookup = _next_table(query, tests, known, given)
        if lookup is not None:
            pending -= lookup.answered
        pairs = {}
        if lookup is None or not lookup.needs:
            pairs = {test.number: test for test in _ties(table, tests, known) if test.number in pending}
            pending -= pairs.keys()
        known.add(table)
        ready = [number for number in sorted(pending) if tables_of[number] <= known]
        pending.difference_update(ready)
        own = tuple(query.conditions[number] for number in ready if tables_of[number] <= {table})
        joint = tuple(query.conditions[number] for number in ready if not tables_of[number] <= {table})
        matched = tuple((test.other, test.field) for test in pairs.values() if isinstance(test.other, Field))
        steps.append(Step(table, lookup, own, matched, joint, table in given))
    return tuple(steps)


def _next_table(query: Query, tests: list[Test], known: set[int], given: Collection[int]) -> tuple[int, Lookup | None]:
    for table in given:
        if table not in known:
            return table, None

    def promise(choice: tuple[int, Lookup | None]) -> tuple[object, ...]:
        table, lookup = choice
        tied = any(_ties(table, tests, known))
        return tied, lookup.rank if lookup is not None else (), -table

    choices = (
        (number, best_lookup(number, table, tests, known))
        for number, table in enumerate(query.tables)
        if number not in known
    )
    return max(choices, key=promise)


def _ties(table: int, tests: Iterable[Test], known: set[int]) -> Iterable[Test]:
    """The equalities between ``table`` and the tables before."""
    return (
        test
        for test in tests
        if test.field.table == table
        and test.operator == "="
        and isinstance(test.other, Field)
        and test.other.table in known
    )


def needed_columns(query: Query, steps: Iterable[Step]) -> list[list[int]]:
    """For each table of the query the columns that must be decoded to answer it, in order."""
    needed: list[set[int]] = [set() for _ in query.tables]
    for step in steps:
        wanted: list[Field] = [field for condition in (*step.own, *step.joint) for field in fields_of(condition)]
        wanted += [field for pair in step.pairs for field in pair]
        if step.lookup is not None:
            wanted += [part for part in step.lookup.key if isinstance(part, Field)]
        for field in wanted:
            needed[field.table].add(field.column)
    if isinstance(query.wanted, Columns):
        for field in query.wanted.fields:
            needed[field.table].add(field.column)
    return [sorted(columns) for columns in needed]


def returns_rows_of(query: Query) -> int | None:
    """The table whose whole rows are the result, if so."""
    return query.wanted.table if isinstance(query.wanted, Rows) else None
