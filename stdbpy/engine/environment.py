"""The values of a database's environment, which it keeps in ``st_env``, and which the module's code may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.engine.system_tables.definitions import ENVIRONMENT, SYSTEM, TABLE_IDS
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import EngineError, HostError
from stdbpy.module.host import Errno
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import Primitive
from stdbpy.schema.environment import is_name
from stdbpy.schema.model import EnvironmentValue, ModuleSchema

TABLE_ID = TABLE_IDS[ENVIRONMENT]

_ROW = compile_codec(SYSTEM.row_type(SYSTEM.tables_by_name[ENVIRONMENT]))
_KEY = compile_codec(Primitive.STRING)


class EnvironmentState(NamedTuple):
    """What may be told of an environment, which are no values."""

    program_hash: bytes
    """Of the module that runs."""
    declared: tuple[EnvironmentValue, ...]
    stored: list[str]
    """The names of the values that are there."""


def stored_values(store: Store) -> dict[str, str]:
    """All of them, sorted by name."""
    return dict(sorted(map(_ROW.decode, store.tables[TABLE_ID].rows)))


def put_values(transaction: Transaction, values: Mapping[str, str]) -> None:
    """Makes these the values."""
    wanted = dict.fromkeys(map(_ROW.encode, values.items()))
    for row in list(transaction.table(TABLE_ID).rows):
        if row not in wanted:
            transaction.delete(TABLE_ID, row)
    for row in wanted:
        transaction.insert(TABLE_ID, row)


def read_value(transaction: Transaction, key: str) -> str | None:
    """A value as module code reads it in a transaction; ``None`` for an optional one that is not there. Raises
    ``HostError`` ``HOST_CALL_FAILURE`` for what is no name, and ``EngineError`` for one that is not declared."""
    expect_declared(transaction.schema, key)
    transaction.row_count(TABLE_ID)  # of which views hear: any change matters to them, as on the real server
    return _value(transaction.table(TABLE_ID), key)


def read_value_now(store: Store, key: str) -> str | None:
    """As :func:`read_value`, outside of transactions, from any thread."""
    expect_declared(store.schema, key)
    return _value(store.tables[TABLE_ID], key)


def expect_declared(schema: ModuleSchema, key: str) -> None:
    """Raises as :func:`read_value`."""
    if not is_name(key):
        raise HostError(Errno.HOST_CALL_FAILURE, "That is no name of a value of the environment")
    if not any(declared.name == key for declared in schema.environment):
        raise EngineError(f"The module does not declare a value {key!r} of its environment")


def _value(table: Table, key: str) -> str | None:
    (index,) = table.indexes
    for row in index.rows(_KEY.encode(key)):
        value: str = _ROW.decode(row)[1]
        return value
    return None
