"""Ctrl-C in the thread of a game loop, which must not leave a message half applied."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class DeferredInterrupts:
    """Within the block, Ctrl-C takes effect at once where :attr:`is_welcome` says so, else at the end.

    Only the main thread is ever interrupted, and only by a handler that Python calls: otherwise the block is
    as any other.
    """

    __slots__ = ("_handler", "_is_due", "is_welcome")

    def __init__(self) -> None:
        self.is_welcome = False
        """Whether what runs now is the user's own, or waits."""
        self._is_due = False
        self._handler: Callable[[int, FrameType | None], Any] | None = None

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):
            self._handler = handler
            signal.signal(signal.SIGINT, self._came)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        handler, self._handler = self._handler, None
        if handler is None:
            return
        if signal.getsignal(signal.SIGINT) == self._came:  # else user code has set another one, which stays
            signal.signal(signal.SIGINT, handler)
        if self._is_due:
            self._is_due = False
            handler(signal.SIGINT, None)

    def take_effect(self) -> None:
        """Lets one that was put off take effect here."""
        if self._is_due and self._handler is not None:
            self._is_due = False
            self._handler(signal.SIGINT, None)

    def _came(self, number: int, frame: FrameType | None) -> None:
        if self.is_welcome and self._handler is not None:
            self._handler(number, frame)
        else:
            self._is_due = True
