"""Columns in PostgreSQL's types, and their values as text.

As SpacetimeDB 2.8.3 has them, but for arrays, which it mixes up with columns, and text inside JSON, which it does not
escape: here arrays are PostgreSQL's, and JSON is JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from stdbpy.sats import types as t
from stdbpy.sats.texts import duration_text, float_text, timestamp_text
from stdbpy.sats.types import AlgebraicType, ArrayType, Primitive, ProductType, SumType
from stdbpy.sats.variants import variants_of
from stdbpy.server.postgres.messages import Column

Write = Callable[[Any], str]

BOOL, BYTEA, INT8, INT2, INT4, JSON, FLOAT4, FLOAT8 = 16, 17, 20, 21, 23, 114, 700, 701
VARCHAR, TIMESTAMP, INTERVAL, NUMERIC, UUID, ANYARRAY, ANYENUM = 1043, 1114, 1186, 1700, 2950, 2277, 3500
UNKNOWN = 705
"""Numbers of PostgreSQL's types, from its ``pg_type.dat``."""

_OIDS: dict[AlgebraicType, int] = {
    Primitive.STRING: VARCHAR,
    Primitive.BOOL: BOOL,
    Primitive.F32: FLOAT4,
    Primitive.F64: FLOAT8,
    **dict.fromkeys((Primitive.U8, Primitive.I8, Primitive.I16), INT2),
    **dict.fromkeys((Primitive.U16, Primitive.I32), INT4),
    **dict.fromkeys((Primitive.U32, Primitive.I64), INT8),
    **dict.fromkeys((Primitive.U64, Primitive.I128, Primitive.U128, Primitive.I256, Primitive.U256), NUMERIC),
    t.BYTES: BYTEA,
    t.IDENTITY: BYTEA,
    t.CONNECTION_ID: BYTEA,
    t.TIMESTAMP: TIMESTAMP,
    t.TIME_DURATION: INTERVAL,
    t.UUID: UUID,
}

_ARRAY_OIDS = {VARCHAR: 1015, BOOL: 1000, INT2: 1005, INT4: 1007, INT8: 1016, NUMERIC: 1231}

_NEEDS_QUOTES = re.compile(r'["{},\\\s]|\A\Z|\Anull\Z', re.IGNORECASE)
_ESCAPED = re.compile(r'["\\]')


class Columns(NamedTuple):
    described: tuple[Column, ...]
    writes: tuple[Write, ...]


@lru_cache(maxsize=256)
def columns_of(row: ProductType) -> Columns:
    """How the rows of a result are told."""
    described = tuple(
        Column(element.name or f"col_{position}", oid_of(element.type)) for position, element in enumerate(row.elements)
    )
    return Columns(described, tuple([text_writer(element.type) for element in row.elements]))


def oid_of(type: AlgebraicType) -> int:
    known = _OIDS.get(type)
    if known is not None:
        return known
    match type:
        case ArrayType(element):
            return _ARRAY_OIDS.get(oid_of(element), ANYARRAY) if isinstance(element, Primitive) else ANYARRAY
        case SumType():
            return ANYENUM if _is_simple_enum(type) else JSON
        case ProductType():
            return JSON
    return UNKNOWN


def text_writer(type: AlgebraicType) -> Write:
    """A function from a value of a column of that type to its text."""
    special = _COLUMN_TEXT.get(type)
    if special is not None:
        return special
    match type:
        case Primitive():
            return _PRIMITIVE_TEXT.get(type, str)
        case ArrayType(element):
            return _array_writer(element)
        case SumType() if _is_simple_enum(type):
            variant_of = variants_of(type)
            return lambda value: variant_of(value)[0]
    return json_writer(type)


def _array_writer(element: AlgebraicType) -> Write:
    write = text_writer(element)
    if isinstance(element, ArrayType) and element != t.BYTES:
        return lambda value: f"{{{','.join([write(one) for one in value])}}}"
    return lambda value: f"{{{','.join([_quoted_if_needed(write(one)) for one in value])}}}"


def _quoted_if_needed(text: str) -> str:
    return '"' + _ESCAPED.sub(r"\\\g<0>", text) + '"' if _NEEDS_QUOTES.search(text) else text


def json_writer(type: AlgebraicType, *, is_field: bool = False) -> Write:
    """A function from a value inside a column of JSON to its text. Identities and the like are text where they are
    fields of a record, and objects of one field elsewhere."""
    special = _JSON_TEXT.get(type)
    if special is not None:
        if is_field or not isinstance(type, ProductType):
            return special
        name = type.elements[0].name
        return lambda value: f'{{"{name}": {special(value)}}}'
    match type:
        case Primitive():
            return _PRIMITIVE_JSON.get(type, str)
        case ArrayType(element):
            item = json_writer(element)
            return lambda value: f"[{', '.join([item(one) for one in value])}]"
        case ProductType(elements):
            fields = [
                (_json_text(element.name or f"col_{position}"), json_writer(element.type, is_field=True))
                for position, element in enumerate(elements)
            ]
            return lambda value: (
                f"{{{', '.join([f'{name}: {item(one)}' for (name, item), one in zip(fields, value, strict=True)])}}}"
            )
        case SumType(variants):
            variant_of = variants_of(type)
            payloads = {variant.name: json_writer(variant.type) for variant in variants}
            return lambda value: _json_of_variant(payloads, *variant_of(value))
    raise AssertionError(type)


def _json_of_variant(payloads: dict[str | None, Write], name: str, payload: Any) -> str:
    return f"{{{_json_text(name)}: {payloads[name](payload)}}}"


def _is_simple_enum(type: SumType) -> bool:
    return all(variant.type == t.UNIT for variant in type.variants)


def _json_text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _float_writer(*, single: bool) -> Write:
    return lambda value: float_text(value, single=single)


def _json_float_writer(*, single: bool) -> Write:
    return lambda value: float_text(value, single=single) if math.isfinite(value) else "null"


_COLUMN_TEXT: dict[AlgebraicType, Write] = {
    t.BYTES: lambda value: f"\\x{value.hex()}",
    t.IDENTITY: lambda value: f"\\x{value}",
    t.CONNECTION_ID: lambda value: f"\\x{value}",
    t.TIMESTAMP: timestamp_text,
    t.TIME_DURATION: duration_text,
    t.UUID: str,
}

_PRIMITIVE_TEXT: dict[Primitive, Write] = {
    Primitive.BOOL: lambda value: "t" if value else "f",
    Primitive.F32: _float_writer(single=True),
    Primitive.F64: _float_writer(single=False),
}

_JSON_TEXT: dict[AlgebraicType, Write] = {
    t.BYTES: lambda value: f'"0x{value.hex()}"',
    t.IDENTITY: lambda value: f'"0x{value}"',
    t.CONNECTION_ID: lambda value: f'"0x{value}"',
    t.TIMESTAMP: lambda value: f'"{timestamp_text(value)}"',
    t.TIME_DURATION: lambda value: f'"{duration_text(value)}"',
    t.UUID: lambda value: f'"{value}"',
}

_PRIMITIVE_JSON: dict[Primitive, Write] = {
    Primitive.BOOL: lambda value: "true" if value else "false",
    Primitive.STRING: _json_text,
    Primitive.F32: _json_float_writer(single=True),
    Primitive.F64: _json_float_writer(single=False),
}
