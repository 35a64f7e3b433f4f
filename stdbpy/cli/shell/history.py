"""What was typed before, kept for each database on each server in a file that only its owner can read."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

if TYPE_CHECKING:
    from stdbpy.cli.invocation import Invocation

_SECRET_FILE = 0o600
_SECRET_FOLDER = 0o700
_MOST_BYTES = 1_000_000
_UNSAFE = re.compile(r"[^\w.-]+")


def history_of(server_url: str, database: str, invocation: Invocation) -> History:
    """The history to use there. Where no file can be kept it lasts as long as the shell, and a note says so."""
    path = _folder(invocation) / f"{_UNSAFE.sub('_', server_url.partition('://')[2])}.{_UNSAFE.sub('_', database)}"
    try:
        _prepare(path)
    except OSError as error:
        invocation.note(f"What you type is not kept: {path}: {error.strerror}")
        return InMemoryHistory()
    return _KeptHistory(path, invocation.note)


class _KeptHistory(FileHistory):
    """A disk may be full later on, which is no reason to leave."""

    def __init__(self, path: Path, note: Callable[[str], None]) -> None:
        super().__init__(str(path))
        self._path = path
        self._note: Callable[[str], None] | None = note

    def load_history_strings(self) -> Iterable[str]:
        try:
            return list(super().load_history_strings())
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        try:
            super().store_string(string)
        except OSError as error:
            if self._note is not None:
                self._note(f"What you type is not kept: {self._path}: {error.strerror}")
            self._note = None


def _folder(invocation: Invocation) -> Path:
    if invocation.root_dir is not None:
        return invocation.root_dir / "stdbpy" / "history"
    from platformdirs import user_state_path

    return user_state_path("stdbpy", appauthor=False) / "history"


def _prepare(path: Path) -> None:
    """Makes the file, or shortens it to its later half when it has become long. Raises ``OSError``."""
    path.parent.mkdir(mode=_SECRET_FOLDER, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _SECRET_FILE), "rb+") as file:
        if os.fstat(file.fileno()).st_size <= _MOST_BYTES:
            return
        file.seek(-_MOST_BYTES // 2, os.SEEK_END)
        # An entry begins with an empty line and a comment that says when it was typed.
        _, begin, kept = file.read().partition(b"\n\n# ")
        file.truncate(0)
        file.write(begin + kept)
