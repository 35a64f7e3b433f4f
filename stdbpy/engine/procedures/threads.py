"""The threads that procedures run on."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Lock, Thread

from stdbpy.errors import EngineError

MOST_WORKING = max(4, os.cpu_count() or 1)
"""Procedures of a database that compute at the same time; those that wait for a transaction, an answer or a
time do not count. On the real server they do: it runs as many as the machine has processors, unless it is
configured."""

MOST_THREADS = 64

MOST_WAITING = 4096
"""Calls that may wait for others to end."""

_IDLE_SECONDS = 5.0
"""How long a thread that has nothing to do waits for something."""


class Threads:
    """Those of one database. They come when there is something to do and go when there is not; a process does
    not wait for them when it ends."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = Lock()
        self._work_came = Condition(self._lock)
        self._work_ended = Condition(self._lock)
        self._jobs: deque[Callable[[], None]] = deque()
        self._count = self._idle = self._blocked = 0
        self._has_ended = False

    def run(self, job: Callable[[], None]) -> None:
        """Does ``job``, which does not raise, when there is a thread for it. Raises ``EngineError`` if too many
        wait already, and if there is no thread and none can be had."""
        with self._lock:
            if len(self._jobs) >= MOST_WAITING:
                raise EngineError(f"{MOST_WAITING} procedures wait already for others to end", hint="Try again later.")
            self._jobs.append(job)
            self._call_for_help()
            if not self._count:
                self._jobs.pop()
                raise EngineError("The machine has no thread left for a procedure", hint="Try again later.")

    @contextmanager
    def blocked(self) -> Iterator[None]:
        """While a job waits for something else, others may run in its place."""
        with self._lock:
            self._blocked += 1
            self._call_for_help()
        try:
            yield
        finally:
            with self._lock:
                self._blocked -= 1

    def wait_until_idle(self, patience: float) -> bool:
        """Returns when nothing is being done, or after so many seconds; whether nothing is."""
        with self._lock:
            return self._work_ended.wait_for(lambda: self._count == self._idle and not self._jobs, patience)

    def close(self) -> None:
        """Threads go as soon as they have nothing to do."""
        with self._lock:
            self._has_ended = True
            self._work_came.notify_all()

    def _call_for_help(self) -> None:
        if not self._jobs:
            return
        if self._idle:
            self._work_came.notify()
        elif self._count - self._blocked < MOST_WORKING and self._count < MOST_THREADS:
            with suppress(RuntimeError):  # the machine has no more: those that there are will do it
                Thread(target=self._work, name=self._name, daemon=True).start()
                self._count += 1

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            job()

    def _next_job(self) -> Callable[[], None] | None:
        with self._lock:
            self._idle += 1
            self._work_ended.notify_all()
            self._work_came.wait_for(lambda: self._jobs or self._has_ended, _IDLE_SECONDS)
            self._idle -= 1
            if not self._jobs or self._count - self._blocked > MOST_WORKING:
                self._count -= 1
                self._call_for_help()
                self._work_ended.notify_all()
                return None
            job = self._jobs.popleft()
            self._call_for_help()
            return job
