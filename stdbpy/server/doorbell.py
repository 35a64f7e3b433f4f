"""Waking the event loop from the threads of databases: once for all that happens at about the same time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress

log = logging.getLogger("stdbpy.server")


class Doorbell:
    """Calls on the thread of an event loop what it is rung with, in order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._rung: deque[Callable[[], None]] = deque()
        self._is_heard = True

    def ring(self, wake: Callable[[], None]) -> None:
        """From any thread. What ``wake`` raises is logged."""
        self._rung.append(wake)
        if self._is_heard:
            self._is_heard = False
            with suppress(RuntimeError):  # the server has ended in the meantime
                self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        # Before looking: whoever comes later rings again.
        self._is_heard = True
        while self._rung:
            wake = self._rung.popleft()
            try:
                wake()
            except Exception:
                log.exception("A connection could not be told what has happened")
