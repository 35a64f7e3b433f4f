"""Where the events of clients wait until they are sent.

The database's thread puts them there and must never wait for a client. So what waits is bounded: a
client that does not read is dropped, and nobody else notices.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from stdbpy.engine.subscriptions.events import CallEnded, Ended, Event, Updated, Updates

MOST_EVENTS = 16 * 1024
"""As on the real server."""

MOST_BYTES = 256 * 1024 * 1024
"""Of rows that others' transactions brought. What the client asked for itself is not counted."""


class Doorbell:
    """Wakes the event loop once for all mailboxes that something was put into at about the same time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._filled: deque[ClientMailbox] = deque()
        self._is_rung = False

    def ring(self, mailbox: ClientMailbox) -> None:
        """From any thread."""
        self._filled.append(mailbox)
        if not self._is_rung:
            self._is_rung = True
            with suppress(RuntimeError):  # the server has ended in the meantime
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        # Before looking: whoever comes later rings again.
        self._is_rung = False
        while self._filled:
            self._filled.popleft().is_filled.set()


class ClientMailbox:
    """The events of one client."""

    def __init__(self, doorbell: Doorbell) -> None:
        self.is_filled = asyncio.Event()
        self.is_overfull = False
        """Whether more came than the client could be sent: nothing is taken any more."""
        self._doorbell = doorbell
        self._events: deque[Event] = deque()
        self._is_noticed = False
        self._bytes = 0

    def put(self, event: Event) -> None:
        """From the database's thread."""
        if self.is_overfull:
            return
        if isinstance(event, Updated | CallEnded):
            self._bytes += _size(event.updates)
        if (len(self._events) >= MOST_EVENTS or self._bytes > MOST_BYTES) and not isinstance(event, Ended):
            self.is_overfull = True
            self._events.clear()
        else:
            self._events.append(event)
        if not self._is_noticed:
            self._is_noticed = True
            self._doorbell.ring(self)

    async def take(self) -> list[Event]:
        """The next events, when there are some; none if it is overfull."""
        await self.is_filled.wait()
        self.is_filled.clear()
        self._is_noticed = False
        taken: list[Event] = []
        with suppress(IndexError):
            while True:
                taken.append(self._events.popleft())
        self._bytes = 0
        return taken


def _size(updates: Updates) -> int:
    return sum(rows.size for _, rows in updates)
