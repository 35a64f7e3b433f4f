"""What arrived for a synchronous connection and was not taken in yet."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from stdbpy.client.link import Arrival

FULL = 64 << 20
"""Bytes of messages from which on no more are read from the network until some have been taken."""


class Inbox:
    """A queue from the thread of sockets to the one that applies messages. ``None`` among the arrivals is
    but a reason to look.

    It is not unbounded: whenever :attr:`is_full` has changed, ``full_or_not`` is called, in the thread that put
    or took.
    """

    def __init__(self, full_or_not: Callable[[], object], limit: int = FULL) -> None:
        self._full_or_not = full_or_not
        self._limit = limit
        self._arrivals: deque[Arrival | None] = deque()
        self._guard = threading.Lock()
        self._size = 0
        self.is_full = False
        """More than ``limit`` bytes wait."""
        self._something = threading.Lock()
        """Free if something may be there; a semaphore that counts to one."""
        self._something.acquire()

    def __len__(self) -> int:
        return len(self._arrivals)

    def put(self, arrival: Arrival | None) -> None:
        self._arrivals.append(arrival)
        if type(arrival) is bytes or type(arrival) is str:
            self._count(len(arrival))
        self.look()

    def look(self) -> None:
        """Wakes who waits, whether or not there is something."""
        if self._something.locked():
            with suppress(RuntimeError):  # somebody else was quicker
                self._something.release()

    def take(self) -> Arrival | None:
        """The next one; ``None`` too if there is none."""
        try:
            arrival = self._arrivals.popleft()
        except IndexError:
            return None
        if type(arrival) is bytes or type(arrival) is str:
            self._count(-len(arrival))
        return arrival

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until something may be there; ``False`` after ``timeout`` seconds."""
        return bool(self._arrivals) or self._something.acquire(timeout=-1 if timeout is None else timeout)

    def _count(self, size: int) -> None:
        with self._guard:
            self._size += size
            is_full = self._size > self._limit
            if is_full == self.is_full:
                return
            self.is_full = is_full
        self._full_or_not()
