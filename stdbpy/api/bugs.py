"""What a database's log says of bugs in its module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stdbpy.errors import ApiError

if TYPE_CHECKING:
    from stdbpy.api.client import ApiClient
    from stdbpy.api.results import LogRecord

_LINES = 20
"""How many of the last lines of the log are looked through."""

_PYTHON = "Traceback (most recent call last):"


def last_bug(api: ApiClient, database: str, function: str) -> str:
    """The last bug in a function that the end of the log tells of, in a line with its place in the code; nothing if
    it tells of none, or is not for the caller to read."""
    try:
        records = list(api.logs(database, _LINES))
    except ApiError:
        return ""
    bugs = [record for record in records if record.level == "Panic" and record.function == function]
    return _in_one_line(bugs[-1]) if bugs else ""


def _in_one_line(bug: LogRecord) -> str:
    lines = [line for line in bug.message.splitlines() if line.strip()] or [""]
    # Python says last what it was.
    line = (lines[-1] if lines[0] == _PYTHON else lines[0]).strip()
    if bug.filename is None:
        return line
    return f"{line} ({bug.filename}:{bug.line_number})" if bug.line_number is not None else f"{line} ({bug.filename})"
