"""A log that is read on where its server was restarted or a connection broke.

The protocol has no offset: who comes back can only ask for the last lines again and leave out those
that were seen before, which are told by their time and text. The server reads one day's file, so what
was logged before midnight (UTC) is out of reach for who comes back after it.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, cast

from stdbpy.api.results import LogRecord
from stdbpy.errors import ApiError, ServerUnreachable, UnexpectedAnswer
from stdbpy.sats.values import Timestamp

if TYPE_CHECKING:
    from stdbpy.api.client import ApiClient

WINDOW = 500
"""Lines asked for before those that come. Real servers give 2,500 at most there."""

WIDER = (50_000, None)
"""Lines asked for, one after the other, where that did not reach back to what was seen: ``None`` is all."""

REMEMBERED = 5_000
"""Records that are known again; what is older than all of them was seen or is not wanted."""

FIRST_DELAY = 0.2
LONGEST_DELAY = 5.0
"""Seconds between attempts to reach the server again: doubled each time, until something new comes."""

_MISDIRECTED = 421
_SERVER_FAILED = 500

_Key = tuple[int, str, str, str | None]


class LogPosition:
    """Up to where somebody has read a log.

    >>> position = LogPosition()
    >>> one, two = LogRecord("Info", Timestamp(1), "one"), LogRecord("Info", Timestamp(2), "two")
    >>> position.see(one)
    >>> position.come_back()
    >>> position.is_new(one), position.is_new(two)
    (False, True)
    """

    def __init__(self, since: Timestamp | None = None) -> None:
        """With ``since`` what is older counts as seen; otherwise what is older than the first that is seen."""
        self._since = since
        self._seen: deque[_Key] = deque(maxlen=REMEMBERED)
        self._may_come_again: Counter[_Key] = Counter()
        self._is_behind = False
        """What comes is older than all that may come a second time."""

    def see(self, record: LogRecord) -> None:
        self._seen.append(_key(record))

    def come_back(self) -> None:
        """From here on, records that were seen may come a second time."""
        self._may_come_again = Counter(self._seen)
        self._is_behind = bool(self._seen)

    def is_new(self, record: LogRecord) -> bool:
        """Whether the record was not seen before; it is now."""
        if self._may_come_again:
            key = _key(record)
            if self._may_come_again[key] > 0:
                self._may_come_again[key] -= 1
                self._is_behind = False
                return False
            if self._is_behind and self.is_reached_by(record):
                return False
        if self._since is not None and record.time < self._since:
            return False
        self._is_behind = False
        self.see(record)
        return True

    def is_reached_by(self, record: LogRecord) -> bool:
        """Whether nothing that is new can be missing before a log that begins with this record."""
        if self._seen:
            return int(record.time) <= self._seen[-1][0]
        return self._since is None or record.time < self._since


def _key(record: LogRecord) -> _Key:
    return int(record.time), record.message, record.level, record.function


def logs_since(api: ApiClient, database: str, since: Timestamp) -> Iterator[LogRecord]:
    """The records of a database's log from ``since`` on, without reading all that is older."""
    return _unseen(api, database, LogPosition(since))


def follow_logs(
    api: ApiClient,
    database: str,
    num_lines: int = 0,
    *,
    since: Timestamp | None = None,
    lost: Callable[[ApiError | None], None] = lambda _reason: None,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[LogRecord]:
    """The last ``num_lines`` records of a database's log, or those from ``since`` on, and then each new
    one, also after the server was away for a while; until the iterator is closed.

    ``lost`` is told of each connection that ended or could not be made, with the reason unless the
    server just ended it; ``wait`` waits so many seconds before the next attempt.

    Raises :class:`~stdbpy.errors.ApiError` if the first request fails, and later on for everything
    but a server that is not there: the database was deleted, the token is no longer good.
    """
    position = LogPosition(since)
    if since is not None:
        yield from _unseen(api, database, position)
    else:
        # The last record is also needed if none is wanted: what comes is newer than it.
        for record in api.logs(database, max(num_lines, 1)):
            position.see(record)
            if num_lines > 0:
                yield record
    delay = FIRST_DELAY
    while True:
        reason = None
        position.come_back()
        try:
            for record in _continued(api, database, position):
                delay = FIRST_DELAY
                yield record
        except ApiError as error:
            if not _passes(error):
                raise
            reason = error
        lost(reason)
        wait(delay)
        delay = min(delay * 2, LONGEST_DELAY)


def _passes(error: ApiError) -> bool:
    """Whether the same request may well succeed once the server is up again."""
    no_answer = error.status == 0 and isinstance(error, ServerUnreachable | UnexpectedAnswer)
    return no_answer or error.status == _MISDIRECTED or error.status >= _SERVER_FAILED


def _continued(api: ApiClient, database: str, position: LogPosition) -> Iterator[LogRecord]:
    """What is new since the position, until the server ends it."""
    with _reading(api.logs(database, WINDOW, follow=True)) as records:
        for number, record in enumerate(records):
            if number == 0 and not position.is_reached_by(record):
                yield from _unseen(api, database, position, before=record)
            if position.is_new(record):
                yield record


def _unseen(
    api: ApiClient, database: str, position: LogPosition, *, before: LogRecord | None = None
) -> Iterator[LogRecord]:
    """What the log has that is new, up to ``before``, with which a smaller part of it began."""
    begins_with = before
    for num_lines in (*(() if before else (WINDOW,)), *WIDER):
        with _reading(api.logs(database, num_lines)) as records:
            first = next(records, None)
            if first is None:
                return
            # Where a larger part begins with the same record, the log has no more.
            if num_lines is None or first == begins_with or position.is_reached_by(first):
                for record in chain((first,), records):
                    if record == before:
                        return
                    if position.is_new(record):
                        yield record
                return
        begins_with = first


def _reading(records: Iterator[LogRecord]) -> closing[Generator[LogRecord, None, None]]:
    """Ends the request when what it gives is not read to its end."""
    return closing(cast("Generator[LogRecord, None, None]", records))
