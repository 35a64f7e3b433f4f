"""The Python classes of SpacetimeDB's special values.

``Identity`` and ``ConnectionId`` are ``bytes``, ``Timestamp`` and ``TimeDuration`` are ``int``:
rows are hashed, compared and sorted by the hundred thousand, and only the built-in types do that
without running Python code. (A ``TimeDuration`` runs some when it is compared: few are, and spans of
Python's own are what they are compared with.) A SATS ``Uuid`` is :class:`uuid.UUID`. An option is its
payload or ``None``; where the payload can itself be ``None`` (an option of an option), a present payload
is wrapped in :class:`Some`.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")
E = TypeVar("E")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNITS = (("hours", 3_600_000_000), ("minutes", 60_000_000), ("seconds", 1_000_000), ("milliseconds", 1_000))
"""In microseconds, the greatest first."""


class _ReadByPydantic:
    """pydantic asks these two how it reads and writes a class."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from stdbpy.sats.pydantic_schemas import core_schema_of

        return core_schema_of(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: object, handler: object) -> dict[str, Any]:
        from stdbpy.sats.pydantic_schemas import json_schema_of

        return json_schema_of(cls)


class _FixedBytes(bytes, _ReadByPydantic):
    """A number shown as hex, stored with the most significant byte first so that bytes compare as
    the numbers do."""

    __slots__ = ()
    SIZE: int

    def __new__(cls, value: bytes | bytearray | memoryview) -> Self:
        if len(value) != cls.SIZE:
            raise ValueError(f"{cls.__name__} takes {cls.SIZE} bytes, not {len(value)}")
        return super().__new__(cls, value)

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """From hex digits, with or without ``0x``. Raises ``ValueError``."""
        digits = text.removeprefix("0x")
        if len(digits) != 2 * cls.SIZE:
            raise ValueError(f"{cls.__name__} has {2 * cls.SIZE} hex digits, not {len(digits)}")
        return cls(bytes.fromhex(digits))

    @classmethod
    def from_int(cls, number: int) -> Self:
        return cls(number.to_bytes(cls.SIZE, "big"))

    def __int__(self) -> int:
        return int.from_bytes(self, "big")

    def __str__(self) -> str:
        return self.hex()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.hex()!r})"


class Identity(_FixedBytes):
    """Who a user or database is: 256 bits, most significant byte first."""

    __slots__ = ()
    SIZE = 32


class ConnectionId(_FixedBytes):
    """One connection of a client: 128 bits, most significant byte first."""

    __slots__ = ()
    SIZE = 16


