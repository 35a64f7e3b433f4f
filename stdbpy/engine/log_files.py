"""The lines of a log on disk: a file for each day (UTC), in parts if a day says much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple

from stdbpy.sats.values import Timestamp

DISK_BYTES = 256 << 20
"""How much is kept on disk: the oldest files go first, but never the current one."""

FILE_BYTES = 32 << 20
"""A day's file that is longer than this becomes a numbered part of the day, and a new one begins."""

PIECE_BYTES = 64 << 10

_FILE_NAME = re.compile(r"\d{4}-\d{2}-\d{2}(\.\d{6})?\.log")
"""In the order of their names, the parts of a day stand before its current file."""

_DAY = slice(0, len("2026-01-02"))


class KeptLog:
    """What was kept of a log at one moment, in pieces (bytes of UTF-8, lines with their ends; where a
    piece ends means nothing). It is read while it is iterated over, by any thread, and to be closed."""

    def __init__(self, pieces: Iterator[bytes], files: ExitStack | None = None) -> None:
        self._pieces = pieces
        self._files = files or ExitStack()
        self._lock = Lock()

    def __iter__(self) -> KeptLog:
        return self

    def __next__(self) -> bytes:
        with self._lock:
            return next(self._pieces)

    def lines(self) -> list[str]:
        """All that is left of it, without line ends. Closes it."""
        try:
            return [line.decode(errors="replace") for line in b"".join(self).splitlines()]
        finally:
            self.close()

    def close(self) -> None:
        """Waits for a thread that reads a piece: what it reads from must not become another file."""
        with self._lock:
            self._pieces = iter(())
            self._files.close()


class LogFiles:
    """One writer and any number of readers, who take turns: nothing here is called at the same time.
    What :meth:`read` returns needs no turn."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day = ""
        self._file: BinaryIO | None = None
        self._size = 0

    # --- writing -----------------------------------------------------------------------------

    def append(self, line: str, now: Timestamp) -> None:
        day = datetime.fromtimestamp(int(now) / 1_000_000, UTC).date().isoformat()
        data = line.encode(errors="replace") + b"\n"
        # A log that cannot be written (a full disk) must not stop the database.
        with suppress(OSError):
            if self._file is None or day > self._day:
                self._open(day)
            elif self._size >= FILE_BYTES:
                self._open(self._day, part=True)
            assert self._file is not None
            if self._file.write(data) == len(data):
                self._size += len(data)
            else:
                self._file.truncate(self._size)

    def _open(self, day: str, *, part: bool = False) -> None:
        """Goes on with the day's file, or with a later one if the clock has gone back; if that file is to
        become a ``part``, with a new one."""
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._day = max([day, *(file.name[_DAY] for file in self._files())])
        path = self._folder / f"{self._day}.log"
        if part:
            with suppress(PermissionError):  # Windows, while somebody reads it
                path.rename(self._folder / f"{self._day}.{self._last_part(self._day) + 1:06}.log")
        self._file = path.open("a+b", buffering=0)
        # The process may have died in the middle of a line.
        _, self._size = _start_of_lines([_Part(self._file, self._file.seek(0, 2))], 0)
        self._file.truncate(self._size)
        *older, _ = self._files()
        room = DISK_BYTES
        for file in reversed(older):
            room -= file.stat().st_size
            if room < 0:
                file.unlink(missing_ok=True)

    def _last_part(self, day: str) -> int:
        parts = [file.name.split(".") for file in self._files() if file.name.startswith(f"{day}.")]
        return max((int(name[1]) for name in parts if len(name) == 3), default=0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    # --- reading -----------------------------------------------------------------------------

    def read(self, count: int | None) -> KeptLog:
        """The last lines of the current day."""
        paths = self._files()
        with ExitStack() as opening:
            of_the_day = [path for path in paths if path.name[_DAY] == paths[-1].name[_DAY]]
            files = [opening.enter_context(path.open("rb")) for path in of_the_day]
            parts = [_Part(file, file.seek(0, 2)) for file in files]
            return KeptLog(_pieces(parts, count), opening.pop_all())

    def _files(self) -> list[Path]:
        """Those of all days and parts of days, the oldest first."""
        if not self._folder.is_dir():
            return []
        return sorted(file for file in self._folder.iterdir() if _FILE_NAME.fullmatch(file.name))


class _Part(NamedTuple):
    file: BinaryIO
    size: int
    """What is behind it was written later."""


def _pieces(parts: list[_Part], count: int | None) -> Iterator[bytes]:
    first, position = (0, 0) if count is None else _start_of_lines(parts, count)
    for file, size in parts[first:]:
        file.seek(position)
        while position < size and (piece := file.read(min(PIECE_BYTES, size - position))):
            position += len(piece)
            yield piece
        position = 0


def _start_of_lines(parts: list[_Part], count: int) -> tuple[int, int]:
    """In which part, and where in it, the last ``count`` lines begin; the start of all if there are
    fewer. A line has an end, which is none of the next line's."""
    for number in reversed(range(len(parts))):
        file, position = parts[number]
        while position > 0:
            step = min(PIECE_BYTES, position)
            position -= step
            file.seek(position)
            block = file.read(step)
            ends = block.count(b"\n")
            if ends > count:
                end = len(block)
                for _ in range(count + 1):
                    end = block.rindex(b"\n", 0, end)
                return number, position + end + 1
            count -= ends
    return 0, 0
