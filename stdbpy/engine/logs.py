"""The log of a database: JSON lines, as the real server writes them.

A line has ``level`` (``Error``, ``Warn``, ``Info``, ``Debug``, ``Trace``, ``Panic``), ``ts``
(microseconds), ``target``, ``filename``, ``line_number``, ``function`` (what was being called) and
``message``, each left out if there is none; ``Panic`` also has ``trace``. What the database itself
says has ``__spacetimedb__`` for target, file and function.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import BinaryIO

from stdbpy.module.host import LogLevel
from stdbpy.sats.values import Timestamp

SYSTEM = "__spacetimedb__"

MEMORY_BYTES = 16 << 20
"""How much is kept of a log that is on no disk."""

DISK_BYTES = 256 << 20
"""How much is kept on disk: the oldest files go first, but never the current one."""

FILE_BYTES = 32 << 20
"""A day's file that is longer than this becomes a numbered part of the day, and a new one begins."""

_READ_BYTES = 64 << 10
_FILE_NAME = re.compile(r"\d{4}-\d{2}-\d{2}(\.\d{6})?\.log")
"""In the order of their names, the parts of a day stand before its current file."""
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_LEVELS = {level: level.name.capitalize() for level in LogLevel}

Listener = Callable[[str], None]
"""Told of each new line, without its end. Called on the thread that logs: it must not block or raise."""


class LogStore:
    """The log of one database; lines may be written and read by any thread.

    With a ``folder`` there are one or more files for each day (UTC) in it; without, only the last
    lines are kept, in memory.
    """

    def __init__(self, folder: Path | None = None, *, clock: Callable[[], Timestamp] = Timestamp.now) -> None:
        self._clock = clock
        self._lines: _LinesInMemory | _LinesOnDisk = _LinesInMemory() if folder is None else _LinesOnDisk(folder)
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
        trace: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Adds a line. ``trace`` is for panics: where the code was, each a module and a function."""
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
            record["trace"] = [{"module_name": module, "func_name": name} for module, name in trace]
        line = _to_json(record)
        with self._lock:
            self._lines.append(line, now)
            for listener in self._listeners:
                listener(line)

    def system(self, message: str, *, level: LogLevel = LogLevel.INFO, function: str = SYSTEM) -> None:
        """Adds a line of the database itself."""
        self.write(level, message, target=SYSTEM, filename=SYSTEM, function=function)

    # --- reading -----------------------------------------------------------------------------

    def tail(self, count: int | None = None) -> list[str]:
        """The last lines, oldest first, without line ends: ``count`` of them, or all that are kept of
        the current day."""
        with self._lock:
            return self._lines.tail(count)

    @contextmanager
    def follow(self, count: int | None = 0) -> Iterator[Iterator[str]]:
        """The last ``count`` lines and then each new one, without a gap, for as long as the caller
        takes them from the iterator, which waits. Leaving the context ends it."""
        lines: SimpleQueue[str | None] = SimpleQueue()
        stop = self.listen(lines.put, count)
        try:
            yield iter(lines.get, None)
        finally:
            stop()
            lines.put(None)

    def listen(self, listener: Listener, count: int | None = 0) -> Callable[[], None]:
        """Gives ``listener`` the last ``count`` lines and then each new one, without a gap, until the
        function that is returned is called."""
        with self._lock:
            for line in self._lines.tail(count):
                listener(line)
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock, suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    def close(self) -> None:
        with self._lock:
            self._lines.close()


class _LinesInMemory:
    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._bytes = 0

    def append(self, line: str, _now: Timestamp) -> None:
        self._lines.append(line)
        self._bytes += len(line)
        while self._bytes > MEMORY_BYTES and len(self._lines) > 1:
            self._bytes -= len(self._lines.popleft())

    def tail(self, count: int | None) -> list[str]:
        start = 0 if count is None else max(0, len(self._lines) - count)
        return [self._lines[position] for position in range(start, len(self._lines))]

    def close(self) -> None:
        pass


class _LinesOnDisk:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day = ""
        self._file: BinaryIO | None = None
        self._size = 0

    def append(self, line: str, now: Timestamp) -> None:
        day = datetime.fromtimestamp(int(now) / 1_000_000, UTC).date().isoformat()
        # A log that cannot be written (a full disk) must not stop the database.
        with suppress(OSError):
            if self._file is None or day > self._day:
                self._open(day)
            elif self._size >= FILE_BYTES:
                self._open(self._day, part=True)
            assert self._file is not None
            self._size += self._file.write(line.encode(errors="replace") + b"\n")

    def _open(self, day: str, *, part: bool = False) -> None:
        """Goes on with the day's file; or, if it is to become a ``part``, with a new one."""
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._day = day
        path = self._folder / f"{day}.log"
        if part:
            path.rename(self._folder / f"{day}.{self._last_part(day) + 1:06}.log")
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()
        *older, _ = self._files()
        room = DISK_BYTES
        for file in reversed(older):
            room -= file.stat().st_size
            if room < 0:
                file.unlink(missing_ok=True)

    def _last_part(self, day: str) -> int:
        parts = [file.name.split(".") for file in self._files() if file.name.startswith(f"{day}.")]
        return max((int(name[1]) for name in parts if len(name) == 3), default=0)

    def _files(self) -> list[Path]:
        """Those of all days and parts of days, the oldest first."""
        if not self._folder.is_dir():
            return []
        return sorted(file for file in self._folder.iterdir() if _FILE_NAME.fullmatch(file.name))

    def tail(self, count: int | None) -> list[str]:
        files = self._files()
        lines: list[bytes] = []
        for path in reversed(files):
            if path.name[:10] != files[-1].name[:10] or (count is not None and len(lines) >= count):
                break
            with path.open("rb") as file:
                older = (file.read() if count is None else _end_of(file, count - len(lines))).splitlines()
            lines = older + lines if count is None else older[len(lines) - count :] + lines
        return [line.decode(errors="replace") for line in lines]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _end_of(file: BinaryIO, lines: int) -> bytes:
    """The end of a file, from the start of a line, with at least so many lines if it has them."""
    position = file.seek(0, 2)
    blocks: list[bytes] = []
    found = 0
    while position > 0 and found <= lines:
        step = min(_READ_BYTES, position)
        position -= step
        file.seek(position)
        blocks.append(file.read(step))
        found += blocks[-1].count(b"\n")
    end = b"".join(reversed(blocks))
    return end if position == 0 else end.partition(b"\n")[2]
