"""SET and SHOW: the one system variable that SpacetimeDB has, ``row_limit``.

The real server keeps it as a row of the table ``st_var``, so that SET works once; another value
takes a ``DELETE FROM st_var`` first.
"""

from __future__ import annotations

from typing import Any

from stdbpy.engine.sql.conditions import constant_of
from stdbpy.engine.sql.refusal import refused
from stdbpy.engine.sql.syntax import LiteralKind, Name, SetVariable, ShowVariable
from stdbpy.engine.system_tables.definitions import TABLE_IDS, VARIABLE
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import SqlError
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import Variant

_ROW_LIMIT = "row_limit"
_TABLE = "st_var"

_ROW = compile_codec(t.product(("name", t.Primitive.STRING), ("value", VARIABLE)))

SHOWN = t.product(("value", VARIABLE))
"""The columns of SHOW's answer."""


def check_variable(name: Name) -> None:
    if name.text != _ROW_LIMIT:
        raise refused(f"no such system variable: `{name.text}`", name.at, f"There is one: {_ROW_LIMIT}.")


def new_value(statement: SetVariable) -> int:
    """The value to set. Raises :class:`~stdbpy.errors.SqlError` for anything but a plain number."""
    check_variable(statement.name)
    if statement.value.kind is not LiteralKind.NUMBER:
        raise refused(f"{_ROW_LIMIT} is a number", statement.value.at)
    value: int = constant_of(statement.value, t.Primitive.U64)
    return value


def set_variable(value: int, transaction: Transaction) -> int:
    """How many rows that inserts: none if it has the value. It cannot be given another one."""
    table_id = transaction.table_id(_TABLE)
    if table_id is None:
        raise SqlError("system variables cannot be set in this database", hint="It has no limit of rows.")
    row = _ROW.encode((_ROW_LIMIT, Variant("U64", value)))
    is_new = row not in transaction.table(table_id).rows
    transaction.insert(table_id, row)
    return int(is_new)


def row_limit(transaction: Transaction) -> int | None:
    """The limit, if there is one."""
    rows = transaction.table(TABLE_IDS[_TABLE]).rows
    for name, value in map(_ROW.decode, rows):
        if name == _ROW_LIMIT and isinstance(value.value, int):
            return value.value
    return None


def show_variable(statement: ShowVariable, transaction: Transaction) -> list[tuple[Any, ...]]:
    """The variable's value as the only row; no rows while it is not set."""
    check_variable(statement.name)
    table_id = transaction.table_id(_TABLE)
    rows = (_ROW.decode(row) for row in transaction.scan(table_id)) if table_id is not None else ()
    return [(value,) for name, value in rows if name == statement.name.text]
