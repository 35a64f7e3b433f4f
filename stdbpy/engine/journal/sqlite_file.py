"""SQLite files as the engine keeps them: one owner, one format, errors in plain words."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stdbpy.engine.journal.confirmed import ConfirmedNumber
from stdbpy.errors import DataDirectoryError, StorageFailed

_APPLICATION = 0x5344_4250
"""Marks files as ours (``PRAGMA application_id``): "SDBP"."""

_KEPT_WAL = 64 << 20
"""Bytes of write-ahead log that are not given back to the system after a great transaction."""

_LOG = "-wal"
_CONFIRMED = "-confirmed"
"""Ends of the names of the files beside it: SQLite's, and ours."""

IN_MEMORY = ":memory:"


class SqliteFile:
    """A file that this process alone may open, in which a commit is durable when it returns.

    ``format`` is the number of the layout that the statements of ``schema`` make; a file with a
    greater one comes from a newer version. ``path`` ``None`` keeps everything in memory.

    With a ``write_ahead_log`` a commit waits for the disk once, and what was confirmed last is in
    that log alone: whoever wants to know that it is still there says :meth:`confirm` after each
    change. Without, commits take a little longer and are in the file itself.

    Raises ``DataDirectoryError`` for a file that is in use, newer, damaged, or none of ours.
    """

    def __init__(self, path: Path | None, schema: Iterable[str], format: int, *, write_ahead_log: bool = True) -> None:
        self.path = path
        self.name = str(path) if path is not None else "the data in memory"
        self._confirmed = ConfirmedNumber(Path(f"{path}{_CONFIRMED}")) if path is not None else None
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
                self._prepare(schema, format, write_ahead_log)
            except BaseException:
                self.connection.close()
                raise

    def _prepare(self, schema: Iterable[str], format: int, write_ahead_log: bool) -> None:
        execute = self.connection.execute
        # The lock is kept until the file is closed, and the WAL's index needs no shared memory.
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute(f"PRAGMA journal_mode = {'WAL' if write_ahead_log else 'PERSIST'}")
        execute("PRAGMA synchronous = FULL")
        execute("PRAGMA fullfsync = ON")
        execute(f"PRAGMA journal_size_limit = {_KEPT_WAL}")
        execute("BEGIN EXCLUSIVE")
        (found,) = execute("PRAGMA user_version").fetchone()
        (things,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        if found == things == 0:
            self.expect_confirmed(0)
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
        if found < format:
            raise DataDirectoryError(
                f"{self.name} was written by an older stdbpy (format {found}, this one knows {format})",
                hint="Start with another --data-dir, or move this one away.",
            )

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turns what SQLite says while a file is opened or read into ``DataDirectoryError``."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._unreadable(error) from None
        except UnicodeDecodeError:
            raise self.damaged("there is text in it that is none") from None

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
            f"{self.name} is damaged: {how}",
            hint="Restore it from a backup, publish with the data cleared, or start with another --data-dir.",
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

    def free_bytes(self) -> float:
        """How much space its disk has, as far as that is known."""
        if self.path is None:
            return math.inf
        try:
            return shutil.disk_usage(self.path.parent).free
        except OSError:
            return math.inf

    def failed(self, error: sqlite3.Error) -> StorageFailed:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            return StorageFailed("The disk is full: nothing was changed", hint=f"Free space for {self.name}.")
        return StorageFailed(f"Writing {self.name} failed, nothing was changed: {error}")

    # --- what was confirmed ------------------------------------------------------------------

    def confirm(self, number: int) -> None:
        """Notes that the changes before this number are durable."""
        if self._confirmed is not None:
            self._confirmed.write(number)

    def expect_confirmed(self, number: int) -> None:
        """Raises ``DataDirectoryError`` if more changes were confirmed than the ``number`` that the
        file has. SQLite deletes the write-ahead log when the file is closed: it is kept then."""
        if self._confirmed is None or (confirmed := self._confirmed.read()) <= number:
            return
        kept = self._keep_write_ahead_log()
        said = f"; what there is of its write-ahead log is kept in {kept.name}" if kept is not None else ""
        raise DataDirectoryError(
            f"{self.name} is damaged: of {confirmed} confirmed changes it has the first {number} only{said}",
            hint=f"Restore it from a backup; or, to go on without the others, delete {self._confirmed.path}.",
        )

    def _keep_write_ahead_log(self) -> Path | None:
        """Where it is kept; ``None`` if it holds nothing or cannot be kept."""
        log, kept = Path(f"{self.name}{_LOG}"), Path(f"{self.name}{_LOG}-kept")
        try:
            if not log.exists() or log.stat().st_size == 0:
                return kept if kept.exists() else None
            kept.unlink(missing_ok=True)
            try:
                os.link(log, kept)
            except OSError:  # links need no space, but not all file systems have them
                shutil.copyfile(log, kept)
        except OSError:
            return None
        return kept

    def close(self) -> None:
        self.connection.close()
        if self._confirmed is not None:
            self._confirmed.close()


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
