"""Long calls of C code that Ctrl-C ends.

Python answers signals on the main thread alone, between two of its instructions. While C code runs there, that is
where it calls back into Python: such an interruption is dropped with a note, because C knows no exceptions. So the
main thread only waits, and another one makes the call.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from threading import Thread, current_thread, main_thread
from typing import TypeVar

_LOOK_AGAIN = 0.2
"""Seconds after which the main thread looks whether there was a signal: not everywhere does one wake it."""

T = TypeVar("T")


def interruptible(work: Callable[[], T], stop: Callable[[], object]) -> T:
    """What ``work`` returns or raises. If the main thread, waiting for it, is interrupted, ``stop``, which
    may be called several times, makes ``work`` end soon, and what has interrupted it is raised once it has ended."""
    if current_thread() is not main_thread():
        return work()
    outcome = Future[T]()
    try:
        Thread(target=_run, args=(work, outcome), name="stdbpy-interruptible", daemon=True).start()
        while not outcome.done():
            wait([outcome], _LOOK_AGAIN)
    except BaseException:
        if not outcome.cancel():
            _end(outcome, stop)
        raise
    return outcome.result()


def _run(work: Callable[[], T], outcome: Future[T]) -> None:
    if not outcome.set_running_or_notify_cancel():
        return
    try:
        outcome.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised where the outcome is taken
        outcome.set_exception(error)


def _end(outcome: Future[T], stop: Callable[[], object]) -> None:
    while not outcome.done():
        with suppress(BaseException):  # further interruptions: it is ending already
            stop()
            wait([outcome], _LOOK_AGAIN)
