"""Names and types of conditions: which column is meant, what a literal is, what may be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stdbpy.engine.sql import bound, syntax
from stdbpy.engine.sql.catalog import KnownTable
from stdbpy.engine.sql.literals import can_be_compared, read_literal
from stdbpy.engine.sql.refusal import refused
from stdbpy.engine.sql.syntax import LiteralKind
from stdbpy.errors import SqlError, nearest
from stdbpy.sats import types as t
from stdbpy.sats.naming import type_text
from stdbpy.sats.values import Identity
from stdbpy.sql.tokens import Position

BOOL = t.Primitive.BOOL

_TO_LOOK_AT = "Ask for the rows by other columns, and pick from them in the program."


class Asker:
    """Who asks, and whether that makes a difference."""

    __slots__ = ("_identity", "matters")

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self.matters = False
        """Whether the meaning of what was bound depends on who asks."""

    @property
    def identity(self) -> Identity:
        self.matters = True
        return self._identity


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean: the statement's tables by alias, with their numbers; and who asks."""

    tables: Mapping[str, tuple[int, KnownTable]]
    asker: Asker

    def field(self, name: syntax.ColumnName, expected: t.AlgebraicType | None = None) -> bound.Field:
        """The column of that name. Without its table's name it belongs to the only table. ``expected`` is the type
        that is needed here, if any."""
        if name.table is not None:
            found = self.tables.get(name.table.text)
            if found is None:
                raise refused(
                    f"no table `{name.table.text}` in this statement",
                    name.table.at,
                    nearest(name.table.text, self.tables),
                )
        else:
            found = next(iter(self.tables.values()))
        number, table = found
        column = table.column(name.column.text)
        if column is None:
            raise no_such_column(table, name.column, may_be_text=expected is t.Primitive.STRING)
        return bound.Field(number, column.position, table.types[column.position])

    def condition(self, expression: syntax.Expression) -> bound.Condition:
        """An expression that must be true or false."""
        return self._typed(expression, BOOL)[0]

    def _typed(
        self, expression: syntax.Expression, expected: t.AlgebraicType | None
    ) -> tuple[bound.Condition, t.AlgebraicType]:
        """``expression`` and its type, which is ``expected`` unless that is ``None``."""
        match expression:
            case syntax.Literal():
                if expected is None and expression.kind is not LiteralKind.BOOL:
                    message = f"the type of `{expression.text}` is unknown, because it is compared with no column"
                    raise refused(message, expression.at)
                type = expected or BOOL
                return bound.Constant(constant_of(expression, type), type), type
            case syntax.Sender():
                type = expected or t.IDENTITY
                if type not in (t.IDENTITY, t.BYTES):
                    raise refused(f":sender is an Identity, not {type_text(type)}", expression.at)
                sender = self.asker.identity
                return bound.Constant(sender if type == t.IDENTITY else bytes(sender), type), type
            case syntax.ColumnName():
                field = self.field(expression, expected)
                if expected not in (None, field.type):
                    column = expression.column
                    raise _mismatch(f"the column `{column.text}`", field.type, expected, column.at)
                return field, field.type
            case syntax.Logical(operator, terms, at):
                terms_bound = tuple(self._typed(term, BOOL)[0] for term in terms)
                return bound.Logical(operator, terms_bound), _truth(operator, expected, at)
            case syntax.Comparison(first, rest, at):
                return self._comparison(first, rest), _truth("a comparison", expected, at)

    def _comparison(
        self, first: syntax.Expression, rest: tuple[tuple[str, syntax.Expression], ...]
    ) -> bound.Comparison:
        (operator, second), *others = rest
        is_turned = isinstance(first, syntax.Literal | syntax.Sender)
        left, type = self._typed(second if is_turned else first, None)
        if not can_be_compared(type):
            raise refused(f"values of type {type_text(type)} cannot be compared", position_of(first), _TO_LOOK_AT)
        right, _ = self._typed(first if is_turned else second, type)
        if is_turned:
            left, right = right, left
        steps = [(operator, right), *((operator, self._typed(operand, BOOL)[0]) for operator, operand in others)]
        return bound.Comparison(left, tuple(steps))


def constant_of(literal: syntax.Literal, type: t.AlgebraicType) -> Any:
    """The value of ``type`` that the literal means, in a condition."""
    if literal.kind is LiteralKind.BOOL:
        if type is not BOOL:
            raise _mismatch(f"`{literal.text}`", BOOL, type, literal.at)
        return literal.text == "true"
    try:
        return read_literal(literal.text, type)
    except ValueError:
        raise refused(f"`{literal.text}` is not a value of type {type_text(type)}", literal.at) from None


def stored_value(literal: syntax.Literal, type: t.AlgebraicType) -> Any:
    """The value of ``type`` that the literal means where it is stored: strings go into strings only."""
    if literal.kind is LiteralKind.STRING and type is not t.Primitive.STRING:
        hint = "SQL can write numbers, bool, strings, and hex (0x…) for bytes, Identity, ConnectionId and Uuid."
        raise refused(f"a string is not a value of type {type_text(type)}", literal.at, hint)
    return constant_of(literal, type)


def no_such_column(table: KnownTable, name: syntax.Name, *, may_be_text: bool = False) -> SqlError:
    """``may_be_text``: it stands where a string would do, perhaps between the wrong quotes."""
    names = [column.name for column in table.definition.columns]
    hint = nearest(name.text, names)
    if not hint:
        literal = name.text.replace("'", "''")
        is_text = f"Text stands between single quotes: '{literal}'."
        hint = is_text if may_be_text else f"Its columns: {', '.join(names)}."
    return refused(f"`{name.text}` is not a column of `{table.name}`", name.at, hint)


def position_of(expression: syntax.Expression) -> Position:
    return expression.column.at if isinstance(expression, syntax.ColumnName) else expression.at


def _truth(what: str, expected: t.AlgebraicType | None, at: Position) -> t.AlgebraicType:
    if expected not in (None, BOOL):
        raise _mismatch(what, BOOL, expected, at)
    return BOOL


def _mismatch(what: str, type: t.AlgebraicType, expected: t.AlgebraicType | None, at: Position) -> SqlError:
    wanted = type_text(expected) if expected is not None else "something else"
    return refused(f"{what} is of type {type_text(type)}, and {wanted} is needed here", at)
