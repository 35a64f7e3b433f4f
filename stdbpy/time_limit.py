"""Stops Python code that computes for too long.

Python lets a thread raise an exception in another one, wherever that is. In the midst of stdbpy or of the standard
library it would leave tables half changed and locks locked. So it is raised only while the innermost frame of the
thread is the module's own code: such code may raise anything anywhere. What calls C and does not come back, or hides
in a library for ever, cannot be stopped so.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import compress, starmap
from math import ceil
from operator import is_, itemgetter
from threading import Thread, get_ident
from time import sleep
from types import FrameType
from typing import TypeVar, TypeVarTuple

from stdbpy.debugging import frames_of, is_debugged, is_inspected
from stdbpy.errors import CallStopped, seconds
from stdbpy.made_once import made_once

BETWEEN = 0.25
"""Seconds between two looks at the calls that run."""

_ATTEMPTS = 50
"""How often in one look it is tried to meet a module in code of its own: most of the time its thread may be at work
for it in stdbpy."""

_BETWEEN_ATTEMPTS = 0.001

T = TypeVar("T")
Args = TypeVarTuple("Args")

log = logging.getLogger("stdbpy.engine")


class OutOfTimeError(BaseException):
    """Is raised in code that is to stop. What catches it, which ``except Exception`` does not, is stopped again."""


class TimeLimit:
    """That of the functions of one module, which are called one after the other."""

    __slots__ = ("_begun", "_files", "_hits", "_seconds", "_thread")

    def __init__(self, seconds: float, files: Collection[str]) -> None:
        """``files`` are those of the module, as tracebacks call them."""
        self._seconds = seconds
        self._files = files
        self._begun = 0
        """Counts the times from which on a call is measured."""
        self._thread: int | None = None
        """Where the call runs."""
        self._hits: set[int] = set()
        """Has something in it if the call was stopped."""
        _watch()

    def run(self, name: str, function: Callable[[*Args], T], *args: *Args) -> T:
        """Calls ``function``, which calls the module. Raises ``CallStopped`` if that took too long, however it has
        ended then; the cause is what it has raised."""
        self._thread = get_ident()
        self._begun += 1
        _running.add(self)
        try:
            return function(*args)
        finally:
            # No instruction between the two ``try`` lets in what was raised for this thread and has not come yet.
            if self._hits:
                try:  # noqa: SIM105 - to make a ``suppress`` would let it in
                    _take_back()
                except OutOfTimeError:
                    pass  # nothing more is raised, as the module's code has ended
                _running.discard(self)
                self._hits.clear()
                raise CallStopped(
                    f"{name} was stopped: it ran for more than {seconds(self._seconds)}"
                ) from sys.exception()
            _running.discard(self)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While the module waits for something: time begins to count again behind it."""
        _running.discard(self)
        try:
            yield
        finally:
            self._begun += 1
            _running.add(self)

    # --- on the thread that watches ------------------------------------------------------------

    @property
    def begun(self) -> int:
        return self._begun

    def is_over_after(self, looks: int) -> bool:
        return looks > ceil(self._seconds / BETWEEN)

    def is_inspected(self) -> bool:
        return is_inspected(frames_of(self._thread))

    def stop(self, begun: int) -> None:
        """Tries to stop the call that runs since then."""
        if not _HAS_GIL():
            return
        for _ in range(_ATTEMPTS):
            frame = next(frames_of(self._thread), None)
            if self._begun != begun or self not in _running:
                return
            if frame is not None and frame.f_code.co_filename in self._files and self._raise_in(frame):
                return
            del frame  # with all that its variables hold
            sleep(_BETWEEN_ATTEMPTS)

    def _raise_in(self, frame: FrameType) -> bool:
        """Raises the error if the thread is in ``frame`` still, and in nothing that was called from there; whether it
        is. As long as it is there, its call has not ended.

        To look and to raise has to be one step. While ``list`` does all of it, only functions in C call each other,
        and Python gives no other thread a turn before it returns; code of objects that are collected could.
        """
        thread = self._thread
        innermost = map(itemgetter(thread), starmap(sys._current_frames, [()]))  # noqa: SLF001 - documented
        if_there = compress([(thread, OutOfTimeError)], map(is_, innermost, [frame]))
        raised = map(self._hits.add, starmap(_raise_function(), if_there))
        collects = gc.isenabled()
        gc.disable()
        try:
            return bool(list(raised))
        finally:
            if collects:
                gc.enable()


_HAS_GIL: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
"""Without it other threads go on at any time."""

_running: set[TimeLimit] = set()


class _Watch:
    """Looks at what runs, on a thread of its own that lasts as long as the process."""

    def __init__(self) -> None:
        self._seen: dict[TimeLimit, tuple[int, int]] = {}
        """For what runs, when that began and how many looks ago."""
        Thread(target=self._watch, name="stdbpy-python-clock", daemon=True).start()

    def _watch(self) -> None:
        while True:
            sleep(BETWEEN)
            try:
                self._look()
            except Exception:
                log.exception("Could not look for functions that run for too long")

    def _look(self) -> None:
        running = list(_running)
        if not running or is_debugged():
            self._seen = {}
            return
        before, self._seen = self._seen, {}
        for call in running:
            begun = call.begun
            began, looks = before.get(call, (begun, 0))
            looks = looks + 1 if began == begun else 1
            if call.is_over_after(looks):
                if call.is_inspected():
                    continue
                call.stop(begun)
            self._seen[call] = begun, looks


@made_once
def _watch() -> _Watch:
    return _Watch()


@cache
def _raise_function() -> Callable[[int | None, object], int]:
    """Python's ``PyThreadState_SetAsyncExc``."""
    import ctypes  # most processes never need it

    prototype = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)
    return prototype(("PyThreadState_SetAsyncExc", ctypes.pythonapi))


def _take_back() -> None:
    """Nothing that was raised for this thread comes later: raises ``OutOfTimeError`` once and for all.

    To raise nothing in its place would leave Python 3.11 looking for it at each call, in all threads, for ever; those
    that a debugger traces would not get any further.
    """
    _raise_function()(get_ident(), OutOfTimeError)
    while True:  # until it comes, which is at once
        pass
