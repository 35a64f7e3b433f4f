"""The threads that procedures run on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread

from stdbpy.errors import EngineError

MOST_AT_ONCE = 16
"""Procedures of a database that run at the same time; the real server's are as many as the machine has
processors, unless it is configured. More wait for their turn."""

MOST_WAITING = 4096


class Threads:
    """Those of one database. They come when there is something to do and go when there is not; a process does
    not wait for them when it ends."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._condition = Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        self._count = 0

    def run(self, job: Callable[[], None]) -> None:
        """Does ``job``, which does not raise, when there is a thread for it. Raises ``EngineError`` if too many
        wait already."""
        with self._condition:
            if len(self._waiting) >= MOST_WAITING:
                raise EngineError(f"{MOST_WAITING} procedures wait already for others to end", hint="Try again later.")
            self._waiting.append(job)
            if self._count == MOST_AT_ONCE:
                return
            self._count += 1
        Thread(target=self._work, name=self._name, daemon=True).start()

    def wait_until_idle(self, patience: float) -> bool:
        """Returns when nothing is being done, or after so many seconds; whether nothing is."""
        with self._condition:
            return self._condition.wait_for(lambda: self._count == 0, patience)

    def _work(self) -> None:
        while True:
            with self._condition:
                if not self._waiting:
                    self._count -= 1
                    self._condition.notify_all()
                    return
                job = self._waiting.popleft()
            job()
