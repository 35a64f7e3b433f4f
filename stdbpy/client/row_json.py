"""Rows as JSON for other programs: web pages, logs, files."""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.values import (
    ConnectionId,
    Err,
    Identity,
    Interval,
    Ok,
    Some,
    Time,
    TimeDuration,
    Timestamp,
    Variant,
)


def to_json(value: object) -> str:
    """A row, any value of a column, or a collection of them, as JSON.

    It is what rows as pydantic models give, but that wide integers are numbers here: objects with the
    database's names for columns; identities, connection ids and bytes in hex; timestamps in RFC 3339 (of years
    without four digits in microseconds); durations in microseconds; ``{"tag": …, "value": …}`` for variants of
    sum types; the text ``NaN`` or ``Infinity`` for a float that JSON does not have.

    >>> to_json(db.player.id.find(1))
    '{"id":1,"name":"Ada","owner":"c200…"}'

    Raises ``TypeError`` for what is no value of SpacetimeDB's.
    """
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> object:
    """What ``json`` knows."""
    match value:
        case None | bool() | str():
            return value
        case Identity() | ConnectionId() | bytes():
            return value.hex()
        case Timestamp():
            return _moment(value)
        case TimeDuration() | int():
            return int(value)
        case float():
            return value if math.isfinite(value) else _NOT_FINITE[str(value)]
        case UUID():
            return str(value)
        case enum.Enum():
            return _plain(value.value)
        case TaggedUnion():
            return _tagged(value.__variant_name__, value)
        case Interval() | Time():
            return _tagged(type(value).__name__, value)
        case Variant(name, None):
            return {"tag": name}
        case Variant(name, payload):
            return {"tag": name, "value": _plain(payload)}
        case Some(inner) | Ok(inner):
            return {"value": _plain(inner)}
        case Err(inner):
            return {"error": _plain(inner)}
        case msgspec.Struct():
            names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
            return {name: _plain(getattr(value, field)) for name, field in names}
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
    if hasattr(value, "model_dump_json"):  # of pydantic, which need not be there
        return json.loads(value.model_dump_json(by_alias=True))
    if isinstance(value, Iterable):
        return [_plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} is no value of SpacetimeDB's, and has no JSON")


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def _moment(value: Timestamp) -> str | int:
    try:
        return value.to_datetime().isoformat(timespec="microseconds")
    except OverflowError:
        return int(value)


def _tagged(tag: str, value: Any) -> dict[str, object]:
    return {"tag": tag, "value": _plain(value.value)} if hasattr(value, "value") else {"tag": tag}
