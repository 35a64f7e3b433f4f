"""What in a query's conditions tells which changed rows can make a difference to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from stdbpy.engine.sql.bound import Constant, Field, Query
from stdbpy.engine.sql.lookup import Test, tests_of
from stdbpy.engine.sql.predicate import FLOATS
from stdbpy.engine.store.lent_indexes import is_lent
from stdbpy.engine.store.table import Table
from stdbpy.engine.subscriptions.fragments import Fragment
from stdbpy.engine.subscriptions.triggers import JoinedValue, OwnValue, Trigger


def triggers_of(fragment: Fragment) -> Iterator[Trigger]:
    query, tables = fragment.query, fragment.tables
    tests = [test for test in tests_of(query.conditions) if test.operator == "=" and test.field.type not in FLOATS]
    for number, table in enumerate(tables):
        wanted = _wanted_value(query, number, tests)
        if wanted is not None:
            column, value = wanted
            yield Trigger(table.id, OwnValue(column, query.tables[number].format.decoder((column,))), value)
        else:
            yield _through_join(query, tables, number, tests) or Trigger(table.id)


def _wanted_value(query: Query, number: int, tests: Iterable[Test]) -> tuple[int, Any] | None:
    """The column of a table that must have a value for its rows to matter, and the value; the column that
    tells rows apart best."""
    found = [
        (test.field.column, test.other.value)
        for test in tests
        if test.field.table == number and isinstance(test.other, Constant)
    ]
    return max(found, key=lambda wanted: query.tables[number].definition.is_unique((wanted[0],)), default=None)


def _through_join(query: Query, tables: Sequence[Table], number: int, tests: Collection[Test]) -> Trigger | None:
    for test in tests:
        if test.field.table != number or not isinstance(test.other, Field):
            continue
        other = test.other
        wanted = _wanted_value(query, other.table, tests)
        other_table = tables[other.table]
        indexes = (index for index in other_table.indexes if index.columns == (other.column,))
        index = next((index for index in indexes if not is_lent(index)), None)
        if wanted is None or index is None:
            continue
        guard = JoinedValue(
            key=test.field.column,
            other_table=other_table.id,
            other_key=other.column,
            other_column=wanted[0],
            decode_key=query.tables[number].format.decoder((test.field.column,)),
            index=index,
            decode_other=query.tables[other.table].format.decoder((wanted[0],)),
        )
        return Trigger(tables[number].id, guard, wanted[1])
    return None
