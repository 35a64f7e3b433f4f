"""Conditions as Python functions: one generated function tests one row, whatever the condition.

Floats are ordered as the real server orders them: NaN equals itself and is greater than everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stdbpy.engine.sql.bound import Comparison, Condition, Constant, Field, Logical
from stdbpy.sats.types import Primitive

Row = tuple[Any, ...]
Slots = Mapping[tuple[int, int], int]
"""Where the value of a column (table and column by number) stands in a row."""

FLOATS = (Primitive.F32, Primitive.F64)

_OPERATORS = {"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FLOAT_OPERATORS = {
    "=": "({a} == {b} or ({a} != {a} and {b} != {b}))",
    "<>": "not ({a} == {b} or ({a} != {a} and {b} != {b}))",
    "<": "({a} < {b} or ({b} != {b} and {a} == {a}))",
    "<=": "({a} <= {b} or {b} != {b})",
    ">": "({b} < {a} or ({a} != {a} and {b} == {b}))",
    ">=": "({b} <= {a} or {a} != {a})",
}


def compile_predicate(conditions: Sequence[Condition], slots: Slots) -> Callable[[Row], bool] | None:
    """A function that tells whether all ``conditions`` hold for a row; ``None`` for no conditions."""
    if not conditions:
        return None
    source = _Source(slots)
    outcome = source.expression(Logical("AND", tuple(conditions)))
    body = "".join(f"    {line}\n" for line in source.lines)
    exec(f"def predicate(row):\n{body}    return {outcome}\n", source.names)  # noqa: S102  # our own text: no part of it is the user's
    predicate: Callable[[Row], bool] = source.names["predicate"]
    return predicate


class _Source:
    """Text of a function's body. What an operand has to compute goes into a variable, so that
    comparisons in a row, which may be a thousand, do not nest."""

    def __init__(self, slots: Slots) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self._slots = slots

    def expression(self, condition: Condition) -> str:
        match condition:
            case Field(table, column):
                return f"row[{self._slots[table, column]}]"
            case Constant(value):
                return self._constant(value)
            case Logical(operator, terms):
                return "(" + f" {operator.lower()} ".join(self.expression(term) for term in terms) + ")"
            case Comparison(first, rest):
                floats = isinstance(first, Field | Constant) and first.type in FLOATS
                left = self._operand(first)
                *steps, (last_operator, last) = rest
                for operator, operand in steps:
                    left = self._variable(_compared(left, operator, self._operand(operand), floats=floats))
                    floats = False
                return _compared(left, last_operator, self._operand(last), floats=floats)

    def _operand(self, condition: Condition) -> str:
        text = self.expression(condition)
        return text if isinstance(condition, Field | Constant) else self._variable(text)

    def _constant(self, value: object) -> str:
        if isinstance(value, bool):
            return str(value)
        name = f"constant_{len(self.names)}"
        self.names[name] = value
        return name

    def _variable(self, text: str) -> str:
        name = f"step_{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name


def _compared(left: str, operator: str, right: str, *, floats: bool) -> str:
    if floats:
        return _FLOAT_OPERATORS[operator].format(a=left, b=right)
    return f"{left} {_OPERATORS[operator]} {right}"
