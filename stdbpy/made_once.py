"""Things of which a process has one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import TypeVar

T = TypeVar("T")


def made_once(make: Callable[[], T]) -> Callable[[], T]:
    """``make`` is called by whoever asks first, and everybody gets what it gave.

    :func:`functools.cache` lets two threads that ask first together make one each, and go on with both.
    """
    making = RLock()
    made: list[T] = []

    @wraps(make)
    def get() -> T:
        if not made:
            with making:
                if not made:
                    made.append(make())
        return made[0]

    return get
