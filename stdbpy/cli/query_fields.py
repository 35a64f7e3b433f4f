"""The columns of a query as fields of records: from the JSON of servers to what each format writes."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from stdbpy.api.satn import TextWriters, Write, plain_writer
from stdbpy.cli.output.fields import Field, same
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.texts import float_text, timestamp_text
from stdbpy.sats.types import IDENTITY, TIMESTAMP, AlgebraicType, Primitive, ProductType
from stdbpy.sats.values import Timestamp

_WIDE = (Primitive.U256, Primitive.I256)
_FLOATS = (Primitive.F32, Primitive.F64)
_IDENTITY_LENGTH = len("0x") + 64
_LARGEST_POWER = 308
"""Of ten, in a double."""


def fields_of(columns: ProductType) -> list[Field]:
    """The fields of rows that an SQL query returned, for :func:`stdbpy.cli.output.write_records`.

    The rows are those of the HTTP API: SATS-JSON values in the order of the columns.
    """
    return [
        _field(element.name if element.name is not None else f"column {position}", element.type)
        for position, element in enumerate(columns.elements)
    ]


def _field(name: str, type: AlgebraicType) -> Field:
    text = _QueryTexts(()).of(type)
    if isinstance(type, Primitive) and type not in _WIDE and type not in _FLOATS:
        return Field(name, text=text, type=type)
    read = compile_json_codec(type, form="result").from_json
    if type in _FLOATS:
        # As the server wrote it, which is as short as can be.
        return Field(name, same, lambda value: text(read(value)), type, read)
    plain = plain_writer(type)
    if type in (IDENTITY, TIMESTAMP):
        # Many tables have them in every row: 1 µs instead of 4.
        quick = _identity_in_json if type == IDENTITY else _timestamp_in_json
        return Field(
            name,
            lambda value: quick(value) or plain(read(value)),
            lambda value: quick(value) or text(read(value)),
            type,
            read,
        )
    return Field(name, lambda value: plain(read(value)), lambda value: text(read(value)), type, read)


def _identity_in_json(value: Any) -> str | None:
    """The text of an identity in the form that servers write; nothing for the other forms of SATS-JSON."""
    if type(value) is list and len(value) == 1 and type(value[0]) is str and value[0][:2] == "0x":
        number: str = value[0]
        return number if len(number) == _IDENTITY_LENGTH else f"0x{number[2:]:0>64}"
    return None


def _timestamp_in_json(value: Any) -> str | None:
    if type(value) is list and len(value) == 1 and type(value[0]) is int:
        return timestamp_text(Timestamp(value[0]))
    return None


class _QueryTexts(TextWriters):
    """As the official program shows the rows of queries."""

    def _of_parts(self, type: AlgebraicType) -> Write[str]:
        if type is Primitive.F64:
            return lambda value: float_text(_as_the_official_program_reads(value), single=False)
        return super()._of_parts(type)


def _as_the_official_program_reads(number: float) -> float:
    """The double that the official 2.8.3 makes of the JSON of another: of numbers with 16 or 17 digits
    it is often the next one, because its parser (``serde_json`` without ``float_roundtrip``) rounds twice.
    Tables show it, so that they are the same; all other formats have the number that the server wrote."""
    if not math.isfinite(number):
        return number
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    assert isinstance(exponent, int)
    result = float(int("".join(map(str, digits))))
    while exponent < -_LARGEST_POWER:
        result, exponent = result / float(f"1e{_LARGEST_POWER}"), exponent + _LARGEST_POWER
    power = float(f"1e{abs(exponent)}")
    result = result * power if exponent >= 0 else result / power
    return number if math.isinf(result) else -result if sign else result
