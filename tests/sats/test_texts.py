"""Moments and durations as text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.sats.texts import duration_text, float_text, timestamp_text
from stdbpy.sats.values import TimeDuration, Timestamp


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments(moment: datetime) -> None:
    text = timestamp_text(Timestamp.from_datetime(moment))

    assert datetime.fromisoformat(text) == moment
    assert text[:19] == moment.isoformat()[:19]
    assert text[19:].partition("+")[0] in ("", f".{moment.microsecond // 1000:03}", f".{moment.microsecond:06}")


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (253_402_300_800_000_000, "+10000-01-01T00:00:00+00:00"),
        (-62_135_596_800_000_001, "0000-12-31T23:59:59.999999+00:00"),
        (-62_167_219_200_000_001, "-0001-12-31T23:59:59.999999+00:00"),
        (2**63 - 1, "+294247-01-10T04:00:54.775807+00:00"),
        (-(2**63), "-290308-12-21T19:59:05.224192+00:00"),
    ],
)
def test_moments_beyond_the_years_of_four_digits(micros: int, text: str) -> None:
    assert timestamp_text(Timestamp(micros)) == text


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "P0D"), (10_000_000, "PT10S"), (-1_500_000, "-PT1.5S"), (2, "PT0.000002S"), (86_400_000_000, "PT86400S")],
)
def test_durations(micros: int, text: str) -> None:
    assert duration_text(TimeDuration(micros)) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_have_no_exponent_and_lose_nothing(number: float) -> None:
    text = float_text(number, single=False)

    assert Decimal(text) == Decimal(repr(number))
    assert "e" not in text and not text.endswith(".") and ("." not in text or not text.endswith("0"))


@pytest.mark.parametrize(
    ("number", "text"), [(-0.0, "-0"), (1e22, "1" + 22 * "0"), (-2.5e-7, "-0.00000025"), (123_456.0, "123456")]
)
def test_numbers(number: float, text: str) -> None:
    assert float_text(number, single=False) == text
