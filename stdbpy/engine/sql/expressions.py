"""Conditions and constants, from tokens to syntax.

Precedence as in the real parser: comparisons bind alike and from the left (``a = b < c`` is
``(a = b) < c``), then AND, then OR.
"""

from __future__ import annotations

from dataclasses import dataclass

from stdbpy.engine.sql.cursor import Cursor
from stdbpy.engine.sql.refusal import refused
from stdbpy.engine.sql.syntax import (
    ColumnName,
    Comparison,
    Expression,
    Literal,
    LiteralKind,
    Logical,
    Name,
    Sender,
)
from stdbpy.sql.keywords import (
    AFTER_A_COLUMN,
    FUNCTIONS_WITHOUT_PARENTHESES,
    HINTS,
    NEGATED_BY_NOT,
    OPERATOR_WORDS,
    STARTS_OF_EXPRESSIONS,
    TYPE_NAMES,
)
from stdbpy.sql.tokens import Kind, Position, Token

MAX_NESTING = 50
"""Statements, queries and expressions inside each other, as the real parser counts them."""
MAX_DEPTH = 1600
"""Height of an expression, where each operator in a row adds one."""

_COMPARISONS = {"=": "=", "==": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_NOT_AN_OPERATOR = frozenset({"(", ")", ",", ";", ".", "]", "{", "}", "=>", ":=", "\\"})
_OR, _AND, _COMPARISON = 5, 10, 20


@dataclass(frozen=True, slots=True)
class Operand:
    """A part of an expression, with what the limits and the caller need to know of it."""

    expression: Expression
    depth: int
    in_parentheses: bool


class ExpressionParser:
    """``nesting`` is how many levels may still be opened."""

    def __init__(self, cursor: Cursor, nesting: int) -> None:
        self._cursor = cursor
        self._nesting = nesting

    def condition(self) -> Expression:
        return self.operand().expression

    def operand(self) -> Operand:
        """An expression of its own: a condition, a value, or what stands in parentheses."""
        if not self._nesting:
            raise refused("parentheses are nested too deeply", self._cursor.peek().at)
        self._nesting -= 1
        operand = self._above(0)
        self._nesting += 1
        return operand

    def constant(self, what: str) -> Literal:
        """A literal, which the real server wants bare here: no parentheses, no ``:sender``."""
        at = self._cursor.peek().at
        operand = self.operand()
        if operand.in_parentheses or not isinstance(operand.expression, Literal):
            raise refused(f"{what} must be a plain literal", at)
        return operand.expression

    def column(self) -> ColumnName | None:
        """A column that stands by itself; ``None`` if something else does."""
        token = self._cursor.peek()
        expression = self._word(token) if token.is_name else None
        return expression if isinstance(expression, ColumnName) else None

    def at_operator(self) -> bool:
        """Whether the expression goes on. Raises for operators that are not supported."""
        return self._binary(self._cursor.peek())[1] > 0

    def _above(self, floor: int) -> Operand:
        left = self._first()
        while True:
            token = self._cursor.peek()
            operator, precedence = self._binary(token)
            if precedence <= floor:
                return left
            self._cursor.take()
            self._cursor.refuse_keywords("ANY", "ALL")
            right = self._above(precedence)
            left = _joined(left, operator, right, token.at)

    def _binary(self, token: Token) -> tuple[str, int]:
        """The operator that ``token`` is, and how strongly it binds (0 for none)."""
        if token.kind is Kind.SYMBOL:
            if token.text in _COMPARISONS:
                return _COMPARISONS[token.text], _COMPARISON
            if token.text not in _NOT_AN_OPERATOR:
                raise refused(f"the operator {token} is not supported", token.at)
        elif token.keyword == "AND":
            return "AND", _AND
        elif token.keyword == "OR":
            return "OR", _OR
        elif token.keyword in OPERATOR_WORDS or (
            token.keyword == "NOT" and self._cursor.peek(1).keyword in NEGATED_BY_NOT
        ):
            what = f"NOT {self._cursor.peek(1).keyword}" if token.keyword == "NOT" else token.keyword
            raise self._cursor.unsupported(what)
        return "", 0

    def _first(self) -> Operand:
        cursor, token = self._cursor, self._cursor.peek()
        match token.kind:
            case Kind.NUMBER | Kind.STRING | Kind.HEX:
                cursor.take()
                return _leaf(Literal(LiteralKind(token.kind.name.lower()), token.text, token.at))
            case Kind.WORD | Kind.QUOTED_WORD:
                return _leaf(self._word(token))
            case Kind.FOREIGN_STRING:
                raise refused("strings of this kind are not supported", token.at, "Write 'text'; '' for a quote in it.")
            case Kind.END | Kind.UNCLOSED:
                raise cursor.unexpected("an expression")
            case Kind.SYMBOL:
                return self._symbol(token)

    def _symbol(self, token: Token) -> Operand:
        cursor = self._cursor
        match token.text:
            case "(":
                cursor.take()
                cursor.refuse_keywords("SELECT", "WITH")
                inner = self.operand()
                cursor.expect_symbol(")")
                return Operand(inner.expression, _deeper(token.at, inner), in_parentheses=True)
            case "+" | "-":
                cursor.take()
                number = cursor.peek()
                if number.kind is not Kind.NUMBER:
                    raise refused(f"`{token.text}` may only stand in front of a number", token.at)
                cursor.take()
                return _leaf(Literal(LiteralKind.NUMBER, token.text + number.text, token.at))
            case ":":
                cursor.take()
                name = cursor.identifier("the name of a parameter")
                if name.text != "sender":
                    raise refused(f"no such parameter: `:{name.text}`", token.at, "There is one: :sender.")
                return _leaf(Sender(token.at))
            case _:
                raise cursor.unexpected("an expression")

    def _word(self, token: Token) -> Expression:
        cursor = self._cursor
        match token.keyword:
            case "TRUE" | "FALSE":
                cursor.take()
                return Literal(LiteralKind.BOOL, token.keyword.lower(), token.at)
            case word if word in FUNCTIONS_WITHOUT_PARENTHESES:
                hint = f'Write "{token.text}" with double quotes if you mean a table or column of that name.'
                raise refused(f"{token} is a function here, and functions are not supported", token.at, hint)
            case word if word in STARTS_OF_EXPRESSIONS:
                hint = HINTS.get(word) or f'Write "{token.text}" with double quotes if you mean a column of that name.'
                raise refused(f"{word} is not supported", token.at, hint)
        cursor.take()
        if token.keyword in TYPE_NAMES and _may_be_text(cursor.peek()):
            raise refused(
                f"{token} is the name of a type here, and typed constants are not supported",
                token.at,
                f'Write AS before an alias, and "{token.text}" with double quotes for a column of that name.',
            )
        parts = [Name(token.text, token.at)]
        while cursor.symbol("."):
            part = cursor.peek()
            if not part.is_name:
                raise cursor.unexpected("a column's name")
            parts.append(Name(part.text, part.at))
            cursor.take()
        if cursor.at_symbol("("):
            raise refused(f"the function {token} is not supported here", token.at)
        table = Name(".".join(part.text for part in parts[:-1]), token.at) if len(parts) > 1 else None
        return ColumnName(table, parts[-1])


def _may_be_text(token: Token) -> bool:
    """Whether what stands behind a type's name is taken for a constant of that type. The real parser
    takes every word that is a keyword in no SQL dialect; we take a few more, which only refuses
    them as an alias without AS."""
    if token.kind is Kind.WORD:
        return token.keyword not in AFTER_A_COLUMN
    return token.kind in (Kind.STRING, Kind.FOREIGN_STRING, Kind.QUOTED_WORD)


def _leaf(expression: Expression) -> Operand:
    return Operand(expression, 0, in_parentheses=False)


def _deeper(at: Position, *parts: Operand) -> int:
    """The depth of an expression over ``parts``."""
    depth = 1 + max(part.depth for part in parts)
    if depth > MAX_DEPTH:
        raise refused(f"a condition may have {MAX_DEPTH} operators in a row", at)
    return depth


def _joined(left: Operand, operator: str, right: Operand, at: Position) -> Operand:
    depth = _deeper(at, left, right)
    first = left.expression
    expression: Expression
    if operator in ("AND", "OR"):
        same = isinstance(first, Logical) and first.operator == operator
        terms = first.terms if same and isinstance(first, Logical) else (first,)
        expression = Logical(operator, (*terms, right.expression), at)
    elif isinstance(first, Comparison) and not left.in_parentheses:
        expression = Comparison(first.first, (*first.rest, (operator, right.expression)), first.at)
    else:
        expression = Comparison(first, ((operator, right.expression),), at)
    return Operand(expression, depth, in_parentheses=False)
