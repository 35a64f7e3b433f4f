"""Numbers and moments as text, as the official program's tables and SpacetimeDB's PostgreSQL protocol have them."""

from __future__ import annotations

import math
import struct
from datetime import date, timedelta
from functools import lru_cache

from stdbpy.sats.values import TimeDuration, Timestamp

_LARGEST_SINGLE = float.fromhex("0x1.fffffep+127")

_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097
"""After which the calendar repeats."""
_CYCLE_START = date(2000, 1, 1)
_DAYS_TO_CYCLE_START = (_CYCLE_START - date(1970, 1, 1)).days


def timestamp_text(moment: Timestamp) -> str:
    """RFC 3339 in UTC with as many digits of the second as are needed in steps of three. Years that do not have four
    digits have a sign, and at least four digits: ``+10000-01-01T00:00:00+00:00``."""
    days, micros = divmod(int(moment), 86_400_000_000)
    seconds, micros = divmod(micros, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    fraction = "" if micros == 0 else f".{micros:06}" if micros % 1000 else f".{micros // 1000:03}"
    return f"{_day_text(days)}T{hour:02}:{minute:02}:{second:02}{fraction}+00:00"


# Few days, many moments: `datetime` takes three times as long for each.
@lru_cache(maxsize=1024)
def _day_text(days: int) -> str:
    cycles, day_of_cycle = divmod(days - _DAYS_TO_CYCLE_START, _CYCLE_DAYS)
    day = _CYCLE_START + timedelta(day_of_cycle)
    year = day.year + cycles * _CYCLE_YEARS
    return f"{year:04}{day:-%m-%d}" if 0 <= year <= 9999 else f"{year:+05}{day:-%m-%d}"


def duration_text(duration: TimeDuration) -> str:
    """ISO 8601 in seconds: ``PT1.5S``, ``-PT60S``, and ``P0D`` for none."""
    if duration == 0:
        return "P0D"
    seconds, micros = divmod(abs(int(duration)), 1_000_000)
    fraction = f".{micros:06}".rstrip("0") if micros else ""
    return f"{'-' if duration < 0 else ''}PT{seconds}{fraction}S"


def float_text(value: float, *, single: bool) -> str:
    """The shortest decimal that reads back as the same number, never with an exponent."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    shortest = shortest_single(value) if single else repr(float(value))
    text = without_exponent(shortest)
    return text.rstrip("0").rstrip(".") if "." in text else text


def without_exponent(number: str) -> str:
    """What ``repr`` says of a finite number, in digits alone. ``decimal`` could do that, which is too large to be in
    every module in WebAssembly."""
    sign, rest = ("-", number[1:]) if number.startswith("-") else ("", number)
    mantissa, has_exponent, exponent = rest.partition("e")
    if not has_exponent:
        return number
    whole, _, fraction = mantissa.partition(".")
    digits, point = whole + fraction, len(whole) + int(exponent)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[:point]:0<{point}}" + (f".{digits[point:]}" if digits[point:] else "")


def shortest_single(value: float) -> str:
    """The fewest digits that read back as the same number of 32 bits."""
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        rounded = float(text)
        # What few digits round up to may be more than a single holds.
        if abs(rounded) <= _LARGEST_SINGLE and struct.pack("<f", rounded) == struct.pack("<f", value):
            return text
    return repr(value)
