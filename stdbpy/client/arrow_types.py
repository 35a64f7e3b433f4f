"""SpacetimeDB's types as Arrow's: the one place that says what a column becomes in Arrow and Parquet.

================================  ==================================================================
SpacetimeDB                       Arrow
================================  ==================================================================
Bool, I8…U64, F32, F64, String    the same
I128, U128, I256, U256            string of decimal digits: Arrow's decimals have 76 digits at most,
                                  and most readers stop at 38, which are too few for 128 bits
Array of U8                       binary
Identity, ConnectionId            string, ``0x…`` as SQL and the other formats write them
Uuid                              string
Timestamp                         timestamp[us, UTC]
TimeDuration                      duration[us]; Parquet has none and keeps it as int64
option                            the payload's, nullable; inside another option struct<some>
sum without payloads              string: the variant's name
other sums, Result, ScheduleAt    struct<tag, one nullable field for each variant with a payload>
product                           struct; a field without a name is ``col_0``
Array                             list
unit                              null
a type that contains itself       string: JSON
================================  ==================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import (
    BYTES,
    CONNECTION_ID,
    IDENTITY,
    TIME_DURATION,
    TIMESTAMP,
    UNIT,
    UUID,
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductType,
    SumType,
    TypeRef,
    Typespace,
    as_option,
)
from stdbpy.sats.values import Some
from stdbpy.sats.variants import variants_of

AsText: TypeAlias = Callable[[TypeRef, Typespace], Callable[[Any], str]]
"""Makes what writes values of a type that contains itself."""


def _same(value: Any) -> Any:
    return value


_SIMPLE: dict[AlgebraicType, tuple[pa.DataType, Callable[[Any], Any]]] = {
    Primitive.STRING: (pa.string(), _same),
    Primitive.BOOL: (pa.bool_(), _same),
    Primitive.I8: (pa.int8(), _same),
    Primitive.U8: (pa.uint8(), _same),
    Primitive.I16: (pa.int16(), _same),
    Primitive.U16: (pa.uint16(), _same),
    Primitive.I32: (pa.int32(), _same),
    Primitive.U32: (pa.uint32(), _same),
    Primitive.I64: (pa.int64(), _same),
    Primitive.U64: (pa.uint64(), _same),
    Primitive.I128: (pa.string(), str),
    Primitive.U128: (pa.string(), str),
    Primitive.I256: (pa.string(), str),
    Primitive.U256: (pa.string(), str),
    Primitive.F32: (pa.float32(), _same),
    Primitive.F64: (pa.float64(), _same),
    BYTES: (pa.binary(), _same),
    IDENTITY: (pa.string(), lambda value: f"0x{value}"),
    CONNECTION_ID: (pa.string(), lambda value: f"0x{value}"),
    UUID: (pa.string(), str),
    TIMESTAMP: (pa.timestamp("us", tz="UTC"), int),
    TIME_DURATION: (pa.duration("us"), int),
    UNIT: (pa.null(), lambda _: None),
}


@dataclass(frozen=True, slots=True)
class ArrowColumn:
    """A type in Arrow, and what makes a value that Arrow takes of a decoded one."""

    type: pa.DataType
    convert: Callable[[Any], Any]
    is_nullable: bool = False


def arrow_column(type: AlgebraicType, typespace: Typespace = (), *, as_text: AsText | None = None) -> ArrowColumn:
    """What values of ``type``, decoded without classes, become in Arrow; ``as_text`` writes those of types
    that contain themselves (``None``: in SATS-JSON)."""
    return _column(type, _Surroundings(typespace, as_text or sats_json_text), ())


def sats_json_text(type: TypeRef, typespace: Typespace) -> Callable[[Any], str]:
    to_json = compile_json_codec(type, typespace).to_json
    return lambda value: json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _Surroundings:
    typespace: Typespace
    as_text: AsText


def _column(type: AlgebraicType, around: _Surroundings, inside: tuple[int, ...]) -> ArrowColumn:
    """``inside`` are the references that led here."""
    if isinstance(type, TypeRef):
        if type.index in inside:
            return ArrowColumn(pa.string(), around.as_text(type, around.typespace))
        return _column(around.typespace[type.index], around, (*inside, type.index))
    if type in _SIMPLE:
        return ArrowColumn(*_SIMPLE[type], is_nullable=type == UNIT)
    match type:
        case ArrayType(element):
            items = _column(element, around, inside)
            return ArrowColumn(pa.list_(items.type), lambda value: [items.convert(item) for item in value])
        case ProductType(elements):
            names = [element.name or f"col_{position}" for position, element in enumerate(elements)]
            columns = [_column(element.type, around, inside) for element in elements]
            return _struct(names, columns)
        case SumType():
            payload = as_option(type)
            if payload is not None:
                return _option(_column(payload, around, inside))
            return _sum(type, around, inside)
    raise AssertionError(type)


def _struct(names: Sequence[str], columns: Sequence[ArrowColumn]) -> ArrowColumn:
    fields = [pa.field(name, column.type) for name, column in zip(names, columns, strict=True)]
    converters = [column.convert for column in columns]

    def convert(value: Any) -> dict[str, Any]:
        items = zip(names, converters, value, strict=True)
        return {name: converter(item) for name, converter, item in items}

    return ArrowColumn(pa.struct(fields), convert)


def _option(payload: ArrowColumn) -> ArrowColumn:
    if payload.is_nullable:
        return ArrowColumn(
            pa.struct([pa.field("some", payload.type)]),
            lambda value: None if value is None else {"some": payload.convert(_present(value))},
            is_nullable=True,
        )
    return ArrowColumn(payload.type, lambda value: None if value is None else payload.convert(value), is_nullable=True)


def _present(value: Any) -> Any:
    return value.value if isinstance(value, Some) else value


def _sum(type: SumType, around: _Surroundings, inside: tuple[int, ...]) -> ArrowColumn:
    variant_of = variants_of(type)
    columns = {
        variant.name or "": _column(variant.type, around, inside) for variant in type.variants if variant.type != UNIT
    }
    if not columns:
        return ArrowColumn(pa.string(), lambda value: variant_of(value)[0])
    tag = "tag"
    while tag in columns:
        tag = f"_{tag}"

    def convert(value: Any) -> dict[str, Any]:
        name, payload = variant_of(value)
        return {tag: name, name: columns[name].convert(payload)} if name in columns else {tag: name}

    fields = [pa.field(tag, pa.string()), *(pa.field(name, column.type) for name, column in columns.items())]
    return ArrowColumn(pa.struct(fields), convert)
