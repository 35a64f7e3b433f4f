"""From the text of a literal to a value of the column's type.

What a literal means depends on its column alone: ``5``, ``'5'`` and ``0x5`` all are the number five
in a condition on an integer column (and ``0x10`` is ten there), five characters of hex are bytes,
and so on. Source of the forms: SpacetimeDB 2.8.3 (``crates/expr``, ``parse``) and its number,
timestamp and UUID parsers (``bigdecimal``, ``chrono``, ``uuid``), tried on the real server.
"""

from __future__ import annotations

import re
import struct
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from stdbpy.sats import types as t
from stdbpy.sats.values import ConnectionId, Identity, Timestamp

_NUMBER = re.compile(r"([+-]?)([0-9_]*)(?:\.([0-9_]*))?(?:[eE]([+-]?[0-9]+))?")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_HYPHENATED = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_UUID = re.compile(rf"[0-9A-Fa-f]{{32}}|{_HYPHENATED}|\{{{_HYPHENATED}\}}|urn:uuid:{_HYPHENATED}")
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+\N{MINUS SIGN}-])([0-9]{2}):([0-9]{2}))"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_GREGORIAN_CYCLE = 400
_MICROS_PER_CYCLE = 146_097 * 86_400_000_000

_LEAP_SECOND = 60
_MINUTES_PER_HOUR = 60

_WITHOUT_DECIMALS = 256
_LONGEST_INTEGER = 100
"""Digits: more than any integer type holds, few enough to compute."""


def read_literal(text: str, type: t.AlgebraicType) -> Any:
    """The value of ``type`` that ``text`` is. Raises ``ValueError`` if it is none, or if values of
    this type cannot be written in SQL at all."""
    reader = _READERS.get(type)
    if reader is None:
        raise ValueError
    return reader(text)


def can_be_compared(type: t.AlgebraicType) -> bool:
    """Whether the operators work on values of ``type``: numbers, strings, bytes, bool and the
    special products except TimeDuration."""
    return type in _READERS or type is t.Primitive.BOOL


def _integer(bits: int, *, signed: bool) -> Callable[[str], int]:
    """Reads integers that fit. Those of 256 bits may have no decimals, not even zeros."""
    low = -(1 << (bits - 1)) if signed else 0
    high = (1 << (bits - 1 if signed else bits)) - 1

    def read(text: str) -> int:
        number = _whole_number(text, decimals=bits != _WITHOUT_DECIMALS)
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def _whole_number(text: str, *, decimals: bool) -> int:
    """A number in decimal notation that is an integer: ``5``, ``5_000``; ``5.0``, ``50e-1`` too if it
    may have ``decimals``."""
    sign, digits, exponent = _decimal(text)
    if exponent < 0 and not decimals:
        raise ValueError
    number = int(digits)  # raises ValueError for thousands of digits
    if not number:
        return 0
    if exponent > _LONGEST_INTEGER or -exponent > len(digits):
        raise ValueError
    scale: int = 10 ** abs(exponent)
    number, fraction = (number * scale, 0) if exponent >= 0 else divmod(number, scale)
    if fraction:
        raise ValueError
    return -number if sign == "-" else number


def _decimal(text: str) -> tuple[str, str, int]:
    """Sign, digits and power of ten; digits may be grouped with ``_``."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError
    sign, whole, fraction, exponent = match.groups(default="")
    digits = whole + fraction
    if not digits or digits[0] == "_":
        raise ValueError
    return sign, digits.replace("_", ""), int(exponent or 0) - len(fraction.replace("_", ""))


def _double(text: str) -> float:
    """The nearest double; infinite beyond the largest. There is no negative zero."""
    sign, digits, exponent = _decimal(text)
    return float(f"{sign}{digits}e{exponent}") + 0.0


def _single(text: str) -> float:
    """The nearest single to the nearest double, which is how the real server rounds."""
    number = _double(text)
    try:
        single: float = struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
    return single


def _hex_bytes(text: str) -> bytes:
    digits = text[2:] if text.startswith(("0x", "X'")) else text
    if _HEX.fullmatch(digits) is None:
        raise ValueError
    return bytes.fromhex(digits)


def _uuid(text: str) -> uuid.UUID:
    if _UUID.fullmatch(text) is None:
        raise ValueError
    return uuid.UUID(text)


def _timestamp(text: str) -> Timestamp:
    """RFC 3339 with a zone, the time behind ``T`` or a space; below microseconds is cut off."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, zone_hour, zone_minute = match.groups(default="")[6:]
    # Python knows no year 0 and no leap second. The calendar repeats every 400 years.
    shifted = year < _GREGORIAN_CYCLE
    moment = datetime(year + shifted * _GREGORIAN_CYCLE, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    zone = timedelta(hours=int(zone_hour or 0), minutes=int(zone_minute or 0))
    if second > _LEAP_SECOND or zone >= timedelta(days=1) or int(zone_minute or 0) >= _MINUTES_PER_HOUR:
        raise ValueError
    since_epoch = moment - _EPOCH + timedelta(seconds=second // _LEAP_SECOND, microseconds=int(f"{fraction:0<6}"[:6]))
    since_epoch += -zone if sign == "+" else zone
    return Timestamp(since_epoch // _MICROSECOND - shifted * _MICROS_PER_CYCLE)


_READERS: dict[t.AlgebraicType, Callable[[str], Any]] = {
    t.Primitive.I8: _integer(8, signed=True),
    t.Primitive.U8: _integer(8, signed=False),
    t.Primitive.I16: _integer(16, signed=True),
    t.Primitive.U16: _integer(16, signed=False),
    t.Primitive.I32: _integer(32, signed=True),
    t.Primitive.U32: _integer(32, signed=False),
    t.Primitive.I64: _integer(64, signed=True),
    t.Primitive.U64: _integer(64, signed=False),
    t.Primitive.I128: _integer(128, signed=True),
    t.Primitive.U128: _integer(128, signed=False),
    t.Primitive.I256: _integer(256, signed=True),
    t.Primitive.U256: _integer(256, signed=False),
    t.Primitive.F32: _single,
    t.Primitive.F64: _double,
    t.Primitive.STRING: str,
    t.BYTES: _hex_bytes,
    t.IDENTITY: lambda text: Identity(_hex_bytes(text)),
    t.CONNECTION_ID: lambda text: ConnectionId(_hex_bytes(text)),
    t.TIMESTAMP: _timestamp,
    t.UUID: _uuid,
}
