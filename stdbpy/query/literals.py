"""Python values as literals of SQL.

What a literal means depends on the column that it is compared with alone, so that numbers and
identities may stand in quotes; source of the forms: ``crates/expr`` of SpacetimeDB 2.8.3 and 1.2.0,
tried on both servers.
"""

from __future__ import annotations

import math
import struct
import uuid
from collections.abc import Callable

from stdbpy.errors import InvalidQuery
from stdbpy.sats.sql_types import SqlType
from stdbpy.sats.texts import without_exponent
from stdbpy.sats.values import ConnectionId, Identity, Timestamp


def literal(value: object, type: SqlType, column: str) -> str:
    """``value`` as the SQL that a column of ``type`` is compared with; ``column`` is its name, for errors.

    Raises :class:`InvalidQuery` for a value that such a column cannot hold or SQL cannot say.
    """
    try:
        return _WRITERS[type](value)
    except _Unfit as unfit:
        if value is None:
            message = f"{column} is a {type.value} and never None"
        else:
            message = f"{column} is a {type.value}, which cannot be compared with {value!r}"
        raise InvalidQuery(message, hint=str(unfit)) from None


class _Unfit(Exception):
    """Says what would fit."""


def _bool(value: object) -> str:
    if not isinstance(value, bool):
        raise _Unfit("Compare it with True or False")
    return "TRUE" if value else "FALSE"


def _integer(bits: int, *, signed: bool) -> Callable[[object], str]:
    low = -(1 << (bits - 1)) if signed else 0
    high = (1 << (bits - 1 if signed else bits)) - 1

    def write(value: object) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _Unfit("Compare it with an int")
        if not low <= value <= high:
            raise _Unfit(f"It holds numbers from {low} to {high}")
        return str(int(value))

    return write


def _double(value: object) -> str:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _Unfit("Compare it with a float")
    try:
        number = float(value)
    except OverflowError:
        raise _Unfit("It is beyond the greatest float") from None
    if math.isnan(number):
        raise _Unfit("SQL has no NaN")
    if isinstance(value, int) and number != value:
        raise _Unfit("No float is exactly that number")
    if math.isinf(number):
        return "1e999" if number > 0 else "-1e999"  # what lies beyond the greatest float reads as infinite
    return _plain(number)


def _plain(number: float) -> str:
    """In digits alone: the servers do not read every number with an exponent as the nearest float."""
    return without_exponent(repr(number))


def _single(value: object) -> str:
    """The nearest number that such a column can hold: ``0.1`` finds what was inserted as ``0.1``."""
    text = _double(value)
    number = float(text)
    if math.isinf(number):
        return text
    try:
        nearest: float = struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        raise _Unfit("It is beyond the greatest f32") from None
    return _plain(nearest)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise _Unfit("Compare it with a str")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _Unfit("It holds text, which half a surrogate pair is not") from None
    return "'" + value.replace("'", "''") + "'"


def _bytes(value: object) -> str:
    if not isinstance(value, (bytes, bytearray)):
        raise _Unfit("Compare it with bytes")
    return f"0x{value.hex()}"


def _identity(value: object) -> str:
    if not isinstance(value, Identity):
        raise _Unfit("Compare it with an Identity, as in Identity.from_hex('…')")
    return f"0x{value.hex()}"


def _connection_id(value: object) -> str:
    if not isinstance(value, ConnectionId):
        raise _Unfit("Compare it with a ConnectionId, as in ConnectionId.from_hex('…')")
    return f"0x{value.hex()}"


def _timestamp(value: object) -> str:
    if not isinstance(value, Timestamp):
        raise _Unfit("Compare it with a Timestamp, as in Timestamp.from_datetime(…)")
    try:
        return f"'{value.to_datetime().isoformat(timespec='microseconds')}'"
    except OverflowError:
        raise _Unfit("SQL names moments of the years 1 to 9999") from None


def _uuid(value: object) -> str:
    if not isinstance(value, uuid.UUID):
        raise _Unfit("Compare it with a uuid.UUID")
    return f"'{value}'"


_WRITERS: dict[SqlType, Callable[[object], str]] = {
    SqlType.BOOL: _bool,
    SqlType.I8: _integer(8, signed=True),
    SqlType.U8: _integer(8, signed=False),
    SqlType.I16: _integer(16, signed=True),
    SqlType.U16: _integer(16, signed=False),
    SqlType.I32: _integer(32, signed=True),
    SqlType.U32: _integer(32, signed=False),
    SqlType.I64: _integer(64, signed=True),
    SqlType.U64: _integer(64, signed=False),
    SqlType.I128: _integer(128, signed=True),
    SqlType.U128: _integer(128, signed=False),
    SqlType.I256: _integer(256, signed=True),
    SqlType.U256: _integer(256, signed=False),
    SqlType.F32: _single,
    SqlType.F64: _double,
    SqlType.STRING: _string,
    SqlType.BYTES: _bytes,
    SqlType.IDENTITY: _identity,
    SqlType.CONNECTION_ID: _connection_id,
    SqlType.TIMESTAMP: _timestamp,
    SqlType.UUID: _uuid,
}
