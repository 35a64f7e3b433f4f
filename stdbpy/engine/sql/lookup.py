"""How the rows of one table are reached: through which index, with which key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from stdbpy.engine.sql.bound import Comparison, Condition, Constant, Field
from stdbpy.engine.sql.catalog import KnownTable
from stdbpy.engine.store.index import Bound, Excluded, Included
from stdbpy.schema.model import Index, IndexAlgorithm

_FLIPPED = {"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_LOWER, _UPPER = (">", ">="), ("<", "<=")


@dataclass(frozen=True, slots=True)
class Test:
    """A condition that compares a column with a constant or with a column of another table."""

    number: int
    """Which of the query's conditions it is."""
    field: Field
    operator: str
    other: Field | Constant


def tests_of(conditions: Sequence[Condition]) -> Iterator[Test]:
    """The simple ones among ``conditions``; one that compares two columns is there from both sides."""
    for number, condition in enumerate(conditions):
        match condition:
            case Comparison(Field() as field, ((operator, Field() | Constant() as other),)) if operator in _FLIPPED:
                yield Test(number, field, operator, other)
                if isinstance(other, Field):
                    yield Test(number, other, _FLIPPED[operator], field)
            case Comparison(Constant() as constant, ((operator, Field() as field),)) if operator in _FLIPPED:
                yield Test(number, field, _FLIPPED[operator], constant)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A look into an index: for a whole key, or for its first columns and a range of the next."""

    index: Index
    key: tuple[Field | Constant, ...]
    lower: Bound
    upper: Bound
    is_unique: bool
    answered: frozenset[int]
    """The conditions, by number, that hold for all that it finds."""

    @property
    def is_point(self) -> bool:
        return len(self.key) == len(self.index.columns)

    @property
    def needs(self) -> frozenset[int]:
        """The tables whose rows give parts of the key."""
        return frozenset(part.table for part in self.key if isinstance(part, Field))

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        """The higher, the fewer rows are to be expected."""
        ends = (self.lower is not None) + (self.upper is not None)
        return self.is_unique, self.is_point, len(self.key), ends


def best_lookup(number: int, table: KnownTable, tests: Sequence[Test], known: Collection[int]) -> Lookup | None:
    """The best way into table ``number``, if rows of the tables ``known`` are at hand."""
    usable = [
        test
        for test in tests
        if test.field.table == number and (isinstance(test.other, Constant) or test.other.table in known)
    ]
    found = (_lookup(index, table, usable) for index in table.definition.indexes)
    return max((lookup for lookup in found if lookup is not None), key=lambda lookup: lookup.rank, default=None)


def _lookup(index: Index, table: KnownTable, tests: Sequence[Test]) -> Lookup | None:
    key: list[Test] = []
    for column in index.columns:
        equal = next((test for test in tests if test.field.column == column and test.operator == "="), None)
        if equal is None:
            break
        key.append(equal)
    parts = tuple(test.other for test in key)
    answered = [test.number for test in key]
    if len(key) == len(index.columns):
        unique = table.definition.is_unique(index.columns)
        return Lookup(index, parts, None, None, unique, frozenset(answered))
    if index.algorithm is IndexAlgorithm.HASH:
        return None
    lower, upper = (_bound(index.columns[len(key)], operators, tests) for operators in (_LOWER, _UPPER))
    if not key and lower is None and upper is None:
        return None
    answered += [number for _, number in (bound for bound in (lower, upper) if bound is not None)]
    return Lookup(index, parts, lower and lower[0], upper and upper[0], is_unique=False, answered=frozenset(answered))


def _bound(column: int, operators: tuple[str, str], tests: Sequence[Test]) -> tuple[Bound, int] | None:
    """The first range condition on ``column``, with its number."""
    excluding, including = operators
    for test in tests:
        if test.field.column == column and isinstance(test.other, Constant):
            if test.operator == excluding:
                return Excluded(test.other.value), test.number
            if test.operator == including:
                return Included(test.other.value), test.number
    return None
