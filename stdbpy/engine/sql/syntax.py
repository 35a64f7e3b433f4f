"""What a statement says, before its names and types are looked at.

Column names stand as they were written; a name of several parts (``auth.users``) is one name with
dots, which is how the tables of mounted modules are called.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from stdbpy.sql.tokens import Position


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    at: Position


class LiteralKind(enum.Enum):
    BOOL = "bool"
    NUMBER = "number"
    STRING = "string"
    HEX = "hex"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant as written: ``text`` is ``true`` or ``false``, the number with its sign, what
    stands between the quotes, or the digits behind ``0x``. Its type depends on what it meets."""

    kind: LiteralKind
    text: str
    at: Position


@dataclass(frozen=True, slots=True)
class Sender:
    """``:sender``, the identity of the caller."""

    at: Position


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column, with the name or alias of its table if that was written."""

    table: Name | None
    column: Name


@dataclass(frozen=True, slots=True)
class Comparison:
    """``first`` compared with the first of ``rest``, the outcome of that with the second, …"""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    """Each an operator (``=``, ``<>``, ``<``, ``<=``, ``>``, ``>=``) and what stands behind it."""
    at: Position


@dataclass(frozen=True, slots=True)
class Logical:
    operator: str
    """``AND`` or ``OR``."""
    terms: tuple[Expression, ...]
    at: Position


Expression = Literal | Sender | ColumnName | Comparison | Logical


def columns_in(expression: Expression) -> Iterator[ColumnName]:
    match expression:
        case ColumnName():
            yield expression
        case Comparison(first, rest):
            for operand in (first, *(operand for _, operand in rest)):
                yield from columns_in(operand)
        case Logical(_, terms):
            for term in terms:
                yield from columns_in(term)
        case Literal() | Sender():
            return


@dataclass(frozen=True, slots=True)
class TableName:
    name: Name
    alias: Name
    """The name itself if no alias was given."""


@dataclass(frozen=True, slots=True)
class Join:
    table: TableName
    on: tuple[ColumnName, ColumnName] | None
    """The two columns that must be equal; without them every pair of rows is a result."""


@dataclass(frozen=True, slots=True)
class WholeRow:
    """``*`` or ``table.*``."""

    table: Name | None
    at: Position


@dataclass(frozen=True, slots=True)
class SomeColumns:
    columns: tuple[tuple[ColumnName, Name], ...]
    """Each with the name that it has in the result."""


@dataclass(frozen=True, slots=True)
class CountRows:
    alias: Name


@dataclass(frozen=True, slots=True)
class Select:
    wanted: WholeRow | SomeColumns | CountRows
    table: TableName
    joins: tuple[Join, ...] = ()
    where: Expression | None = None
    limit: Literal | None = None


@dataclass(frozen=True, slots=True)
class Insert:
    table: Name
    columns: tuple[Name, ...]
    rows: tuple[tuple[Literal, ...], ...]


@dataclass(frozen=True, slots=True)
class Update:
    table: Name
    assignments: tuple[tuple[Name, Literal], ...]
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    table: Name
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class SetVariable:
    name: Name
    value: Literal


@dataclass(frozen=True, slots=True)
class ShowVariable:
    name: Name


Statement = Select | Insert | Update | Delete | SetVariable | ShowVariable
