"""Conditions on the rows of one table: what ``where`` takes.

SpacetimeDB has no NOT: ``~`` turns each comparison into its opposite, which is the same, for columns
of every type have a total order there (NaN equals itself and is greater than all other numbers).
"""

from __future__ import annotations

import enum
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn, TypeVar

from stdbpy.errors import InvalidQuery
from stdbpy.query.source import Source

if TYPE_CHECKING:
    from stdbpy.query.columns import Column

Of = TypeVar("Of")
"""The class of a table's columns, which stands for the table to type checkers."""

Other = TypeVar("Other")

_LONGEST_CHAIN = 200
"""Servers refuse more than some thousand conditions one behind the other, but not a tree of them."""


class Operator(enum.Enum):
    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    @property
    def opposite(self) -> Operator:
        return _OPPOSITES[self]


_OPPOSITES = {
    Operator.EQ: Operator.NE,
    Operator.NE: Operator.EQ,
    Operator.LT: Operator.GE,
    Operator.GE: Operator.LT,
    Operator.GT: Operator.LE,
    Operator.LE: Operator.GT,
}


class Condition(Generic[Of]):
    """A condition on the rows of a table; ``Of`` is the class of the table's columns.

    Made by comparing columns, and joined by ``&`` (and), ``|`` (or) and ``~`` (not); as these bind
    closer than comparisons, those go into parentheses: ``(p.level > 10) & (p.name != "Ada")``.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def sql(self) -> str:
        """As it stands behind WHERE."""

    @property
    @abstractmethod
    def source(self) -> Source | None:
        """The table that it is on; ``None`` if it is on columns of several."""

    @property
    @abstractmethod
    def depth(self) -> int:
        """How many parentheses stand inside each other in its SQL."""

    @abstractmethod
    def __invert__(self) -> Condition[Of]: ...

    def __and__(self, other: Condition[Of] | Column[Of, bool]) -> Condition[Of]:
        return join("AND", (self, as_condition(other)))

    def __or__(self, other: Condition[Of] | Column[Of, bool]) -> Condition[Of]:
        return join("OR", (self, as_condition(other)))

    def __bool__(self) -> NoReturn:
        raise InvalidQuery(
            "Python asks whether a condition of a query is true, which only the server can tell for each row",
            hint="Use & for and, | for or, ~ for not, with parentheses around each comparison; "
            "(p.level > 3) & (p.level < 9) for 3 < p.level < 9; p.level.is_in(1, 2) for p.level in (1, 2)",
        )

    def __repr__(self) -> str:
        return f"<condition {self.sql}>"


class Comparison(Condition[Of]):
    """Two operands and the operator between; operands are SQL."""

    __slots__ = ("_source", "left", "operator", "right")

    def __init__(self, source: Source, left: str, operator: Operator, right: str) -> None:
        self._source = source
        self.left = left
        self.operator = operator
        self.right = right

    @property
    def sql(self) -> str:
        return f"{self.left} {self.operator.value} {self.right}"

    @property
    def source(self) -> Source:
        return self._source

    @property
    def depth(self) -> int:
        return 0

    def __invert__(self) -> Comparison[Of]:
        return Comparison(self._source, self.left, self.operator.opposite, self.right)


class Join(Generic[Of, Other]):
    """Two indexed columns whose equality joins a row of one table with a row of another."""

    def __init__(self, left: Column[Of, Any], right: Column[Other, Any]) -> None:
        self.columns = (left, right)

    def __bool__(self) -> NoReturn:
        raise InvalidQuery(
            "Tables are joined by one equality of two columns, which nothing can be added to",
            hint="Put conditions on one of the tables into its where(...)",
        )

    def __repr__(self) -> str:
        left, right = self.columns
        return f"<join {left.sql} = {right.sql}>"


class OwnEquality(Comparison[Of], Join[Of, Of]):
    """Two indexed columns of one table: a condition on its rows, or what joins it with itself."""

    def __init__(self, left: Column[Of, Any], right: Column[Of, Any]) -> None:
        Comparison.__init__(self, left.source, left.sql, Operator.EQ, right.sql)
        Join.__init__(self, left, right)


class Combination(Condition[Of]):
    """Several conditions with AND or OR between."""

    __slots__ = ("parts", "word")

    def __init__(self, word: Literal["AND", "OR"], parts: tuple[Condition[Of], ...]) -> None:
        self.word = word
        self.parts = parts

    @property
    def sql(self) -> str:
        return _chain([_in_parentheses(part) for part in self.parts], f" {self.word} ")

    @property
    def source(self) -> Source | None:
        sources = {part.source for part in self.parts}
        return sources.pop() if len(sources) == 1 else None

    @property
    def depth(self) -> int:
        return 1 + max(part.depth for part in self.parts)

    def __invert__(self) -> Combination[Of]:
        return Combination("OR" if self.word == "AND" else "AND", tuple(~part for part in self.parts))


def join(word: Literal["AND", "OR"], conditions: Sequence[Condition[Of]]) -> Condition[Of]:
    """All of the conditions, or any of them; such combinations inside are taken apart, not nested."""
    parts: list[Condition[Of]] = []
    for condition in conditions:
        if isinstance(condition, Combination) and condition.word == word:
            parts.extend(condition.parts)
        else:
            parts.append(condition)
    return parts[0] if len(parts) == 1 else Combination(word, tuple(parts))


def as_condition(given: Condition[Of] | Column[Of, bool]) -> Condition[Of]:
    """Raises :class:`InvalidQuery` for what is no condition."""
    if isinstance(given, Condition):
        return given
    as_itself = getattr(given, "as_condition", None)
    if as_itself is not None:
        condition: Condition[Of] = as_itself()
        return condition
    raise InvalidQuery(
        f"a condition is made by comparing columns of the table, but {given!r} was given",
        hint="Such as: where(lambda p: (p.level > 10) & (p.name != 'Ada'))",
    )


def condition_on(source: Source, given: Condition[Of] | Column[Of, bool]) -> Condition[Of]:
    """The same for a condition that must be on columns of ``source`` alone."""
    condition = as_condition(given)
    if condition.source != source:
        raise InvalidQuery(f"the condition is not on columns of {source.table} alone: {condition.sql}")
    return condition


def _in_parentheses(condition: Condition[Any]) -> str:
    return f"({condition.sql})" if isinstance(condition, Combination) else condition.sql


def _chain(parts: Sequence[str], word: str) -> str:
    while len(parts) > _LONGEST_CHAIN:
        groups = [parts[start : start + _LONGEST_CHAIN] for start in range(0, len(parts), _LONGEST_CHAIN)]
        parts = [f"({word.join(group)})" for group in groups]
    return word.join(parts)
