"""Queries against a plain Python evaluation of the same, with indexes and without."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.sql.little import INDEXED, ITEM, ORDER, PLAIN, LittleDatabase
from tests.examples_to_try import up_to

TABLES = {"item": ITEM, "order": ORDER}
SMALL = st.integers(0, 4)
WEIGHTS = st.sampled_from((-math.inf, -1.5, -0.0, 0.0, 0.5, 2.0, math.inf, math.nan))
NAMES = st.sampled_from(("", "a", "A", "b", "it's", "ä"))

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": SMALL,
    "item": SMALL,
    "kind": st.integers(-2, 2),
    "size": st.integers(-2, 2),
    "weight": WEIGHTS,
    "name": NAMES,
    "sold": st.booleans(),
}
KINDS = {"id": "u32", "item": "u32", "kind": "i8", "size": "i8", "weight": "f64", "name": "str", "sold": "bool"}


def ordered(value: Any) -> Any:
    """A key that orders values as SpacetimeDB does: NaN is itself, and above everything."""
    if isinstance(value, float):
        return (value != value, 0.0 if value != value else value)
    return value


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: ordered(a) == ordered(b),
    "<>": lambda a, b: ordered(a) != ordered(b),
    "<": lambda a, b: ordered(a) < ordered(b),
    "<=": lambda a, b: ordered(a) <= ordered(b),
    ">": lambda a, b: ordered(a) > ordered(b),
    ">=": lambda a, b: ordered(a) >= ordered(b),
}

Rows = dict[str, dict[str, Any]]
"""One row of each table, by alias."""


@dataclass(frozen=True)
class Condition:
    text: str
    holds: Callable[[Rows], bool]


def literal(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return "'" + value.replace("'", "''") + "'"
        case float() if math.isinf(value):
            return "1e999" if value > 0 else "-1e999"
        case _:
            return str(value)


@st.composite
def comparisons(draw: st.DrawFn, scope: dict[str, str]) -> Condition:
    alias = draw(st.sampled_from(sorted(scope)))
    column = draw(st.sampled_from(sorted(TABLES[scope[alias]])))
    operator = draw(st.sampled_from(sorted(OPERATORS)))
    compare = OPERATORS[operator]
    others = [
        (other, name)
        for other, table in scope.items()
        for name in TABLES[table]
        if KINDS[name] == KINDS[column] and (other, name) != (alias, column)
    ]
    if others and draw(st.integers(0, 3)) == 0:
        other, name = draw(st.sampled_from(others))
        text = f"{alias}.{column} {operator} {other}.{name}"
        return Condition(text, lambda rows: compare(rows[alias][column], rows[other][name]))
    value = draw(VALUES[column].filter(lambda value: value == value))  # NaN cannot be written
    if draw(st.integers(0, 4)) == 0:
        return Condition(
            f"{literal(value)} {operator} {alias}.{column}", lambda rows: compare(value, rows[alias][column])
        )
    return Condition(f"{alias}.{column} {operator} {literal(value)}", lambda rows: compare(rows[alias][column], value))


@st.composite
def conditions(draw: st.DrawFn, scope: dict[str, str], depth: int = 3) -> Condition:
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        return draw(comparisons(scope))
    left, right = draw(conditions(scope, depth - 1)), draw(conditions(scope, depth - 1))
    match draw(st.sampled_from(("AND", "AND", "AND", "OR", "=", "<>"))):
        case "AND":
            return Condition(f"({left.text}) AND ({right.text})", lambda rows: left.holds(rows) and right.holds(rows))
        case "OR":
            return Condition(f"({left.text}) OR ({right.text})", lambda rows: left.holds(rows) or right.holds(rows))
        case "=":
            return Condition(f"({left.text}) = ({right.text})", lambda rows: left.holds(rows) == right.holds(rows))
        case _:
            return Condition(f"({left.text}) <> ({right.text})", lambda rows: left.holds(rows) != right.holds(rows))


@dataclass(frozen=True)
class Query:
    scope: dict[str, str]
    """Tables by alias, in the order of the joins."""
    joins: tuple[Condition | None, ...]
    where: Condition | None
    limit: int | None

    @property
    def text(self) -> str:
        (alias, table), *others = self.scope.items()
        text = f'FROM "{table}" {alias}'
        for (alias, table), on in zip(others, self.joins, strict=True):
            text += f' JOIN "{table}" {alias}' + (f" ON {on.text}" if on else "")
        text += f" WHERE {self.where.text}" if self.where else ""
        return text + (f" LIMIT {self.limit}" if self.limit is not None else "")

    def rows(self, data: dict[str, list[tuple[Any, ...]]]) -> list[Rows]:
        needed = [condition for condition in (*self.joins, self.where) if condition is not None]
        found = []
        for combination in itertools.product(*(data[table] for table in self.scope.values())):
            rows = {
                alias: dict(zip(TABLES[table], row, strict=True))
                for (alias, table), row in zip(self.scope.items(), combination, strict=True)
            }
            if all(condition.holds(rows) for condition in needed):
                found.append(rows)
        return found


@st.composite
def queries(draw: st.DrawFn) -> Query:
    tables = draw(st.lists(st.sampled_from(sorted(TABLES)), min_size=1, max_size=3))
    scope = dict(zip("abc", tables, strict=False))
    joins: list[Condition | None] = []
    for alias in list(scope)[1:]:
        before = list(scope)[: list(scope).index(alias)]
        pairs = [
            (f"{other}.{name}", other, name, column)
            for other in before
            for name in TABLES[scope[other]]
            for column in TABLES[scope[alias]]
            if KINDS[name] == KINDS[column]
        ]
        if draw(st.integers(0, 4)):
            text, other, name, column = draw(st.sampled_from(pairs))
            joins.append(Condition(f"{text} = {alias}.{column}", _equal(other, name, alias, column)))
        else:
            joins.append(None)
    where = draw(st.none() | conditions(scope))
    return Query(scope, tuple(joins), where, draw(st.none() | st.none() | st.integers(0, 5)))


def _equal(alias: str, column: str, other: str, name: str) -> Callable[[Rows], bool]:
    return lambda rows: OPERATORS["="](rows[alias][column], rows[other][name])


ITEMS = st.lists(st.tuples(*(VALUES[name] for name in ITEM)), max_size=8, unique_by=lambda row: row[0])
ORDERS = st.lists(st.tuples(*(VALUES[name] for name in ORDER)), max_size=6, unique_by=repr)


def bag(rows: list[tuple[Any, ...]]) -> Counter[str]:
    return Counter(map(repr, rows))


@up_to(200)
@given(items=ITEMS, orders=ORDERS, query=queries(), data=st.data())
def test_same_rows_as_plain_python(
    items: list[tuple[Any, ...]], orders: list[tuple[Any, ...]], query: Query, data: st.DataObject
) -> None:
    expected = query.rows({"item": items, "order": orders})
    alias = data.draw(st.sampled_from(sorted(query.scope)))
    columns = list(TABLES[query.scope[alias]])
    chosen = data.draw(st.lists(st.sampled_from(columns), min_size=1, unique=True))
    of_alias = [rows[alias] for rows in expected]
    wanted = {
        f"{alias}.*": [tuple(row.values()) for row in of_alias],
        ", ".join(f"{alias}.{column}" for column in chosen): [tuple(row[name] for name in chosen) for row in of_alias],
        "COUNT(*) AS n": [(len(expected),)],
    }
    for schema in (INDEXED, PLAIN):
        database = LittleDatabase(schema)
        database.insert("item", items)
        database.insert("order", orders)
        for what, rows in wanted.items():
            found = database.run(f"SELECT {what} {query.text}").rows
            if query.limit is None:
                assert bag(found) == bag(rows)
            else:
                assert len(found) == min(query.limit, len(rows))
                assert bag(found) <= bag(rows)


@up_to(100)
@given(items=ITEMS, condition=conditions({"item": "item"}), size=st.integers(-2, 2))
def test_changes_touch_what_a_query_finds(items: list[tuple[Any, ...]], condition: Condition, size: int) -> None:
    rows = [dict(zip(ITEM, item, strict=True)) for item in items]
    matching = [row for row in rows if condition.holds({"item": row})]
    rest = [row for row in rows if row not in matching]
    for schema in (INDEXED, PLAIN):
        database = LittleDatabase(schema)
        database.insert("item", items)
        assert database.run(f"UPDATE item SET size = {size} WHERE {condition.text}").rows_updated == len(matching)
        changed = [{**row, "size": size} for row in matching]
        assert bag(database.run("SELECT * FROM item").rows) == bag([tuple(row.values()) for row in changed + rest])
        removed = [row for row in changed + rest if condition.holds({"item": row})]
        assert database.run(f"DELETE FROM item WHERE {condition.text}").rows_deleted == len(removed)
        assert database.run("SELECT COUNT(*) AS n FROM item").rows == [(len(rows) - len(removed),)]
