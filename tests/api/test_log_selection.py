"""Which records are wanted, and how people say so."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from stdbpy.api import LogRecord
from stdbpy.api.log_selection import LEVELS, LogSelection, parse_level, parse_pattern, parse_since
from stdbpy.errors import UsageError
from stdbpy.sats import Timestamp

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def record(level: str = "Info", time: int = 5, message: str = "") -> LogRecord:
    return LogRecord(level, Timestamp(time), message)


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (LogSelection(), {*LEVELS, "fatal"}),
        (LogSelection("warn"), {"warn", "error", "panic", "fatal"}),
        (LogSelection("warn", only_level=True), {"warn"}),
        (LogSelection("panic", only_level=True), {"panic"}),
        (LogSelection("trace"), {*LEVELS, "fatal"}),
    ],
)
def test_levels(selection: LogSelection, wanted: set[str]) -> None:
    """A level from the future is never missed, except where one alone is asked for."""
    assert {level for level in (*LEVELS, "fatal") if selection.wants(record(level.capitalize()))} == wanted


def test_time_and_text_and_level_must_all_fit() -> None:
    selection = LogSelection("error", since=Timestamp(5), pattern=re.compile("l[oO]st$"))
    assert selection.wants(record("Error", 5, "connection lOst"))
    assert not selection.wants(record("Error", 4, "connection lost"))
    assert not selection.wants(record("Warn", 5, "connection lost"))
    assert not selection.wants(record("Error", 5, "lost it"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10m", NOW - timedelta(minutes=10)),
        ("2h", NOW - timedelta(hours=2)),
        ("1d12h", NOW - timedelta(days=1.5)),
        ("1.5s", NOW - timedelta(seconds=1.5)),
        ("250ms", NOW - timedelta(milliseconds=250)),
        ("1w", NOW - timedelta(weeks=1)),
        ("2026-01-30T09:30:00Z", datetime(2026, 1, 30, 9, 30, tzinfo=UTC)),
        ("2026-01-30 09:30+02:00", datetime(2026, 1, 30, 9, 30, tzinfo=timezone(timedelta(hours=2)))),
        ("2026-01-30", datetime(2026, 1, 30).astimezone()),
    ],
)
def test_since(text: str, moment: datetime) -> None:
    assert parse_since(text, NOW) == Timestamp.from_datetime(moment)


@pytest.mark.parametrize("text", ["", "10", "m", "10 minutes", "2026-13-01", "-5m", "9" * 400 + "d", "1h x"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="is neither a duration nor a time") as caught:
        parse_since(text, NOW)
    assert "10m" in caught.value.hint


def test_names_of_levels() -> None:
    assert parse_level("WARN") == "warn"
    with pytest.raises(UsageError, match="there is no level 'wran'") as caught:
        parse_level("wran")
    assert caught.value.hint == "Did you mean 'warn'?"


def test_patterns() -> None:
    assert parse_pattern(r"\d+").search("a 12")
    with pytest.raises(UsageError, match="'a\\[' is no regular expression: unterminated character set"):
        parse_pattern("a[")
