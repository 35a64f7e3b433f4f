"""Results that somebody is told of: a future would cost as much as a small call."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger("stdbpy.engine")


class Awaited(Generic[T]):
    """What a job of a :class:`~stdbpy.engine.worker.Worker` comes to, for who is told of it.

    A future has locks for those who may wait for it. Nobody can wait for this.
    """

    __slots__ = ("_callbacks", "_is_there", "_result", "error")

    _result: T

    def __init__(self) -> None:
        self.error: BaseException | None = None
        """What the job has raised."""
        self._is_there = False
        self._callbacks: list[Callable[[Awaited[T]], object]] = []

    # --- for who is told ---------------------------------------------------------------------

    def add_done_callback(self, callback: Callable[[Awaited[T]], object]) -> None:
        """Calls ``callback`` with this when it is there: on the worker's thread, or at once."""
        self._callbacks.append(callback)
        if self._is_there:
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
        self._end()

    def set_exception(self, error: BaseException) -> None:
        self.error = error
        self._end()

    def _end(self) -> None:
        # Before looking at the callbacks, as they are added before looking at this: one of the two threads sees both.
        self._is_there = True
        if self._callbacks:
            self._tell()

    def _tell(self) -> None:
        # Both threads may come here with the same callbacks: one of them gets each.
        while self._callbacks:
            try:
                callback = self._callbacks.pop(0)
            except IndexError:
                return
            try:
                callback(self)
            except Exception:
                log.exception("Somebody could not be told of what a job came to")
