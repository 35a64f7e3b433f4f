"""Random queries of the builder, each with what it means in Python."""

from __future__ import annotations

import math
import operator
import random
import struct
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stdbpy.client.query import Column, Query, QueryTable, SqlType
from stdbpy.client.query.of_layout import query_table
from stdbpy.protocol.catalog import TableLayout
from stdbpy.sats import ConnectionId, Identity, Timestamp
from stdbpy.sats import types as t
from stdbpy.sats.sql_types import sql_type_of
from stdbpy.sats.values import Interval, Ok, TimeDuration, Variant

COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)

TEXTS = (
    "",
    "a",
    "B",
    "é",
    "'",
    "''",
    '"',
    "\\",
    "\\'",
    "--",
    "x' OR '1'='1",
    "\n",
    "💥",
    "Z\u0301",
    "a\0b",
    "%_",
    ":sender",
)


def random_value(type: SqlType, chance: random.Random) -> Any:
    """Any value that rows may hold, and that SQL can say; often a value on the edge."""
    match type:
        case SqlType.BOOL:
            return chance.random() < 0.5
        case SqlType.F64:
            return chance.choice(
                [0.0, -0.0, 1.5, -1.5, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, 0.1, -1e-7]
            )
        case SqlType.F32:
            number = chance.choice([0.0, -0.0, 1.5, 1e-45, 3.4028234e38, math.inf, -math.inf, 0.1, -2.5e-8, 16777217.0])
            return struct.unpack("<f", struct.pack("<f", number))[0]
        case SqlType.STRING:
            return chance.choice(TEXTS)
        case SqlType.BYTES:
            return chance.choice([b"", b"\0", b"\xff", b"\0\1", b"abc", b"\xff" * 40])
        case SqlType.IDENTITY:
            return Identity.from_int(chance.choice([0, 1, 2**255, 2**256 - 1, 0xAB << 100]))
        case SqlType.CONNECTION_ID:
            return ConnectionId.from_int(chance.choice([0, 1, 2**127, 2**128 - 1, 0xAB << 50]))
        case SqlType.TIMESTAMP:
            return Timestamp(
                chance.choice([0, -1, 1, 253_402_300_799_999_999, -62_135_596_800_000_000, 1_700_000_000_123_456])
            )
        case SqlType.UUID:
            return uuid.UUID(int=chance.choice([0, 1, 2**127, 2**128 - 1, 0xAB << 64]))
    bits, signed = int(type.value[1:]), type.value[0] == "i"
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - signed) - 1
    return chance.choice([low, high, low + 1, high - 1, 0, 1, chance.randint(low, high)])


def random_row(layout: TableLayout, chance: random.Random) -> tuple[Any, ...]:
    """A row as tuples: columns that SQL compares have random values, others always the same."""
    row = t.resolve(layout.row_type, layout.typespace)
    assert isinstance(row, t.ProductType)
    return tuple(_random_field(element.type, layout.typespace, chance) for element in row.elements)


def _random_field(type: t.AlgebraicType, typespace: t.Typespace, chance: random.Random) -> Any:
    sql_type = sql_type_of(type, typespace)
    if sql_type is not None:
        return random_value(sql_type, chance)
    match t.resolve(type, typespace):
        case t.TIME_DURATION:
            return TimeDuration(5)
        case t.ArrayType():
            return []
        case t.ProductType(elements):
            return tuple(_random_field(element.type, typespace, chance) for element in elements)
        case t.SCHEDULE_AT:
            return Interval(TimeDuration(5))
        case t.SumType(variants) as sum_type:
            if t.as_option(sum_type) is not None:
                return None
            if (both := t.as_result(sum_type)) is not None:
                return Ok(_random_field(both[0], typespace, chance))
            return Variant(variants[0].name or "", _payload(variants[0].type, typespace, chance))
        case other:
            raise AssertionError(other)


def _payload(type: t.AlgebraicType, typespace: t.Typespace, chance: random.Random) -> Any:
    return None if type == t.UNIT else _random_field(type, typespace, chance)


@dataclass(frozen=True)
class Meaning:
    """A condition twice: on the columns of a query, and on a row."""

    build: Callable[[Any], Any]
    holds: Callable[[tuple[Any, ...]], bool]


ALWAYS = Meaning(lambda columns: None, lambda row: True)


@dataclass(frozen=True)
class Asked:
    query: Query[Any]
    rows: list[tuple[Any, ...]]
    """What it means, in Python."""


