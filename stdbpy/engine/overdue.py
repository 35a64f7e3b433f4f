"""Says so when a reducer runs for long: everything else of its database waits, and nobody would know for what."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from threading import Event, Thread
from time import perf_counter_ns
from types import FrameType

from stdbpy.debugging import frames_of, is_debugged, is_inspected
from stdbpy.engine.database import Database
from stdbpy.module.host import LogLevel
from stdbpy.module.tracebacks import OWN_FOLDER

LONG = 10.0
"""Seconds after which a reducer is overdue."""

_BETWEEN = 1.0
"""Seconds between two looks."""

_NOT_AUTHORS = (OWN_FOLDER, os.path.dirname(os.__file__), "<frozen ")  # noqa: PTH120 - begins of names of files

log = logging.getLogger("stdbpy.engine")


class OverdueReducers:
    """Looks at the reducers that run, from a thread of its own: they themselves know nothing of it."""

    def __init__(self, databases: Callable[[], Iterable[Database]], now: Callable[[], int] = perf_counter_ns) -> None:
        """``now`` is the clock of :attr:`Database.running_since`."""
        self._databases = databases
        self._now = now
        self._told: dict[Database, int] = {}
        """When the call began that was told of last."""
        self._has_ended = Event()
        self._thread = Thread(target=self._watch, name="stdbpy-overdue", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._has_ended.set()

    def look(self) -> None:
        """Tells of each call that is overdue, once: in the program's log, and in the database's."""
        databases = list(self._databases())
        self._told = {database: began for database, began in self._told.items() if database in databases}
        for database in databases:
            began, reducer = database.running_since, database.busy_with
            if began is None or reducer is None or self._told.get(database) == began:
                continue
            seconds = (self._now() - began) / 1e9
            if seconds < LONG or is_debugged():
                continue
            frames = list(frames_of(database.thread_id))
            if is_inspected(frames):
                continue
            if database.running_since != began:
                continue
            self._told[database] = began
            self._tell(database, reducer, seconds, _place(frames))

    def _tell(self, database: Database, reducer: str, seconds: float, place: str) -> None:
        said = f"has run for {seconds:.0f} s{place}; everything else of this database waits for it"
        name = next(iter(database.names), database.identity.hex())
        log.warning("Database %s: reducer %s %s", name, reducer, said)
        database.logs.system(f"Reducer {reducer} {said}", level=LogLevel.WARN, function=reducer)

    def _watch(self) -> None:
        while not self._has_ended.wait(_BETWEEN):
            try:
                self.look()
            except Exception:
                log.exception("Could not look for reducers that run for long")


def _place(frames: Iterable[FrameType]) -> str:
    """Where the author's code is; nothing for compiled modules."""
    for frame in frames:
        file = frame.f_code.co_filename
        if not file.startswith(_NOT_AUTHORS):
            return f" ({file}:{frame.f_lineno})"
    return ""
