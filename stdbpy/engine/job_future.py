"""Futures of which thousands may wait at a time."""

from __future__ import annotations

from _thread import LockType, RLock, allocate_lock
from collections.abc import Callable
from concurrent.futures import Future
from threading import Condition
from typing import TypeVar, cast

T = TypeVar("T")


class JobFuture(Future[T]):
    """What a job of a :class:`~stdbpy.engine.worker.Worker` comes to.

    Any other future makes a condition, which costs as much as a small call: eight objects, that the garbage
    collector looks at again and again as long as they wait. Here it is one.
    """

    def __init__(self) -> None:
        # In place of the base's: a test says if that sets anything else.
        self._condition = cast("Condition", _Signal())
        self._state = "PENDING"
        self._result = None
        self._exception = None
        self._waiters = []
        self._done_callbacks: list[Callable[[Future[T]], object]] = []


class _Signal(RLock):  # type: ignore[misc]  # Python lets one inherit from it, whatever its stubs say
    """What futures use of a condition: a lock, and those who wait for a signal."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: tuple[LockType, ...] = ()
        """A lock for each who waits, who tries to take it a second time."""

    def wait(self, timeout: float | None = None) -> bool:
        """Whether there was a signal in that time. The lock, which is held, is free meanwhile."""
        signalled = allocate_lock()
        signalled.acquire()
        self._waiting += (signalled,)
        self.release()
        try:
            return signalled.acquire(timeout=-1 if timeout is None else max(timeout, 0))
        finally:
            self.acquire()
            if self._waiting:  # there was no signal
                self._waiting = tuple(other for other in self._waiting if other is not signalled)

    def notify_all(self) -> None:
        """The lock is held."""
        for signalled in self._waiting:
            signalled.release()
        self._waiting = ()