class RandomQueries:
    """Queries over tables with known rows."""

    def __init__(self, layouts: Sequence[TableLayout], rows: dict[str, list[tuple[Any, ...]]], seed: int) -> None:
        self.chance = random.Random(seed)
        self.tables: dict[str, QueryTable[Any, Any]] = {layout.name: query_table(layout) for layout in layouts}
        self.layouts = {layout.name: layout for layout in layouts}
        self.rows = rows

    def of_table(self, name: str, depth: int = 3) -> Asked:
        meaning = self._condition(name, depth)
        rows = [row for row in self.rows[name] if meaning.holds(row)]
        return Asked(self.tables[name].where(meaning.build), rows)

    def join(self, left: str, right: str, on: str, *, conditions_on_both: bool) -> Asked:
        """A semijoin by the columns ``on`` of both tables, with conditions before and behind it."""
        before_left = self._condition(left, 1) if conditions_on_both else ALWAYS
        before_right = self._condition(right, 1) if conditions_on_both else ALWAYS
        lefts = [row for row in self.rows[left] if before_left.holds(row)]
        rights = [row for row in self.rows[right] if before_right.holds(row)]
        at_left, at_right = self.layouts[left].columns.index(on), self.layouts[right].columns.index(on)
        left_query, right_query = self.tables[left], self.tables[right]
        if conditions_on_both:
            left_query, right_query = left_query.where(before_left.build), right_query.where(before_right.build)

        def same(one: Any, other: Any) -> Any:
            return getattr(one, on) == getattr(other, on)

        if self.chance.random() < 0.5:
            behind = self._condition(left, 1)
            keys = {row[at_right] for row in rights}
            query = left_query.left_semijoin(right_query, same)
            rows = [row for row in lefts if row[at_left] in keys and behind.holds(row)]
        else:
            behind = self._condition(right, 1)
            keys = {row[at_left] for row in lefts}
            query = left_query.right_semijoin(right_query, same)
            rows = [row for row in rights if row[at_right] in keys and behind.holds(row)]
        return Asked(query.where(behind.build), rows)

    def _condition(self, table: str, depth: int) -> Meaning:
        kind = self.chance.randrange(8) if depth else 7
        if kind < 3:
            return self._joined(table, depth, operator.and_, all)
        if kind < 5:
            return self._joined(table, depth, operator.or_, any)
        if kind == 5:
            inner = self._condition(table, depth - 1)
            return Meaning(lambda columns: ~inner.build(columns), lambda row: not inner.holds(row))
        return self._comparison(table)

    def _joined(self, table: str, depth: int, join: Callable[[Any, Any], Any], holds: Callable[[Any], bool]) -> Meaning:
        parts = [self._condition(table, depth - 1) for _ in range(self.chance.randint(2, 4))]

        def build(columns: Any) -> Any:
            first, *others = [part.build(columns) for part in parts]
            for other in others:
                first = join(first, other)
            return first

        return Meaning(build, lambda row: holds(part.holds(row) for part in parts))

    def _comparison(self, table: str) -> Meaning:
        columns = self._comparable(table)
        position, attribute, type = self.chance.choice(columns)
        compare = self.chance.choice(COMPARISONS)
        others = [(at, name) for at, name, other in columns if other is type]
        if type is SqlType.BOOL and self.chance.random() < 0.5:
            return Meaning(lambda columns: getattr(columns, attribute), lambda row: row[position])
        if self.chance.random() < 0.2:
            at, name = self.chance.choice(others)
            return Meaning(
                lambda columns: compare(getattr(columns, attribute), getattr(columns, name)),
                lambda row: compare(row[position], row[at]),
            )
        if self.chance.random() < 0.6:
            value = self.chance.choice(self.rows[table])[position]
        else:
            value = random_value(type, self.chance)
        return Meaning(
            lambda columns: compare(getattr(columns, attribute), value), lambda row: compare(row[position], value)
        )

    def _comparable(self, table: str) -> list[tuple[int, str, SqlType]]:
        seen: list[Any] = []
        self.tables[table].where(lambda columns: seen.append(columns) or next(_any_condition(columns)))
        attributes = vars(seen[0]).items()
        return [
            (position, attribute, column.type)
            for position, (attribute, column) in enumerate(attributes)
            if isinstance(column, Column)
        ]


def _any_condition(columns: Any) -> Any:
    for column in vars(columns).values():
        if isinstance(column, Column):
            yield column == column
