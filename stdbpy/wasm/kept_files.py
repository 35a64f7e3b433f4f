"""What takes long to make is kept in files: each is the hash of its content, and the content.

They only save time. Those that have not been used for longest go when there are too many of them. A file that is not
as it was written is made again, and a full disk is no reason not to go on.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stdbpy.replacing import SECRET, replace_file

MOST_FILES = 24

_SUFFIX = ".kept"
_HASH_SIZE = 32

log = logging.getLogger("stdbpy.wasm")


class KeptFiles:
    """``folder`` is made when there is something to keep; without one nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._has_warned = False

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """What ``make`` gave when it was first asked for. ``name`` says everything that it depends on."""
        content = self.find(name)
        if content is None:
            content = make()
            self.keep(name, content)
        return content

    def find(self, name: str) -> bytes | None:
        if self._folder is None:
            return None
        file = self._file(self._folder, name)
        try:
            written = file.read_bytes()
        except OSError:
            return None
        with suppress(OSError):  # of others, or on a disk that is only read
            os.utime(file)  # it was used
        content = written[_HASH_SIZE:]
        return content if _hash(content) == written[:_HASH_SIZE] else None

    def keep(self, name: str, content: bytes) -> None:
        if self._folder is None:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = _hash(content) + content
            replace_file(self._file(self._folder, name), written, mode=SECRET, is_kept=False)
        except OSError as error:
            if not self._has_warned:
                log.warning("What was made cannot be kept in %s: %s", self._folder, error)
            self._has_warned = True
            return
        # Of builds that were killed there are drafts, whose names go on after that.
        files = sorted(self._folder.glob(f"*{_SUFFIX}*"), key=_last_used)
        for old in files[:-MOST_FILES]:
            with suppress(OSError):
                old.unlink()

    @staticmethod
    def _file(folder: Path, name: str) -> Path:
        return folder / f"{name}{_SUFFIX}"


def _hash(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_HASH_SIZE).digest()


def _last_used(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # another process has removed it
        return 0.0
