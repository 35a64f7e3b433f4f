"""A statement whose names and types are known: what the planner works on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stdbpy.engine.sql.catalog import KnownTable
from stdbpy.sats.types import AlgebraicType, ProductType


@dataclass(frozen=True, slots=True)
class Field:
    """A column of one of the statement's tables, both by number."""

    table: int
    column: int
    type: AlgebraicType


@dataclass(frozen=True, slots=True)
class Constant:
    value: Any
    type: AlgebraicType


@dataclass(frozen=True, slots=True)
class Comparison:
    """``first`` compared with the first of ``rest``, the outcome of that with the second, …"""

    first: Condition
    rest: tuple[tuple[str, Condition], ...]


@dataclass(frozen=True, slots=True)
class Logical:
    operator: str
    terms: tuple[Condition, ...]


Condition = Field | Constant | Comparison | Logical


def fields_of(condition: Condition) -> Iterator[Field]:
    match condition:
        case Field():
            yield condition
        case Comparison(first, rest):
            for operand in (first, *(operand for _, operand in rest)):
                yield from fields_of(operand)
        case Logical(_, terms):
            for term in terms:
                yield from fields_of(term)
        case Constant():
            return


def conjuncts(condition: Condition) -> Iterator[Condition]:
    """The conditions that all must hold for ``condition`` to hold."""
    if isinstance(condition, Logical) and condition.operator == "AND":
        for term in condition.terms:
            yield from conjuncts(term)
    else:
        yield condition


@dataclass(frozen=True, slots=True)
class Rows:
    """Whole rows of one table."""

    table: int


@dataclass(frozen=True, slots=True)
class Columns:
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are."""


Tie = tuple[Field, Field]
"""Two columns that ``JOIN … ON`` compares: they are equal."""


@dataclass(frozen=True, slots=True)
class Query:
    """All combinations of rows of ``tables`` for which every one of ``conditions`` holds.

    ``ties`` and ``behind_rules`` say nothing that the conditions do not: they say where in the statement
    some of them come from, which matters to what can be subscribed to.
    """

    tables: tuple[KnownTable, ...]
    conditions: tuple[Condition, ...]
    wanted: Rows | Columns | Count
    columns: ProductType
    """Names and types of the result's columns, without references."""
    limit: int | None = None
    ties: tuple[Tie | None, ...] = ()
    """For each table but the first the columns that tie it to those before."""
    behind_rules: frozenset[int] = frozenset()
    """The tables of which the rules for who may read them leave a part."""


@dataclass(frozen=True, slots=True)
class Insertion:
    table: KnownTable
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """New values for some columns (by number) of the rows that ``matching`` gives."""

    matching: Query
    values: dict[int, Any]


@dataclass(frozen=True, slots=True)
class Removal:
    matching: Query


Work = Query | Insertion | Change | Removal
