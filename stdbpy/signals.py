"""Signals that a part of the program answers in a way of its own, for a while."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def answering(
    *names: str, with_: Callable[[int, FrameType | None], Any] | signal.Handlers, even_if_ignored: bool = False
) -> Iterator[None]:
    """Has ``with_`` answer the signals of these names (``SIGTERM``) that the system knows, until the block is left.
    It is for the main thread.

    Signals that are ignored stay so, which ``nohup`` and shells ask for, unless ``even_if_ignored``.
    """
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {
        number: signal.signal(number, with_)
        for number in numbers
        if even_if_ignored or signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
