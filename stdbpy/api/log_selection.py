"""Which records of a log somebody wants: by level, time and text. The server knows none of these."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from stdbpy.api.results import LogRecord
from stdbpy.errors import UsageError, nearest
from stdbpy.sats.values import Timestamp

LEVELS = ("trace", "debug", "info", "warn", "error", "panic")
"""From the least severe to the most."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
"""Seconds in each."""

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_EXAMPLES = "As in 10m, 2h, 1d12h, 2026-01-31, 2026-01-31T09:30 or 2026-01-31T09:30:00Z"


@dataclass(frozen=True, slots=True)
class LogSelection:
    """What a record must be to be wanted; without conditions every record is."""

    level: str | None = None
    """One of :data:`LEVELS`: this one and what is more severe."""
    only_level: bool = False
    """That level alone."""
    since: Timestamp | None = None
    pattern: re.Pattern[str] | None = None
    """Occurs somewhere in the message."""

    def wants(self, record: LogRecord) -> bool:
        if self.since is not None and record.time < self.since:
            return False
        if self.level is not None:
            severity, least = _severity(record.level), LEVELS.index(self.level)
            if severity != least if self.only_level else severity < least:
                return False
        return self.pattern is None or self.pattern.search(record.message) is not None


def _severity(level: str) -> int:
    """A level that this stdbpy does not know counts as most severe, so that it is not missed."""
    known = level.lower()
    return LEVELS.index(known) if known in LEVELS else len(LEVELS)


def parse_level(name: str) -> str:
    """One of :data:`LEVELS`. Raises :class:`UsageError`, which names the nearest one."""
    if name.lower() not in LEVELS:
        raise UsageError(
            f"there is no level {name!r}", hint=nearest(name.lower(), LEVELS) or f"One of {', '.join(LEVELS)}"
        )
    return name.lower()


def parse_pattern(text: str) -> re.Pattern[str]:
    """A regular expression of Python's. Raises :class:`UsageError`, which says where it is wrong."""
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(
            f"{text!r} is no regular expression: {error}", hint="A backslash takes a sign literally: \\["
        ) from None


def parse_since(text: str, now: datetime | None = None) -> Timestamp:
    """The moment that ``10m``, ``1d12h`` (before ``now``) or a date or time in ISO 8601 means; one
    without an offset is local time.

    Raises :class:`UsageError`.
    """
    now = now if now is not None else datetime.now().astimezone()
    try:
        if _DURATION.fullmatch(text):
            seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
            return Timestamp.from_datetime(now - timedelta(seconds=seconds))
        return Timestamp.from_datetime(datetime.fromisoformat(text).astimezone())
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{text!r} is neither a duration nor a time", hint=_EXAMPLES) from None
