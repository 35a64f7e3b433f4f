"""Where the events of clients wait until they are sent.

The database's thread puts them there and must never wait for a client. So what waits is bounded: a
client that does not read is dropped, and nobody else notices.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from stdbpy.engine.subscriptions.changes import QueryRows
from stdbpy.engine.subscriptions.events import (
    BatchSubscribed,
    CallEnded,
    Ended,
    Event,
    QueryAnswered,
    Subscribed,
    Unsubscribed,
    Updated,
)
from stdbpy.server.doorbell import Doorbell

MOST_EVENTS = 16 * 1024
"""As on the real server. A client with more of them waiting, or more bytes or rows, is cut off when the next
event comes: nobody is for a single one, however large."""

MOST_BYTES = 256 * 1024 * 1024
"""Of rows that others' transactions brought."""

MOST_ROWS = 32 * 1024 * 1024
"""Rows that the client asks for itself are not counted in bytes: the database has them as well, so that they take
little memory, but it can be asked for them again and again."""

log = logging.getLogger("stdbpy.server")


class ClientMailbox:
    """The events of one client. ``cut_off`` ends its connection at once: it is called, on the event loop's
    thread, when more has come than the client reads."""

    def __init__(self, doorbell: Doorbell, cut_off: Callable[[], None]) -> None:
        self._doorbell = doorbell
        self._cut_off = cut_off
        self._events: deque[tuple[Event, _Amount]] = deque()
        """Each with what has come by then."""
        self._waiting: asyncio.Future[None] | None = None
        """Done when there is something again."""
        self._is_noticed = False
        """Whether the bell has been rung since somebody looked for events."""
        self.is_overfull = False
        """Whether more has come than the client reads."""
        # Each of these is written by one thread, and none changes once it is there: that needs no lock.
        self._came = self._taken = self._gone = _Amount(0, 0, 0)

    def put(self, event: Event) -> None:
        """From the database's thread."""
        if self.is_overfull:
            return
        if self._came.exceeds(self._gone):
            self.is_overfull = True
            self._events.clear()
        else:
            self._came = self._came.and_of(event)
            self._events.append((event, self._came))
            if self._is_noticed:
                return
        self._is_noticed = True
        self._doorbell.ring(self.wake)

    def wake(self) -> None:
        """Looks at what has come."""
        if self.is_overfull:
            log.warning("A client was cut off that did not read what it was sent")
            self._cut_off()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def take(self) -> tuple[list[Event], int]:
        """The next events, as soon as there may be some, and how many rows they bring. Those before have been
        sent. The end of the client is the last one, whatever has come behind it."""
        self._gone = self._taken
        # Before looking: whoever comes later rings again.
        self._is_noticed = False
        if not self._events:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        taken: list[Event] = []
        with suppress(IndexError):
            while True:
                event, self._taken = self._events.popleft()
                taken.append(event)
                if isinstance(event, Ended):
                    break
        return taken, self._taken.rows - self._gone.rows


class _Amount(NamedTuple):
    """How much has passed."""

    events: int
    bytes: int
    """Of rows that others' transactions brought."""
    rows: int

    def and_of(self, event: Event) -> _Amount:
        """What it is with another event."""
        size = rows = 0
        match event:
            case CallEnded(updates=updates):
                rows = sum([changes.count for _, changes in updates])
            case Updated(updates=updates):
                rows = sum([changes.count for _, changes in updates])
                size = sum([changes.size for _, changes in updates])
            case Subscribed(rows=found) | Unsubscribed(rows=list() as found) | BatchSubscribed(rows=found):
                rows = sum([len(each.rows) for each in found])
            case QueryAnswered(rows=QueryRows() as answer):
                rows = len(answer.rows)
        return _Amount(self.events + 1, self.bytes + size, self.rows + rows)

    def exceeds(self, other: _Amount) -> bool:
        """Whether by more than may wait."""
        return (
            self.events - other.events > MOST_EVENTS
            or self.bytes - other.bytes > MOST_BYTES
            or self.rows - other.rows > MOST_ROWS
        )
