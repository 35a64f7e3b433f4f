"""What a database's log says of bugs in its module."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING

from stdbpy.errors import FATAL_ERROR, HINT, ApiError

if TYPE_CHECKING:
    from stdbpy.api.client import ApiClient
    from stdbpy.api.results import LogRecord
    from stdbpy.sats.values import Timestamp

_LINES = 20
"""How many of the last lines of the log are looked through."""

_PYTHON = "Traceback (most recent call last):"
_MODULE = re.compile(r"^(?:[\w<>]+\.)+(?=\w+(?::|$))")
"""The module before the name of an error's class in a traceback; callers are not told of it."""


@dataclass(frozen=True)
class LoggedBug:
    """What the log tells of a bug."""

    what: str
    """``ZeroDivisionError: division by zero``, or the message of a panic."""
    place: str
    """File and line, as far as they are known; else nothing."""
    hint: str = ""
    """The next thing to try, if the error says it."""

    def __str__(self) -> str:
        """In a line, without the hint."""
        what = " ".join(self.what.split("\n"))
        return f"{what} ({self.place})" if self.place else what

    def is_told_by(self, message: str) -> bool:
        """Whether what a server has told the caller, without what was added to the error as notes, is this."""
        told = message.rpartition(f"{FATAL_ERROR}: ")[2]
        return f"{self.what}\n".startswith(f"{told}\n")


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
            return _bug(record)
    return None


def _bug(record: LogRecord) -> LoggedBug:
    lines = record.message.strip().splitlines() or [""]
    what, _, hint = "\n".join(_what(lines)).partition(f"\n{HINT}")
    what = _MODULE.sub("", what, count=1)
    if record.filename is None:
        return LoggedBug(what, "", hint)
    line = record.line_number
    return LoggedBug(what, f"{record.filename}:{line}" if line is not None else record.filename, hint)


def _what(lines: list[str]) -> list[str]:
    """Those that say what it was."""
    if lines[0] != _PYTHON:
        return lines[:1]
    # The last of a chain of errors, below its frames, which are all indented.
    last = len(lines) - lines[::-1].index(_PYTHON)
    return list(dropwhile(lambda line: line.startswith(" "), lines[last:])) or lines[:1]
