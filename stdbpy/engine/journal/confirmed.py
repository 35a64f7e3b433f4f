"""How far a journal had come when it last said that something is durable.

SQLite reads its write-ahead log up to the first frame that is not whole: that is how the end of a
log looks after a crash, and also how one byte that the disk has changed looks, with all confirmed
transactions behind it. Whether something is missing can be told by a number in a small file beside
the journal: of the first change that was not confirmed yet.

The number is written after the change is durable and never waits for the disk, so it costs next to
nothing. After a loss of power it may be behind, but never ahead: what it says was confirmed must
be there. So a transaction that was never confirmed, whether whole or torn, is no damage; and what
got lost is not noticed only if it was confirmed in the last moments before a loss of power, or if
this file is lost as well.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from io import FileIO
from pathlib import Path
from zlib import crc32

_NUMBER = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")


class ConfirmedNumber:
    """The number in the file at ``path``, which is made when there is something to write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO | None = None

    def read(self) -> int:
        """The number; 0 if there is none, or none that can be relied on."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return 0
        number, checksum = content[: _NUMBER.size], content[_NUMBER.size :]
        if len(number) != _NUMBER.size or checksum != _CHECKSUM.pack(crc32(number)):
            return 0
        found: int = _NUMBER.unpack(number)[0]
        return found

    def write(self, number: int) -> None:
        packed = _NUMBER.pack(number)
        # Without it damage may go unnoticed: no reason to refuse what has been done.
        with suppress(OSError):
            if self._file is None:
                self._file = FileIO(self.path, "r+", opener=_made_if_needed)
            self._file.seek(0)
            self._file.write(packed + _CHECKSUM.pack(crc32(packed)))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _made_if_needed(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o600)
