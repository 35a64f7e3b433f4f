"""Waiting for what happens elsewhere, in tests of clients over a websocket."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_LOOK_AGAIN = 0.005


def wait_until(condition: Callable[[], T], timeout: float = 5.0, *, what: str = "") -> T:
    """Returns what ``condition`` gives as soon as that is true (not empty, not ``None``).

    >>> wait_until(lambda: alice.message.count() == 2)

    After ``timeout`` seconds it raises ``AssertionError``, which says ``what`` was waited for (the condition's own
    code, if nothing is said) and what it gave last. A condition may also fail by ``assert``: then that error is
    the one.
    """
    __tracebackhide__ = True
    deadline = time.monotonic() + timeout
    failure: AssertionError | None = None
    while True:
        try:
            last, failure = condition(), None
        except AssertionError as error:
            last, failure = None, error
        if failure is None and last:
            return last
        if time.monotonic() > deadline:
            break
        time.sleep(_LOOK_AGAIN)
    waited = f"within {timeout:g} seconds"
    if failure is not None:
        raise AssertionError(f"it does not hold {waited}: {what or failure}") from failure
    raise AssertionError(f"{what or _source_of(condition)}: not {waited}; it gave {last!r} last")


def _source_of(condition: Callable[[], object]) -> str:
    try:
        text = " ".join(inspect.getsource(condition).split())
    except (OSError, TypeError):
        return "what was waited for"
    return text.rstrip(",")
