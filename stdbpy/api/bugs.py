"""What a database's log says of bugs in its module."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stdbpy.errors import ApiError

if TYPE_CHECKING:
    from stdbpy.api.client import ApiClient
    from stdbpy.api.results import LogRecord
    from stdbpy.sats.values import Timestamp

_LINES = 20
"""How many of the last lines of the log are looked through."""

_PYTHON = "Traceback (most recent call last):"


@dataclass(frozen=True)
class LoggedBug:
    """What the log tells of a bug, in a line."""

    what: str
    """``ZeroDivisionError: division by zero``, or the message of a panic."""
    place: str
    """File and line, as far as they are known; else nothing."""

    def __str__(self) -> str:
        return f"{self.what} ({self.place})" if self.place else self.what


def last_bug(
    api: ApiClient, database: str, functions: Container[str], *, since: Timestamp | None = None
) -> LoggedBug | None:
    """The last bug in one of these functions (``since`` then) that the end of the log tells of; ``None`` if it tells
    of none, or is not for the caller to read."""
    try:
        records = list(api.logs(database, _LINES))
    except ApiError:
        return None
    for record in reversed(records):
        is_bug = record.level == "Panic" and record.function in functions
        if is_bug and (since is None or record.time >= since):
            return _in_one_line(record)
    return None


def _in_one_line(bug: LogRecord) -> LoggedBug:
    lines = [line for line in bug.message.splitlines() if line.strip()] or [""]
    # Python says last what it was.
    line = (lines[-1] if lines[0] == _PYTHON else lines[0]).strip()
    if bug.filename is None:
        return LoggedBug(line, "")
    return LoggedBug(line, f"{bug.filename}:{bug.line_number}" if bug.line_number is not None else bug.filename)
