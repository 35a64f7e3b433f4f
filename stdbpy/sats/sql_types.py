"""The types of columns that conditions of SQL can compare.

Source: ``op_supports_type`` and ``parse`` in ``crates/expr/src/lib.rs`` of SpacetimeDB 2.8.3, tried
on the real server.
"""

from __future__ import annotations

import enum

from stdbpy.sats import types as t


class SqlType(enum.Enum):
    """A type whose columns can be compared, with literals and with each other; the value is its name."""

    BOOL = "bool"
    I8 = "i8"
    U8 = "u8"
    I16 = "i16"
    U16 = "u16"
    I32 = "i32"
    U32 = "u32"
    I64 = "i64"
    U64 = "u64"
    I128 = "i128"
    U128 = "u128"
    I256 = "i256"
    U256 = "u256"
    F32 = "f32"
    F64 = "f64"
    STRING = "string"
    BYTES = "bytes"
    IDENTITY = "Identity"
    CONNECTION_ID = "ConnectionId"
    TIMESTAMP = "Timestamp"
    UUID = "Uuid"


_OF_STRUCTURES: dict[t.AlgebraicType, SqlType] = {
    t.BYTES: SqlType.BYTES,
    t.IDENTITY: SqlType.IDENTITY,
    t.CONNECTION_ID: SqlType.CONNECTION_ID,
    t.TIMESTAMP: SqlType.TIMESTAMP,
    t.UUID: SqlType.UUID,
}


def sql_type_of(type: t.AlgebraicType, typespace: t.Typespace) -> SqlType | None:
    """``None`` for what SQL cannot compare: options, enums, lists other than bytes, products, durations."""
    type = t.resolve(type, typespace)
    if isinstance(type, t.Primitive):
        return SqlType[type.name]
    return _OF_STRUCTURES.get(type)
