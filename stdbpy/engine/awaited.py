"""Results that somebody waits for at once, for a moment: a future would cost as much as a small call."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Awaited(Generic[T]):
    """What a job of a :class:`~stdbpy.engine.worker.Worker` comes to, for one who waits.

    A future makes a condition for those who may wait, and another lock for each who does. This has one lock, which
    is held until it is there.
    """

    __slots__ = ("_callbacks", "_is_running", "_result", "error")

    _result: T

    def __init__(self) -> None:
        self._is_running = Lock()
        self._is_running.acquire()
        self.error: BaseException | None = None
        """What the job has raised."""
        self._callbacks: list[Callable[[Awaited[T]], object]] = []

    # --- for who waits -----------------------------------------------------------------------

    def wait(self, seconds: float) -> bool:
        """Whether it is there by then."""
        is_there = self._is_running.acquire(timeout=seconds)
        if is_there:
            self._is_running.release()
        return is_there

    def add_done_callback(self, callback: Callable[[Awaited[T]], object]) -> None:
        """Calls ``callback`` with this when it is there: on the worker's thread, or at once. On the thread that
        waits, if one does."""
        self._callbacks.append(callback)
        if not self._is_running.locked():
            self._tell()

    def result(self) -> T:
        """It, once it is there. Raises what the job raised."""
        if self.error is not None:
            raise self.error
        return self._result

    # --- for the worker ----------------------------------------------------------------------

    def set_running_or_notify_cancel(self) -> bool:
        """Whether it is still wanted, as the worker asks of futures."""
        return True

    def set_result(self, result: T) -> None:
        self._result = result
        self._is_running.release()
        if self._callbacks:
            self._tell()

    def set_exception(self, error: BaseException) -> None:
        self.error = error
        self._is_running.release()
        if self._callbacks:
            self._tell()

    def _tell(self) -> None:
        # Both threads may come here with the same callbacks: one of them gets each.
        while self._callbacks:
            try:
                callback = self._callbacks.pop(0)
            except IndexError:
                return
            callback(self)
