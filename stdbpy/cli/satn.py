"""Values of the algebraic type system as text for tables and as plain JSON for programs.

The text is that of the official program (SATN: ``(some = "x")``, ``0x…`` for identities and bytes), so
that scripts can read either program's tables; but arrays have brackets and commas, and identities and
the like look the same inside other values, which the official 2.8.3 gets wrong.

Plain JSON is what somebody who never heard of SATS-JSON expects: an option is its payload or ``null``,
a product an object, an identity a hex string, a timestamp RFC 3339 text. Integers keep every digit;
those of 256 bits are hex strings, as the HTTP API has them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from stdbpy.cli.output import Field, Plain
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import (
    BYTES,
    CONNECTION_ID,
    IDENTITY,
    TIME_DURATION,
    TIMESTAMP,
    UUID,
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductType,
    SumType,
    Typespace,
    as_option,
    as_result,
    resolve,
)
from stdbpy.sats.values import Interval, Ok, Some, Time, Timestamp, Variant

_WIDE = (Primitive.U256, Primitive.I256)
_FLOATS = (Primitive.F32, Primitive.F64)
_LARGEST_SINGLE = float.fromhex("0x1.fffffep+127")


def fields_of(columns: ProductType) -> list[Field]:
    """The fields of rows that an SQL query returned, for :func:`stdbpy.cli.output.write_records`.

    The rows are those of the HTTP API: SATS-JSON values in the order of the columns.
    """
    return [
        _field(element.name if element.name is not None else f"column {position}", element.type)
        for position, element in enumerate(columns.elements)
    ]


def _field(name: str, type: AlgebraicType) -> Field:
    if isinstance(type, Primitive) and type not in _WIDE and type not in _FLOATS:
        return Field(name, text=satn_writer(type), type=type)
    read = compile_json_codec(type).from_json
    plain, text = plain_writer(type), satn_writer(type)
    return Field(name, lambda value: plain(read(value)), lambda value: text(read(value)), type, read)


def plain_writer(type: AlgebraicType, typespace: Typespace = ()) -> Callable[[Any], Plain]:
    """A function from a decoded value of ``type`` to plain JSON."""

    def plain(type: AlgebraicType, value: Any) -> Plain:
        type = resolve(type, typespace)
        if type in _SPECIAL_TEXT:
            return _SPECIAL_TEXT[type](value)
        payload = as_option(type)
        if payload is not None:
            if isinstance(value, Some):
                return {"some": plain(payload, value.value)}
            return None if value is None else plain(payload, value)
        match type:
            case Primitive.U256 | Primitive.I256:
                return hex(value)
            case Primitive.F32 | Primitive.F64:
                if not math.isfinite(value):
                    return str(value)
                return float(_shortest_single(value)) if type is Primitive.F32 else value
            case Primitive():
                return value
            case ArrayType(element):
                return [plain(element, item) for item in value]
            case ProductType(elements):
                items = [plain(element.type, item) for element, item in zip(elements, value, strict=True)]
                names = [element.name for element in elements]
                return items if None in names else dict(zip(names, items, strict=True))
            case SumType():
                name, inner, payload_value = variant_of(type, value)
                return name if inner == ProductType() else {name: plain(inner, payload_value)}
        raise AssertionError(type)

    return lambda value: plain(type, value)


def satn_writer(type: AlgebraicType, typespace: Typespace = ()) -> Callable[[Any], str]:
    """A function from a decoded value of ``type`` to its text in the official program's tables."""

    def text(type: AlgebraicType, value: Any) -> str:
        type = resolve(type, typespace)
        if type == UUID:
            return f'"{value}"'
        if type in _SPECIAL_TEXT:
            return _SPECIAL_TEXT[type](value)
        match type:
            case Primitive.BOOL:
                return "true" if value else "false"
            case Primitive.STRING:
                return f'"{value}"'
            case Primitive.F32 | Primitive.F64:
                return _float_text(value, single=type is Primitive.F32)
            case Primitive():
                return str(int(value))
            case ArrayType(element):
                return f"[{', '.join(text(element, item) for item in value)}]"
            case ProductType(elements):
                named = zip(elements, value, strict=True)
                items = (
                    f"{element.name or f'col_{position}'} = {text(element.type, item)}"
                    for position, (element, item) in enumerate(named)
                )
                return f"({', '.join(items)})"
            case SumType():
                name, inner, payload = variant_of(type, value)
                return f"({name} = {text(inner, payload)})"
        raise AssertionError(type)

    return lambda value: text(type, value)


def variant_of(type: SumType, value: Any) -> tuple[str, AlgebraicType, Any]:
    """Name, payload type and payload of a value of a sum type that no class is bound to."""
    option = as_option(type)
    if option is not None:
        if value is None:
            return "none", ProductType(), ()
        return "some", option, value.value if isinstance(value, Some) else value
    result = as_result(type)
    if result is not None:
        return ("ok", result[0], value.value) if isinstance(value, Ok) else ("err", result[1], value.error)
    if isinstance(value, Interval):
        return "Interval", TIME_DURATION, value.value
    if isinstance(value, Time):
        return "Time", TIMESTAMP, value.value
    assert isinstance(value, Variant)
    inner = next(variant.type for variant in type.variants if variant.name == value.name)
    return value.name, inner, () if value.value is None else value.value


def timestamp_text(moment: Timestamp) -> str:
    """RFC 3339 in UTC with as many digits of the second as are needed in steps of three."""
    micros = int(moment) % 1_000_000
    timespec = "seconds" if micros == 0 else "milliseconds" if micros % 1000 == 0 else "microseconds"
    try:
        return moment.to_datetime().isoformat(timespec=timespec)
    except OverflowError:
        return str(moment)


_SPECIAL_TEXT: dict[AlgebraicType, Callable[[Any], str]] = {
    IDENTITY: lambda value: f"0x{value}",
    CONNECTION_ID: lambda value: f"0x{value}",
    BYTES: lambda value: f"0x{value.hex()}",
    TIMESTAMP: timestamp_text,
    TIME_DURATION: str,
    UUID: str,
}


def _float_text(value: float, *, single: bool) -> str:
    """The shortest decimal that reads back as the same number, never with an exponent."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    shortest = _shortest_single(value) if single else repr(float(value))
    text = f"{Decimal(shortest):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _shortest_single(value: float) -> str:
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        rounded = float(text)
        # What few digits round up to may be more than a single holds.
        if abs(rounded) <= _LARGEST_SINGLE and struct.pack("<f", rounded) == struct.pack("<f", value):
            return text
    return repr(value)
