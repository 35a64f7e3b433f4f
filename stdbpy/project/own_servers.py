"""Servers that the user runs on this machine, and where each keeps the token of its owner.

``stdbpy start`` leaves a note for each address that it listens at: which file has the token. The
token itself stays in the server's data directory. A server holds a lock on its notes, which the
system takes away however the server ends; so a note that nobody holds is of a server that was
killed. Whoever listens at its address now is not shown that token, and the note is removed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path
from urllib.parse import quote

from stdbpy.errors import ConfigError
from stdbpy.replacing import SECRET, one_at_a_time

if sys.platform != "win32":
    import fcntl

_OWNER_ONLY_FOLDER = 0o700


class OwnServers:
    """The notes in ``folder``, which is made when needed. Servers are named by their keys (see
    :func:`~stdbpy.project.credentials.server_key`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def token(self, key: str) -> str | None:
        """The owner's token of a server that runs now."""
        note = self._note(key)
        if not note.exists():
            return None
        with suppress(OSError, ValueError), one_at_a_time(self.folder):
            if _is_held(note):
                return Path(os.fsdecode(note.read_bytes())).read_text("ascii").strip() or None
            note.unlink(missing_ok=True)
        return None

    @contextmanager
    def running(self, keys: Iterable[str], token_file: Path) -> Iterator[None]:
        """Says in the block that a server runs, whose owner's token is in ``token_file``. Raises
        :class:`ConfigError` if that cannot be written down."""
        with ExitStack() as until_stopped:
            try:
                self.folder.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
                self._clear_away_left_ones()
                for key in keys:
                    until_stopped.enter_context(self._held(self._note(key), os.fsencode(token_file)))
            except OSError as error:
                raise ConfigError(
                    f"{self.folder} cannot be written: {error.strerror}", hint="Who may write there?"
                ) from error
            yield

    def _clear_away_left_ones(self) -> None:
        with one_at_a_time(self.folder):
            for note in self.folder.iterdir():
                if not _is_held(note):
                    note.unlink(missing_ok=True)

    @contextmanager
    def _held(self, note: Path, content: bytes) -> Iterator[None]:
        with one_at_a_time(self.folder):
            file = _write_and_hold(note, content)
        try:
            yield
        finally:
            with file, suppress(OSError), one_at_a_time(self.folder):
                is_ours = os.path.samestat(os.fstat(file.fileno()), note.stat())
                file.close()  # Windows does not remove what is open
                if is_ours:
                    note.unlink()

    def _note(self, key: str) -> Path:
        return self.folder / quote(key, safe="")


def _write_and_hold(note: Path, content: bytes) -> FileIO:
    """The note, which is held until the file is closed; another of that name is of a server that is gone."""
    note.unlink(missing_ok=True)
    file = FileIO(os.open(note, os.O_RDWR | os.O_CREAT | os.O_EXCL, SECRET), "r+")
    try:
        if sys.platform != "win32":
            fcntl.flock(file, fcntl.LOCK_EX)
        file.write(content)
    except BaseException:
        file.close()
        raise
    return file


def _is_held(note: Path) -> bool:
    if sys.platform == "win32":
        try:
            note.unlink()
        except PermissionError:  # some process has it open
            return True
        return False
    with note.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
