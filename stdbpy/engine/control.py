"""What databases there are, whose they are, and what they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Cursor
from threading import Lock
from typing import Any, NamedTuple

from stdbpy.engine.journal.records import checksum
from stdbpy.engine.journal.sqlite_file import SqliteFile
from stdbpy.errors import DatabaseLocked, DatabaseNotFound, NameTaken
from stdbpy.sats.values import Identity

FORMAT = 2

_SCHEMA = (
    # `folder` has the data; a database that is cleared gets another one.
    """CREATE TABLE database (identity BLOB PRIMARY KEY, owner BLOB NOT NULL, program_hash BLOB NOT NULL,
                              host_type TEXT NOT NULL, folder TEXT NOT NULL)""",
    # A name stays when its database is deleted, and is there before one.
    "CREATE TABLE name (name TEXT PRIMARY KEY, identity BLOB NOT NULL, owner BLOB NOT NULL)",
    # Folders that belong to no database: not complete yet, or to be deleted.
    "CREATE TABLE rubbish (folder TEXT PRIMARY KEY)",
    # Databases that can be neither deleted nor cleared.
    "CREATE TABLE lock (identity BLOB PRIMARY KEY)",
    # One row: over all that stands above, when it was written last.
    "CREATE TABLE checksum (value INTEGER NOT NULL)",
    "INSERT INTO checksum VALUES (0)",
)
_CONTENT = ("database", "name", "rubbish", "lock")


class DatabaseEntry(NamedTuple):
    identity: Identity
    owner: Identity
    program_hash: bytes
    host_type: str
    folder: str
    """Name of the folder with its data."""


class NameEntry(NamedTuple):
    identity: Identity
    owner: Identity


class Control:
    """The register of databases and names, in a file that no other process can open meanwhile, or in
    memory.

    Any thread may use it. Changes are durable when they return; they raise ``StorageFailed``, and
    then change nothing, if they cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        """Raises ``DataDirectoryError`` if the file cannot be used."""
        # Changes are rare. Were they lost with a log, databases would be, too.
        self._file = SqliteFile(path, _SCHEMA, FORMAT, write_ahead_log=False)
        self._lock = Lock()
        with self._file.reading():
            faults = self._file.connection.execute("PRAGMA integrity_check").fetchone()
            if faults != ("ok",) or not self._is_as_written():
                raise self._file.damaged("it is not as it was written")
            self._read()

    def _read(self) -> None:
        content = self._content()
        self.databases = {
            Identity(identity): DatabaseEntry(Identity(identity), Identity(owner), *rest)
            for identity, owner, *rest in content["database"]
        }
        self.names = {name: NameEntry(Identity(identity), Identity(owner)) for name, identity, owner in content["name"]}
        """In the order in which they were given."""
        self.locked = {Identity(identity) for (identity,) in content["lock"]}
        self._rubbish = [folder for (folder,) in content["rubbish"]]

    def _content(self) -> dict[str, list[Any]]:
        """The rows of all tables, read from the tables themselves and not from their indexes."""
        execute = self._file.connection.execute
        return {
            table: execute(f"SELECT * FROM {table} NOT INDEXED ORDER BY rowid").fetchall()  # noqa: S608 - see above
            for table in _CONTENT
        }

    def _is_as_written(self) -> bool:
        return self._file.connection.execute("SELECT value FROM checksum").fetchall() == [(self._checksum(),)]

    def _checksum(self) -> int:
        return checksum(*(value for rows in self._content().values() for row in rows for value in row))

    @contextmanager
    def _changing(self) -> Iterator[Callable[..., Cursor]]:
        with self._lock:
            with self._file.writing():
                yield self._file.connection.execute
                self._file.connection.execute("UPDATE checksum SET value = ?", (self._checksum(),))
            self._read()

    # --- databases ---------------------------------------------------------------------------

    def put(self, entry: DatabaseEntry, name: str | None) -> None:
        """Notes a database whose folder is complete, under its name. The folder that it had before
        becomes rubbish. Raises ``NameTaken``, and ``DatabaseLocked`` if it had one that is locked."""
        with self._changing() as execute:
            before = self.databases.get(entry.identity)
            if before is not None:
                self.expect_unlocked(entry.identity)
                execute("INSERT INTO rubbish VALUES (?)", (before.folder,))
            execute("REPLACE INTO database VALUES (?, ?, ?, ?, ?)", entry)
            execute("DELETE FROM rubbish WHERE folder = ?", (entry.folder,))
            if name is not None:
                self._give(execute, name, entry.identity, entry.owner)

    def remove(self, identity: Identity) -> None:
        """Forgets a database. Its folder becomes rubbish, its names stay. Raises ``DatabaseLocked``."""
        with self._changing() as execute:
            self.expect_unlocked(identity)
            execute("INSERT INTO rubbish VALUES (?)", (self.databases[identity].folder,))
            execute("DELETE FROM database WHERE identity = ?", (identity,))

    def set_lock(self, identity: Identity, *, locked: bool) -> None:
        """Raises ``DatabaseNotFound``."""
        with self._changing() as execute:
            if identity not in self.databases:
                raise DatabaseNotFound(f"There is no database {identity}")
            statement = "INSERT OR IGNORE INTO lock VALUES (?)" if locked else "DELETE FROM lock WHERE identity = ?"
            execute(statement, (identity,))

    def expect_unlocked(self, identity: Identity) -> None:
        """Raises ``DatabaseLocked``."""
        if identity in self.locked:
            raise DatabaseLocked(
                "Database is locked: it cannot be deleted, nor its data cleared",
                hint="stdbpy unlock allows both again.",
            )

    # --- folders -----------------------------------------------------------------------------

    def rubbish(self) -> list[str]:
        """Folders that are to be deleted, or that a database is being made in."""
        with self._lock:
            return list(self._rubbish)

    def note_rubbish(self, folder: str) -> None:
        with self._changing() as execute:
            execute("REPLACE INTO rubbish VALUES (?)", (folder,))

    def forget_rubbish(self, folder: str) -> None:
        with self._changing() as execute:
            execute("DELETE FROM rubbish WHERE folder = ?", (folder,))

    # --- names -------------------------------------------------------------------------------

    def names_of(self, identity: Identity) -> list[str]:
        return [name for name, entry in self.names.copy().items() if entry.identity == identity]

    def give_name(self, name: str, identity: Identity, owner: Identity) -> None:
        """Raises ``NameTaken``."""
        with self._changing() as execute:
            self._give(execute, name, identity, owner)

    def set_names(self, identity: Identity, names: Sequence[str], owner: Identity) -> None:
        """Makes these the names of the database, in this order. Raises ``NameTaken``."""
        with self._changing() as execute:
            execute("DELETE FROM name WHERE identity = ?", (identity,))
            for name in names:
                self._give(execute, name, identity, owner)

    def _give(self, execute: Callable[..., Cursor], name: str, identity: Identity, owner: Identity) -> None:
        taken = self.names.get(name)
        if taken is not None and taken.identity != identity:
            raise NameTaken(f"The name {name!r} is taken by another database", hint="Choose another one.")
        execute(
            "INSERT INTO name VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET owner = excluded.owner",
            (name, identity, owner),
        )

    def close(self) -> None:
        self._file.close()