class Timestamp(int, _ReadByPydantic):
    """A moment: microseconds since 1970-01-01 UTC, as a signed 64-bit number."""

    __slots__ = ()

    @classmethod
    def now(cls) -> Self:
        return cls(time.time_ns() // 1000)

    @classmethod
    def from_datetime(cls, moment: datetime) -> Self:
        """From an aware ``datetime``. Raises ``ValueError`` for a naive one."""
        if moment.tzinfo is None:
            raise ValueError("a datetime without a time zone does not name a moment")
        return cls((moment - _EPOCH) // _MICROSECOND)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From RFC 3339 text (``2024-01-02T03:04:05.678901+00:00``). Raises ``ValueError``."""
        return cls.from_datetime(datetime.fromisoformat(text))

    def to_datetime(self) -> datetime:
        """In UTC. Raises ``OverflowError`` outside the years 1 to 9999, which ``datetime`` cannot hold."""
        return _EPOCH + timedelta(microseconds=int(self))

    def __add__(self, other: int | timedelta) -> Timestamp:
        if isinstance(other, Timestamp):
            return NotImplemented
        return Timestamp(int(self) + _micros(other))

    __radd__ = __add__

    # Unlike that of numbers, the difference of moments is no moment: against int's signature.
    @overload  # type: ignore[override]
    def __sub__(self, other: Timestamp) -> TimeDuration: ...  # type: ignore[overload-overlap]
    @overload
    def __sub__(self, other: int | timedelta) -> Timestamp: ...
    def __sub__(self, other: int | timedelta) -> Timestamp | TimeDuration:
        if isinstance(other, Timestamp):
            return TimeDuration(int(self) - int(other))
        return Timestamp(int(self) - _micros(other))

    def __str__(self) -> str:
        try:
            return self.to_datetime().isoformat(timespec="microseconds")
        except OverflowError:
            return f"{int(self)} µs"

    def __repr__(self) -> str:
        return f"Timestamp({int(self)})"


class TimeDuration(int, _ReadByPydantic):
    """A span of time in microseconds, as a signed 64-bit number.

    It compares with numbers and with a :class:`~datetime.timedelta`. Its hash is the number's: as a key of a
    dictionary it is found by numbers, not by a ``timedelta``.
    """

    __slots__ = ()

    @classmethod
    def from_timedelta(cls, span: timedelta) -> Self:
        return cls(span // _MICROSECOND)

    @classmethod
    def of(cls, *, hours: float = 0, minutes: float = 0, seconds: float = 0, milliseconds: float = 0) -> Self:
        return cls.from_timedelta(timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds))

    def to_timedelta(self) -> timedelta:
        return timedelta(microseconds=int(self))

    @overload  # type: ignore[override]  # a moment and a span give a moment, against int's signature
    def __add__(self, other: Timestamp) -> Timestamp: ...  # type: ignore[overload-overlap]
    @overload
    def __add__(self, other: int | timedelta) -> TimeDuration: ...
    def __add__(self, other: int | timedelta) -> Timestamp | TimeDuration:
        if isinstance(other, Timestamp):
            return other + int(self)
        return TimeDuration(int(self) + _micros(other))

    def __radd__(self, other: int | timedelta) -> TimeDuration:
        return TimeDuration(_micros(other) + int(self))

    def __sub__(self, other: int | timedelta) -> TimeDuration:
        if isinstance(other, Timestamp):
            return NotImplemented
        return TimeDuration(int(self) - _micros(other))

    def __mul__(self, factor: int) -> TimeDuration:
        return TimeDuration(int(self) * factor) if isinstance(factor, int) else NotImplemented

    __rmul__ = __mul__

    def __neg__(self) -> TimeDuration:
        return TimeDuration(-int(self))

    def __abs__(self) -> TimeDuration:
        return TimeDuration(abs(int(self)))

    def __str__(self) -> str:
        sign = "-" if self < 0 else "+"
        seconds, micros = divmod(abs(int(self)), 1_000_000)
        return f"{sign}{seconds}.{micros:06}"

    def __repr__(self) -> str:
        for unit, micros in _UNITS:
            count, rest = divmod(int(self), micros)
            if not rest and count:
                return f"TimeDuration.of({unit}={count})"
        return f"TimeDuration({int(self):_})"

    def __eq__(self, other: object) -> bool:
        return int.__eq__(self, _micros(other) if isinstance(other, timedelta) else other)

    def __ne__(self, other: object) -> bool:
        return int.__ne__(self, _micros(other) if isinstance(other, timedelta) else other)

    def __lt__(self, other: int | timedelta) -> bool:
        return int.__lt__(self, _micros(other) if isinstance(other, timedelta) else other)

    def __le__(self, other: int | timedelta) -> bool:
        return int.__le__(self, _micros(other) if isinstance(other, timedelta) else other)

    def __gt__(self, other: int | timedelta) -> bool:
        return int.__gt__(self, _micros(other) if isinstance(other, timedelta) else other)

    def __ge__(self, other: int | timedelta) -> bool:
        return int.__ge__(self, _micros(other) if isinstance(other, timedelta) else other)

    __hash__ = int.__hash__


def _micros(span: int | timedelta) -> int:
    return span // _MICROSECOND if isinstance(span, timedelta) else int(span)


class ScheduleAt(_ReadByPydantic):
    """When a scheduled reducer runs: :class:`Interval` (again and again) or :class:`Time` (once)."""

    __slots__ = ()

    @staticmethod
    def every(span: TimeDuration | timedelta) -> Interval:
        """Raises ``TypeError`` for a bare number, whose unit nobody knows."""
        if not isinstance(span, TimeDuration | timedelta):
            raise TypeError(f"every takes a TimeDuration, as in TimeDuration.of(seconds=5), not {span!r}")
        return Interval(span if isinstance(span, TimeDuration) else TimeDuration.from_timedelta(span))

    @staticmethod
    def at(moment: Timestamp | datetime) -> Time:
        """Raises ``TypeError`` for what is no moment, ``ValueError`` for a datetime without a time zone."""
        if not isinstance(moment, Timestamp | datetime):
            raise TypeError(f"at takes a Timestamp, as in ctx.timestamp + TimeDuration.of(seconds=5), not {moment!r}")
        return Time(moment if isinstance(moment, Timestamp) else Timestamp.from_datetime(moment))


@dataclass(frozen=True, slots=True, order=True)
class Interval(ScheduleAt):
    """Run every ``value``."""

    value: TimeDuration


@dataclass(frozen=True, slots=True, order=True)
class Time(ScheduleAt):
    """Run once, at ``value``."""

    value: Timestamp


@dataclass(frozen=True, slots=True)
class Some(Generic[T]):
    """A present payload of an option whose payload is itself an option."""

    value: T


@dataclass(frozen=True, slots=True)
class Ok(Generic[T]):
    """The success of a SATS result."""

    value: T


@dataclass(frozen=True, slots=True)
class Err(Generic[E]):
    """The failure of a SATS result."""

    error: E


@dataclass(frozen=True, slots=True)
class Variant:
    """A value of a sum type that no Python class is bound to."""

    name: str
    value: object = None


def uuid_from_int(number: int) -> uuid.UUID:
    """``uuid.UUID(int=number)`` for a number known to have 128 bits, without its constructor's checks:
    five times as fast."""
    value = object.__new__(uuid.UUID)
    object.__setattr__(value, "int", number)
    object.__setattr__(value, "is_safe", uuid.SafeUUID.unknown)
    return value
