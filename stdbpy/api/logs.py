"""A database's log as it streams in: JSON lines, cut anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from stdbpy.api.answers import OK, refusal
from stdbpy.api.exchange import Exchange, Request, Response, database_path, flag
from stdbpy.api.lookups import expect_found
from stdbpy.api.results import LogRecord
from stdbpy.errors import UnexpectedAnswer
from stdbpy.sats.values import Timestamp

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes without an end of line after which what comes is taken for something else than a log."""


def request(database: str, num_lines: int | None = None, *, follow: bool = False) -> Request:
    query = {} if num_lines is None else {"num_lines": str(num_lines)}
    if follow:
        query["follow"] = flag(follow)
    return Request("GET", database_path(database, "logs"), query, streams=True)


def expect_log(response: Response, database: str) -> Exchange[None]:
    """Raises for an answer that is no log; the body of one that is need not be read before."""
    if response.status != OK:
        yield from expect_found(response, database)
        raise refusal(response)


class LogReader:
    """Bytes in, records out.

    >>> reader = LogReader()
    >>> list(reader.feed(b'{"level":"Info","ts":5,"mess'))
    []
    >>> [record.message for record in reader.feed(b'age":"hi"}\\n')]
    ['hi']
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[LogRecord]:
        """The records that ``data`` completes. Raises :class:`UnexpectedAnswer` for what is no record."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise UnexpectedAnswer("the server's log has a line without end")
        for line in lines:
            if line.strip():
                yield _record(line)

    def end(self) -> Iterator[LogRecord]:
        """The last record, if the log ended without an end of line."""
        rest, self._rest = self._rest, b""
        if rest.strip():
            yield _record(rest)


def _record(line: bytes) -> LogRecord:
    try:
        raw = msgspec.json.decode(line, type=dict[str, Any])
        fields = msgspec.convert(raw, _Line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnexpectedAnswer(
            f"a line of the server's log is no log record: {error}", body=line[:200].decode("utf-8", "replace")
        ) from None
    return LogRecord(
        fields.level,
        Timestamp(fields.ts),
        fields.message,
        fields.target,
        fields.filename,
        fields.line_number,
        fields.function,
        raw,
    )


class _Line(msgspec.Struct):
    level: str
    ts: int
    message: str
    target: str | None = None
    filename: str | None = None
    line_number: int | None = None
    function: str | None = None
