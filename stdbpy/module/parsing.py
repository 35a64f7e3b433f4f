"""What parses Python, on a thread beside others that do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_ATTEMPTS = 10


def undisturbed(parse: Callable[[], T]) -> T:
    """What ``parse`` gives, which may be called several times.

    CPython up to 3.11.7 and 3.12.1 counts in one place how deep all its threads are in building trees, and raises
    a ``SystemError`` when the collector let another one in meanwhile: python/cpython#106905. Tracebacks are
    parsed too, to mark what is wrong in their lines.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return parse()
        except SystemError:
            continue
    return parse()
