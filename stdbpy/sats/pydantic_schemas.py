"""How pydantic (and with it FastAPI) reads and writes SpacetimeDB's values.

Imported by pydantic's own hook on the classes alone, so that this room needs nothing but the standard
library. In JSON:

==========================  ====================================================================
type                        JSON
==========================  ====================================================================
Identity, ConnectionId      their hex digits; read with or without ``0x``
Timestamp                   RFC 3339 in UTC; microseconds since 1970 where the year has no four
                            digits, which is read always
TimeDuration                microseconds
ScheduleAt                  ``{"tag": "Interval", "value": …}`` or ``{"tag": "Time", "value": …}``
integers up to 64 bits      a number
larger integers             a string of decimal digits, for JavaScript would round them; numbers
                            are read as well
==========================  ====================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import core_schema as core

from stdbpy.sats.types import Primitive
from stdbpy.sats.values import ConnectionId, Identity, Interval, ScheduleAt, Time, TimeDuration, Timestamp

_LARGEST_NUMBER_BITS = 64


def core_schema_of_number(primitive: Primitive) -> core.CoreSchema:
    """Of the primitive types that are numbers: ``u64`` and the like."""
    kind, bits = primitive.value[0], int(primitive.value[1:])
    if kind == "F":
        return core.float_schema()
    lowest, highest = (0, 2**bits - 1) if kind == "U" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if bits <= _LARGEST_NUMBER_BITS:
        return core.int_schema(ge=lowest, le=highest)
    written = core.plain_serializer_function_ser_schema(str, return_schema=core.str_schema(), when_used="json")
    return core.int_schema(ge=lowest, le=highest, serialization=written)


def core_schema_of(cls: type) -> core.CoreSchema:
    """Of one of the classes of :mod:`stdbpy.sats.values`."""
    read, write = _READ_AND_WRITTEN[_family(cls)]

    def read_as_class(value: object) -> object:
        read_value = value if isinstance(value, cls) else read(cls, value)
        if not isinstance(read_value, cls):
            raise ValueError(f"a {cls.__name__} is needed")  # noqa: TRY004  # pydantic collects ValueErrors alone
        return read_value

    return core.no_info_plain_validator_function(
        read_as_class, serialization=core.plain_serializer_function_ser_schema(write, when_used="json")
    )


def json_schema_of(cls: type) -> dict[str, Any]:
    """What OpenAPI says of it."""
    return _JSON_SCHEMAS[_family(cls)]


def _family(cls: type) -> type:
    return next(family for family in _READ_AND_WRITTEN if issubclass(cls, family))


def _read_hex(cls: Any, value: object) -> object:
    if isinstance(value, str):
        return cls.from_hex(value)
    if isinstance(value, bytes):
        return cls(value)
    raise ValueError(f"{cls.__name__} is given as hex digits")


def _read_timestamp(_: type, value: object) -> Timestamp:
    if isinstance(value, str):
        return Timestamp.parse(value)
    if isinstance(value, datetime):
        return Timestamp.from_datetime(value)
    return Timestamp(_microseconds(value, "a Timestamp is given as RFC 3339 text"))


def _written_timestamp(value: Timestamp) -> str | int:
    try:
        return value.to_datetime().isoformat(timespec="microseconds")
    except OverflowError:
        return int(value)


def _read_duration(_: type, value: object) -> TimeDuration:
    if isinstance(value, timedelta):
        return TimeDuration.from_timedelta(value)
    return TimeDuration(_microseconds(value, "a TimeDuration is given as microseconds"))


def _microseconds(value: object, otherwise: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise ValueError(otherwise)
    return int(value)


def _read_schedule(_: type, value: object) -> ScheduleAt:
    match value:
        case {"tag": "Interval", "value": span, **others} if not others:
            return Interval(span if isinstance(span, TimeDuration) else _read_duration(TimeDuration, span))
        case {"tag": "Time", "value": moment, **others} if not others:
            return Time(moment if isinstance(moment, Timestamp) else _read_timestamp(Timestamp, moment))
    raise ValueError('a ScheduleAt is given as {"tag": "Interval", "value": …} or {"tag": "Time", "value": …}')


def _written_schedule(value: ScheduleAt) -> dict[str, object]:
    match value:
        case Interval(span):
            return {"tag": "Interval", "value": int(span)}
        case Time(moment):
            return {"tag": "Time", "value": _written_timestamp(moment)}
    raise ValueError(f"{value!r} is neither an Interval nor a Time")


_READ_AND_WRITTEN: dict[type, tuple[Callable[[type, object], object], Callable[[Any], object]]] = {
    Identity: (_read_hex, str),
    ConnectionId: (_read_hex, str),
    Timestamp: (_read_timestamp, _written_timestamp),
    TimeDuration: (_read_duration, int),
    ScheduleAt: (_read_schedule, _written_schedule),
}

_MOMENT = {"type": "string", "format": "date-time"}
_SPAN = {"type": "integer", "title": "Microseconds"}


def _tagged(tag: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"tag": {"const": tag}, "value": value}, "required": ["tag", "value"]}


_JSON_SCHEMAS: dict[type, dict[str, Any]] = {
    **{cls: {"type": "string", "pattern": f"^(0x)?[0-9a-fA-F]{{{2 * cls.SIZE}}}$"} for cls in (Identity, ConnectionId)},
    Timestamp: _MOMENT,
    TimeDuration: _SPAN,
    ScheduleAt: {"oneOf": [_tagged("Interval", _SPAN), _tagged("Time", _MOMENT)]},
}
