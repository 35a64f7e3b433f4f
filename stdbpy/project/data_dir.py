"""Data directories of servers on this machine: whose they are, whether one is in use, and emptying them.

Knows those of ``stdbpy start`` and those of SpacetimeDB itself (``crates/paths/src/server.rs`` of 2.8.3).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from stdbpy.errors import DataDirectoryError

if sys.platform != "win32":
    import fcntl

_CONTROL = "control.sqlite"
_OURS = (_CONTROL, f"{_CONTROL}-journal", f"{_CONTROL}-wal", f"{_CONTROL}-confirmed", "databases")
"""Not the keys and the owner's token: who the server and its users are outlives the data, as with the
official server, which keeps its keys elsewhere."""

_PID = "spacetime.pid"
_METADATA = "metadata.toml"
_OFFICIAL = ("cache", "config.toml", "control-db", "logs", _METADATA, "program-bytes", "replicas", _PID)


@dataclass(frozen=True, slots=True)
class DataDir:
    """A folder in which a server keeps databases."""

    path: Path
    is_ours: bool
    """Of ``stdbpy start``; else of SpacetimeDB itself."""

    def clear(self) -> None:
        """Deletes all databases and what belongs to them; what else is in the folder stays.

        Raises :class:`DataDirectoryError` if a server uses it, or something cannot be deleted.
        """
        names = _OURS if self.is_ours else _OFFICIAL
        try:
            with _ours_locked(self.path) if self.is_ours else _official_locked(self.path):
                for name in names:
                    _delete(self.path / name)
            if not any(self.path.iterdir()):
                self.path.rmdir()
        except OSError as error:
            raise DataDirectoryError(
                f"{error.filename or self.path} cannot be deleted: {error.strerror}", hint="Whose is it?"
            ) from error


def find_data_dir(path: Path) -> DataDir | None:
    """The data directory at ``path``; ``None`` if there is nothing, or nothing in it.

    Raises :class:`DataDirectoryError` for a folder of anybody else.
    """
    if (path / _CONTROL).is_file():
        return DataDir(path, is_ours=True)
    if (path / _METADATA).is_file() and (path / _PID).is_file():
        return DataDir(path, is_ours=False)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return None
    if path.is_dir() and {each.name for each in path.iterdir()} <= {"keys", "owner_token"}:
        return None  # of ours, and clear
    raise DataDirectoryError(
        f"{path} is no data directory of a SpacetimeDB server", hint="Name the folder that --data-dir of `start` names."
    )


def expect_not_ours(path: Path) -> None:
    """Raises :class:`DataDirectoryError` for data of ``stdbpy start``, with which SpacetimeDB itself can do nothing."""
    if (path / _CONTROL).is_file():
        raise DataDirectoryError(
            f"{path} has databases of stdbpy's own server", hint="Name another folder with --data-dir."
        )


def expect_unused(path: Path) -> None:
    """Raises :class:`DataDirectoryError` if a server of ``stdbpy start`` runs on the data at ``path``; there need
    not be any."""
    if (path / _CONTROL).is_file():
        with _ours_locked(path):
            pass


@contextmanager
def _ours_locked(path: Path) -> Iterator[None]:
    """Holds the lock that a server holds as long as it runs."""
    control = path / _CONTROL
    with closing(sqlite3.connect(f"{control.absolute().as_uri()}?mode=rw", uri=True, timeout=0)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise _in_use(path) from None
            raise DataDirectoryError(f"{control} cannot be opened: {error}") from None
        except sqlite3.DatabaseError:
            pass  # damaged beyond reading: no server runs on it
        if sys.platform == "win32":
            connection.close()  # Windows does not delete what is open
        yield


@contextmanager
def _official_locked(path: Path) -> Iterator[None]:
    with (path / _PID).open("rb+") as file:
        if sys.platform != "win32":
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _in_use(path) from None
        yield


def _in_use(path: Path) -> DataDirectoryError:
    return DataDirectoryError(f"a server runs on the data in {path}", hint="Stop it first.")


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
