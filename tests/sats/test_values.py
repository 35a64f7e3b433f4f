"""The classes of SpacetimeDB's special values."""

from __future__ import annotations

import pickle
import time
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.sats.values import (
    ConnectionId,
    Identity,
    Interval,
    ScheduleAt,
    Time,
    TimeDuration,
    Timestamp,
    uuid_from_int,
)


@pytest.mark.parametrize(("cls", "size"), [(Identity, 32), (ConnectionId, 16)])
def test_identities(cls: type[Identity | ConnectionId], size: int) -> None:
    text = "c2" + "00" * (size - 2) + "01"
    value = cls.from_hex(text)
    assert value == cls.from_hex("0x" + text) == cls.from_int(int(text, 16)) == cls(bytes.fromhex(text))
    assert str(value) == text
    assert repr(value) == f"{cls.__name__}('{text}')"
    assert int(value) == int(text, 16)
    assert cls.from_int(1) < cls.from_int(256) < value
    assert {value: 1}[cls.from_hex(text)] == 1
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("text", ["", "c2", "zz" * 32, "c2" * 33, "0x"])
def test_text_that_is_no_identity(text: str) -> None:
    with pytest.raises(ValueError, match=r"hex"):
        Identity.from_hex(text)


@pytest.mark.parametrize("data", [b"", b"x" * 31, b"x" * 33])
def test_bytes_that_are_no_identity(data: bytes) -> None:
    with pytest.raises(ValueError, match="Identity takes 32 bytes"):
        Identity(data)


def test_numbers_that_are_no_identity() -> None:
    with pytest.raises(OverflowError):
        Identity.from_int(2**256)
    with pytest.raises(OverflowError):
        Identity.from_int(-1)


def test_timestamps() -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    stamp = Timestamp.from_datetime(moment)
    assert stamp == 1704164645678901
    assert stamp.to_datetime() == moment
    assert str(stamp) == "2024-01-02T03:04:05.678901+00:00"
    assert repr(stamp) == "Timestamp(1704164645678901)"
    assert Timestamp.parse(str(stamp)) == Timestamp.parse("2024-01-02T05:04:05.678901+02:00") == stamp
    assert Timestamp.from_datetime(moment.astimezone(timezone(timedelta(hours=5)))) == stamp
    assert abs(Timestamp.now() - Timestamp(time.time_ns() // 1000)) < 60_000_000
    with pytest.raises(ValueError, match="time zone"):
        Timestamp.from_datetime(datetime(2024, 1, 2))


def test_moments_beyond_the_calendar() -> None:
    assert str(Timestamp(2**63 - 1)) == "9223372036854775807 µs"
    with pytest.raises(OverflowError):
        Timestamp(2**63 - 1).to_datetime()


def test_arithmetic_of_moments() -> None:
    a, b = Timestamp(5_000_000), Timestamp(2_000_000)
    assert (a - b, type(a - b)) == (3_000_000, TimeDuration)
    assert (a - 1, type(a - 1)) == (4_999_999, Timestamp)
    assert (b + (a - b), type(b + (a - b))) == (a, Timestamp)
    assert (a + timedelta(seconds=1), type(a - timedelta(seconds=1))) == (6_000_000, Timestamp)


@pytest.mark.parametrize(
    ("micros", "text"), [(0, "+0.000000"), (1_500_000, "+1.500000"), (-1, "-0.000001"), (-2_000_000, "-2.000000")]
)
def test_durations(micros: int, text: str) -> None:
    assert str(TimeDuration(micros)) == text
    assert TimeDuration.from_timedelta(timedelta(microseconds=micros)) == micros
    assert TimeDuration(micros).to_timedelta() == timedelta(microseconds=micros)


def test_durations_of_units() -> None:
    assert TimeDuration.of(hours=1, minutes=1, seconds=1, milliseconds=1) == 3_661_001_000


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "TimeDuration(0)"),
        (-1_500_001, "TimeDuration(-1_500_001)"),
        (2**63 - 1, "TimeDuration(9_223_372_036_854_775_807)"),
        (1_500_000, "TimeDuration.of(milliseconds=1500)"),
        (-5_000_000, "TimeDuration.of(seconds=-5)"),
        (5_400_000_000, "TimeDuration.of(minutes=90)"),
        (7_200_000_000, "TimeDuration.of(hours=2)"),
    ],
)
def test_durations_are_shown_as_they_are_written(micros: int, text: str) -> None:
    assert repr(TimeDuration(micros)) == text
    assert eval(text, {"TimeDuration": TimeDuration}) == micros


def test_durations_compare_with_numbers_and_timedeltas() -> None:
    second, number = TimeDuration.of(seconds=1), 1_000_000
    for same in (TimeDuration(number), number, timedelta(seconds=1)):
        assert second == same
        assert same == second
        assert (second != same) is False
        assert (same != second) is False
        assert second <= same <= second
    for less in (TimeDuration(number - 1), number - 1, timedelta(seconds=1) - timedelta.resolution):
        assert second != less
        assert less != second
        assert less < second <= second
        assert second > less
        assert not second < less
        assert not second <= less
    assert second != "1"
    with pytest.raises(TypeError):
        _ = second < "1"  # type: ignore[operator]
    assert hash(second) == hash(number)


def test_schedules() -> None:
    assert ScheduleAt.every(timedelta(seconds=1)) == Interval(TimeDuration(1_000_000))
    assert ScheduleAt.every(TimeDuration(5)) == Interval(TimeDuration(5))
    assert ScheduleAt.at(Timestamp(5)) == Time(Timestamp(5))
    assert ScheduleAt.at(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == Time(Timestamp(1_000_000))
    assert isinstance(ScheduleAt.at(Timestamp(5)), ScheduleAt)


@given(st.integers(0, 2**128 - 1))
def test_uuids_made_fast_are_uuids(number: int) -> None:
    made, constructed = uuid_from_int(number), uuid.UUID(int=number)
    assert made == constructed
    assert (str(made), repr(made), hash(made)) == (str(constructed), repr(constructed), hash(constructed))
    assert made.is_safe is constructed.is_safe
    assert pickle.loads(pickle.dumps(made)) == constructed


def test_spans_of_time_stay_spans() -> None:
    second = TimeDuration.of(seconds=1)
    for span, micros in [
        (second + second, 2_000_000),
        (second + timedelta(seconds=2), 3_000_000),
        (timedelta(seconds=2) + second, 3_000_000),
        (second - timedelta(milliseconds=1), 999_000),
        (second * 3, 3_000_000),
        (3 * second, 3_000_000),
        (-second, -1_000_000),
        (abs(-second), 1_000_000),
        (sum([second, second], TimeDuration(0)), 2_000_000),
    ]:
        assert (type(span), span) == (TimeDuration, micros)
    moment = second + Timestamp(1)
    assert (type(moment), moment) == (Timestamp, 1_000_001)


def test_moments_are_not_added() -> None:
    with pytest.raises(TypeError):
        Timestamp(1) + Timestamp(2)  # type: ignore[operator]


def test_a_schedule_needs_a_unit() -> None:
    with pytest.raises(TypeError, match=r"TimeDuration\.of"):
        ScheduleAt.every(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"ctx\.timestamp"):
        ScheduleAt.at(5)  # type: ignore[arg-type]
    assert ScheduleAt.every(TimeDuration.of(seconds=1) * 2) == Interval(TimeDuration(2_000_000))
