"""The log of a database: JSON lines, as the real server writes them.

A line has ``level`` (``Error``, ``Warn``, ``Info``, ``Debug``, ``Trace``, ``Panic``), ``ts``
(microseconds), ``target``, ``filename``, ``line_number``, ``function`` (what was being called) and
``message``, each left out if there is none; ``Panic`` also has ``trace``. What the database itself
says has ``__spacetimedb__`` for target, file and function.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

from stdbpy.engine.log_files import KeptLog, LogFiles
from stdbpy.module.host import LogLevel
from stdbpy.sats.values import Timestamp

SYSTEM = "__spacetimedb__"

MEMORY_BYTES = 16 << 20
"""How much is kept of a log that is on no disk."""

_PIECE_LINES = 256

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_LEVELS = {level: level.name.capitalize() for level in LogLevel}

Frame = tuple[str | None, str | None]
"""A module and a function, as far as they are known."""

Listener = Callable[[str], None]
"""Told of each new line, without its end. Called on the thread that logs: it must not block or raise."""


class LogStore:
    """The log of one database; lines may be written and read by any thread.

    With a ``folder`` there are one or more files for each day (UTC) in it; without, only the last
    lines are kept, in memory.
    """

    def __init__(self, folder: Path | None = None, *, clock: Callable[[], Timestamp] = Timestamp.now) -> None:
        self._clock = clock
        self._lines: _LinesInMemory | LogFiles = _LinesInMemory() if folder is None else LogFiles(folder)
        self._listeners: list[Listener] = []
        self._lock = Lock()

    # --- writing -----------------------------------------------------------------------------

    def write(
        self,
        level: LogLevel,
        message: str,
        *,
        target: str | None = None,
        filename: str | None = None,
        line_number: int | None = None,
        function: str | None = None,
        trace: Sequence[Frame] = (),
    ) -> None:
        """Adds a line. ``trace`` is for panics: where the code was."""
        now = self._clock()
        record: dict[str, object] = {"level": _LEVELS.get(level, "Debug"), "ts": int(now)}
        if target is not None:
            record["target"] = target
        if filename is not None:
            record["filename"] = filename
        if line_number is not None:
            record["line_number"] = line_number
        if function is not None:
            record["function"] = function
        record["message"] = message
        if level is LogLevel.PANIC:
            record["trace"] = [_frame(module, function) for module, function in trace]
        line = _to_json(record)
        with self._lock:
            self._lines.append(line, now)
            for listener in self._listeners:
                listener(line)

    def system(self, message: str, *, level: LogLevel = LogLevel.INFO, function: str = SYSTEM) -> None:
        """Adds a line of the database itself."""
        self.write(level, message, target=SYSTEM, filename=SYSTEM, function=function)

    # --- reading -----------------------------------------------------------------------------

    def read(self, count: int | None = None) -> KeptLog:
        """The last ``count`` lines, or all that are kept of the current day, to be read piece by piece."""
        with self._lock:
            return self._lines.read(count)

    def tail(self, count: int | None = None) -> list[str]:
        """The same lines at once, oldest first, without line ends."""
        return self.read(count).lines()

    def listen(self, listener: Listener, count: int = 0) -> tuple[KeptLog, Callable[[], None]]:
        """Gives ``listener`` each new line until the function that is returned is called. What is
        returned with it are the last ``count`` lines; there is no gap between them and the new ones."""
        with self._lock:
            kept = self._lines.read(count)
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock, suppress(ValueError):
                self._listeners.remove(listener)

        return kept, stop

    @contextmanager
    def follow(self, count: int = 0) -> Iterator[Iterator[str]]:
        """The last ``count`` lines and then each new one, without a gap, for as long as the caller
        takes them from the iterator, which waits. Leaving the context ends it."""
        lines: SimpleQueue[str | None] = SimpleQueue()
        kept, stop = self.listen(lines.put, count)
        try:
            yield chain(kept.lines(), iter(lines.get, None))
        finally:
            stop()
            lines.put(None)

    def close(self) -> None:
        with self._lock:
            self._lines.close()


def _frame(module: str | None, function: str | None) -> dict[str, str]:
    names = {"module_name": module, "func_name": function}
    return {what: name for what, name in names.items() if name is not None}


class _LinesInMemory:
    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._bytes = 0

    def append(self, line: str, _now: Timestamp) -> None:
        self._lines.append(line)
        self._bytes += len(line)
        while self._bytes > MEMORY_BYTES and len(self._lines) > 1:
            self._bytes -= len(self._lines.popleft())

    def read(self, count: int | None) -> KeptLog:
        lines = list(self._lines)
        if count is not None:
            lines = lines[max(0, len(lines) - count) :]
        return KeptLog(_pieces(lines))

    def close(self) -> None:
        pass


def _pieces(lines: Sequence[str]) -> Iterator[bytes]:
    for first in range(0, len(lines), _PIECE_LINES):
        yield "".join(f"{line}\n" for line in lines[first : first + _PIECE_LINES]).encode(errors="replace")
