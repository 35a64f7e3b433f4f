"""Values as people and ``stdbpy --format json`` write them, as the SATS-JSON that servers take.

Beside SATS-JSON itself: ``"Admin"`` for a variant without payload, the payload alone or ``null`` for an
option, hex digits with or without ``0x`` for bytes, identities and connection ids, RFC 3339 for
timestamps, seconds (``"+1.5"``) for durations, the usual text of a UUID, decimal integers of 256 bits.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from stdbpy.errors import SatsError
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
    resolve,
)
from stdbpy.sats.values import ConnectionId, Identity, Timestamp

_WIDE = (Primitive.U256, Primitive.I256)
_HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2})*)", re.ASCII)
_SECONDS = re.compile(r"([+-]?)(\d+)(?:\.(\d{1,6}))?", re.ASCII)


def as_sats_json(value: Any, type: AlgebraicType, typespace: Typespace) -> Any:
    """``value``, as ``json.loads`` gives it, in the spelling that servers take for ``type``. What does
    not fit the type is left as it is."""
    type = resolve(type, typespace)
    if isinstance(value, str) and type in _TEXTS:
        with suppress(ValueError, SatsError):
            return _TEXTS[type](value)
        return value
    if isinstance(value, int) and not isinstance(value, bool) and type in _WIDE:
        return hex(value)
    payload = as_option(type)
    if payload is not None and not _says_whether(value):
        return {"none": []} if value is None else {"some": as_sats_json(value, payload, typespace)}
    match type, value:
        case SumType(), str() if value in unit_variants(type) or not _names_a_variant(value, type):
            return {value: []}  # a name that there is not is then told with those that there are
        case SumType(variants), dict() if len(value) == 1:
            types = {variant.name: variant.type for variant in variants}
            return _by_name(value, types, typespace)
        case SumType(variants), [int(tag), payload] if 0 <= tag < len(variants):
            return [tag, as_sats_json(payload, variants[tag].type, typespace)]
        case ProductType(elements), dict():
            return _by_name(value, {element.name: element.type for element in elements}, typespace)
        case ProductType(elements), list() if len(elements) == len(value):
            pairs = zip(value, elements, strict=True)
            return [as_sats_json(item, element.type, typespace) for item, element in pairs]
        case ArrayType(element), list():
            return [as_sats_json(item, element, typespace) for item in value]
        case _:
            return value


def in_short(value: Any, type: AlgebraicType, typespace: Typespace) -> Any:
    """SATS-JSON ``value`` as people write it: ``"Admin"`` for ``{"Admin": []}``, the payload alone for an option.
    :func:`as_sats_json` takes both."""
    type = resolve(type, typespace)
    payload = as_option(type)
    match type, value:
        case ProductType(), {"__identity__": number}:
            return str(Identity.from_int(_number(number)))
        case ProductType(), {"__connection_id__": number}:
            return str(ConnectionId.from_int(_number(number)))
        case SumType(), {"some": some} if payload is not None:
            short = in_short(some, payload, typespace)
            return value if short is None or _says_whether(short) else short
        case SumType(), {"none": _} if payload is not None:
            return None
        case SumType(variants), dict() if len(value) == 1:
            ((name, inner),) = value.items()
            if name in unit_variants(type):
                return name
            types = {variant.name: variant.type for variant in variants}
            return {name: in_short(inner, types[name], typespace)}
        case ProductType(elements), dict():
            return {element.name: in_short(value[element.name], element.type, typespace) for element in elements}
        case ArrayType(element), list():
            return [in_short(item, element, typespace) for item in value]
        case _:
            return value


def text_form(type: AlgebraicType) -> str:
    """What the text of an identity or connection id is, in words; nothing for other types."""
    cls = _IN_HEX.get(type)
    return f"{2 * cls.SIZE} hex digits" if cls is not None else ""


def takes_bare_text(word: str, type: AlgebraicType, typespace: Typespace) -> bool:
    """Whether ``word`` means that text, though it may be JSON as well: ``1234`` for bytes."""
    type = resolve(type, typespace)
    payload = as_option(type)
    if payload is not None:
        return word == "none" or (word not in _WORDS_OF_JSON and takes_bare_text(word, payload, typespace))
    if isinstance(type, SumType):
        return word in unit_variants(type)
    if type not in _TEXTS:
        return False
    try:
        _TEXTS[type](word)
    except (ValueError, SatsError):
        return False
    return True


def unit_variants(type: SumType) -> set[str]:
    """The names of the variants that have no payload."""
    return {variant.name for variant in type.variants if variant.name is not None and variant.type == ProductType()}


def _names_a_variant(text: str, type: SumType) -> bool:
    """By its name, or by its number, which servers take as text, too."""
    return text.lstrip("+").isdigit() or any(variant.name == text for variant in type.variants)


_WORDS_OF_JSON = ("null", "true", "false")


def _says_whether(value: Any) -> bool:
    """Whether it is an option in the spelling of SATS-JSON."""
    match value:
        case "none":
            return True
        case dict():
            return value.keys() in ({"some"}, {"none"})
        case [int(tag), _]:
            return tag in (0, 1)
        case _:
            return False


def _by_name(values: dict[str, Any], types: dict[str | None, AlgebraicType], typespace: Typespace) -> dict[str, Any]:
    return {
        name: as_sats_json(value, types[name], typespace) if name in types else value for name, value in values.items()
    }


def _number(value: int | str) -> int:
    """Servers take both for numbers of many digits."""
    return value if isinstance(value, int) else int(value, 0)


def _bytes(text: str) -> str:
    found = _HEX.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return found[1]


def _duration(text: str) -> list[int]:
    found = _SECONDS.fullmatch(text)
    if found is None:
        raise ValueError(text)
    sign, seconds, fraction = found.groups()
    micros = int(seconds) * 1_000_000 + int((fraction or "").ljust(6, "0"))
    return [-micros if sign == "-" else micros]


_IN_HEX: dict[AlgebraicType, type[Identity | ConnectionId]] = {IDENTITY: Identity, CONNECTION_ID: ConnectionId}

_TEXTS: dict[AlgebraicType, Callable[[str], Any]] = {
    BYTES: _bytes,
    IDENTITY: lambda text: [f"0x{Identity.from_hex(text)}"],
    CONNECTION_ID: lambda text: [int(ConnectionId.from_hex(text))],
    TIMESTAMP: lambda text: [int(Timestamp.parse(text))],
    TIME_DURATION: _duration,
    UUID: lambda text: [uuid.UUID(text).int],
}
"""Types whose values have a text of their own, and what it says."""
