"""SQLite files as the engine keeps them: one owner, one format, errors in plain words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stdbpy.errors import DataDirectoryError, StorageFailed

_APPLICATION = 0x5344_4250
"""Marks files as ours (``PRAGMA application_id``): "SDBP"."""

_KEPT_WAL = 64 << 20
"""Bytes of write-ahead log that are not given back to the system after a great transaction."""

IN_MEMORY = ":memory:"


class SqliteFile:
    """A file that this process alone may open, in which a commit is durable when it returns.

    ``format`` is the number of the layout that the statements of ``schema`` make; a file with a
    greater one comes from a newer version. ``path`` ``None`` keeps everything in memory.

    Raises ``DataDirectoryError`` for a file that is in use, newer, damaged, or none of ours.
    """

    def __init__(self, path: Path | None, schema: Iterable[str], format: int) -> None:
        self.path = path
        self.name = str(path) if path is not None else "the data in memory"
        with self.reading():
            if path is not None:
                _make_private(path)
            self.connection = sqlite3.connect(
                str(path) if path is not None else IN_MEMORY,
                timeout=0,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=32,
            )
            try:
                self._prepare(schema, format)
            except BaseException:
                self.connection.close()
                raise

    def _prepare(self, schema: Iterable[str], format: int) -> None:
        execute = self.connection.execute
        # The lock is kept until the file is closed, and the WAL's index needs no shared memory.
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
        execute("PRAGMA fullfsync = ON")
        execute(f"PRAGMA journal_size_limit = {_KEPT_WAL}")
        execute("BEGIN EXCLUSIVE")
        (found,) = execute("PRAGMA user_version").fetchone()
        (things,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        if found == things == 0:
            for statement in schema:
                execute(statement)
            execute(f"PRAGMA application_id = {_APPLICATION}")
            execute(f"PRAGMA user_version = {format}")
        execute("COMMIT")
        (application,) = execute("PRAGMA application_id").fetchone()
        (found,) = execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION:
            raise DataDirectoryError(f"{self.name} was not written by stdbpy", hint="Start with another --data-dir.")
        if found > format:
            raise DataDirectoryError(
                f"{self.name} was written by a newer stdbpy (format {found}, this one knows {format})",
                hint="Upgrade: pip install -U stdbpy",
            )

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turns what SQLite says while a file is opened or read into ``DataDirectoryError``."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: sqlite3.Error) -> DataDirectoryError:
        match error.sqlite_errorcode & 0xFF if hasattr(error, "sqlite_errorcode") else None:
            case sqlite3.SQLITE_BUSY:
                return DataDirectoryError(
                    f"{self.name} is in use by another process",
                    hint="Stop the other server, or use another --data-dir.",
                )
            case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_AUTH:
                return DataDirectoryError(f"{self.name} cannot be opened: {error}", hint="Who may write there?")
            case sqlite3.SQLITE_FULL:
                return DataDirectoryError(f"There is no space left for {self.name}", hint="Free some disk space.")
            case _:
                return self.damaged(str(error))

    def damaged(self, how: str) -> DataDirectoryError:
        return DataDirectoryError(
            f"{self.name} is damaged: {how}", hint="Restore it from a backup, or publish with the data cleared."
        )

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[None]:
        """One transaction. On success it is on disk, or will be with the next one that is
        ``durable``; on failure, which raises ``StorageFailed``, nothing of it is."""
        execute = self.connection.execute
        try:
            if not durable:
                execute("PRAGMA synchronous = NORMAL")
            execute("BEGIN IMMEDIATE")
            yield
            execute("COMMIT")
        except BaseException as error:
            self.roll_back()
            if isinstance(error, sqlite3.Error):
                raise self.failed(error) from None
            raise
        finally:
            if not durable:
                execute("PRAGMA synchronous = FULL")

    def roll_back(self) -> None:
        """Ends a transaction that failed, unless SQLite has done so already."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def failed(self, error: sqlite3.Error) -> StorageFailed:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            return StorageFailed("The disk is full: nothing was changed", hint=f"Free space for {self.name}.")
        return StorageFailed(f"Writing {self.name} failed, nothing was changed: {error}")

    def close(self) -> None:
        self.connection.close()


def _make_private(path: Path) -> None:
    """Makes the file, for its owner alone; SQLite gives the files beside it the same mode."""
    # A file that is there must not even be opened: closing it again would drop this process's locks.
    with suppress(OSError):  # SQLite says better what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def sync_folder(folder: Path) -> None:
    """Makes the names of the files in a folder survive a loss of power, where systems need that."""
    with suppress(OSError):  # Windows neither needs nor allows it
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
