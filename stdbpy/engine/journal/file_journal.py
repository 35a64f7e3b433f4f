"""The journal on disk: a log of transactions behind a snapshot of all rows, in one SQLite file.

SQLite makes each write whole and durable; checksums tell whether the disk gave back what was
written, and a number beside the file whether all of it is there. A snapshot is written piece by
piece between transactions, and takes the place of the log up to it in one step.

Changes are numbered: a transaction is one, and so is a change of the program.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from stdbpy.engine.delta import Delta
from stdbpy.engine.journal.records import (
    Damaged,
    apply_record,
    checksum,
    pack_empty_record,
    pack_record,
    pack_rows,
    unpack_records,
    unpack_rows,
)
from stdbpy.engine.journal.sqlite_file import SqliteFile
from stdbpy.engine.store.building import Ids, Numbering
from stdbpy.engine.store.sequence import Numbers
from stdbpy.engine.store.store import Store
from stdbpy.errors import DataDirectoryError, NewerThanUnderstood, SchemaError, StorageFailed
from stdbpy.schema.definition import read_module_def
from stdbpy.schema.model import ModuleSchema

FORMAT = 2

_SCHEMA = (
    # One row: what the database runs, and the numbers that its data refer to.
    """CREATE TABLE module (program BLOB NOT NULL, definition BLOB NOT NULL, numbering TEXT NOT NULL,
                            checksum INTEGER NOT NULL)""",
    # Records of changes; a row is a group that was written together.
    "CREATE TABLE log (first INTEGER PRIMARY KEY, records BLOB NOT NULL)",
    # Rows of one table at the moment of a snapshot; rubbish if there is no such snapshot.
    """CREATE TABLE chunk (id INTEGER PRIMARY KEY, snapshot INTEGER NOT NULL, table_id INTEGER NOT NULL,
                           checksum INTEGER NOT NULL, rows BLOB NOT NULL)""",
    # The snapshot: the first change that is not in it, how many chunks it has, where sequences stood.
    """CREATE TABLE snapshot (id INTEGER PRIMARY KEY, next INTEGER NOT NULL, chunks INTEGER NOT NULL,
                              sequences TEXT NOT NULL, checksum INTEGER NOT NULL)""",
)

CHUNK_BYTES = 1 << 20
GROUP_BYTES = 64 << 20
"""SQLite takes a thousand million bytes in one value; groups that are greater go into several."""

ROOM_BYTES = 1 << 20
"""A disk with less space is as good as full."""

SNAPSHOT_AFTER_TRANSACTIONS = 100_000
SNAPSHOT_AFTER_BYTES = 64 << 20
"""A snapshot is due when the log has so many transactions or bytes, and is as long as the last snapshot."""


class SavedModule(NamedTuple):
    program: bytes
    definition: bytes
    schema: ModuleSchema
    """As read from the definition."""
    numbering: Numbering


class FileJournal:
    """The journal in one file. Raises ``DataDirectoryError`` if the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, _SCHEMA, FORMAT)
        self._execute = self._file.connection.execute
        self._group: list[bytes] = []
        self._next = 0
        """Number of the change that the group starts with."""
        self._log_transactions = 0
        self._log_bytes = 0
        self._next_snapshot_from = 0
        """Bytes of log before which no snapshot is made: those of the last one."""
        self._last_snapshot = 0
        self._in_progress: _Snapshot | None = None

    # --- starting ----------------------------------------------------------------------------

    def module(self) -> SavedModule:
        """What the database runs. Raises ``DataDirectoryError``."""
        with self._file.reading():
            row = self._execute("SELECT program, definition, numbering, checksum FROM module").fetchone()
        if row is None:
            self._file.expect_confirmed(0)
            raise self._file.damaged("it has no module")
        program, definition, numbering, expected = row
        if checksum(program, definition, numbering) != expected:
            raise self._file.damaged("its module is not as it was written")
        kinds = {kind: Ids(**ids) for kind, ids in json.loads(numbering).items()}
        try:
            return SavedModule(program, definition, read_module_def(definition), Numbering(**kinds))
        except (NewerThanUnderstood, SchemaError) as error:
            raise DataDirectoryError(f"{self._file.name}: {error}", hint=error.hint) from None

    def replay(self, store: Store) -> None:
        """Fills an empty store with what is written down. Raises ``DataDirectoryError``."""
        with self._file.reading():
            snapshot = self._execute("SELECT id, next, chunks, sequences, checksum FROM snapshot").fetchone()
            if snapshot is None:
                raise self._file.damaged("it has no snapshot")
            self._last_snapshot, self._next, chunks, sequences, expected = snapshot
            if checksum(*snapshot[:-1]) != expected:
                raise self._file.damaged("its snapshot is not as it was written")
            self._load(self._last_snapshot, chunks, store)
            for sequence, taken_up_to in json.loads(sequences).items():
                if int(sequence) in store.sequences:
                    store.sequences[int(sequence)].go_on_from(taken_up_to)
            for first, records in self._execute("SELECT first, records FROM log ORDER BY first"):
                if first != self._next:
                    raise self._file.damaged(f"change {self._next} is missing")
                try:
                    if not isinstance(records, bytes):
                        raise Damaged
                    for body in unpack_records(records, first):
                        apply_record(body, store)
                        self._next += 1
                        self._log_transactions += 1
                except Damaged:
                    raise self._file.damaged(f"change {self._next} is not as it was written") from None
                self._log_bytes += len(records)
        self._file.expect_confirmed(self._next)
        self._clear_away_unfinished()

    def _clear_away_unfinished(self) -> None:
        """Deletes the chunks of a snapshot that was being written when the process ended."""
        unfinished = "FROM chunk WHERE snapshot NOT IN (SELECT id FROM snapshot)"
        with self._file.reading():
            (newest,) = self._execute(f"SELECT max(snapshot) {unfinished}").fetchone()
        if newest is not None:
            self._last_snapshot = max(self._last_snapshot, newest)
            # A full disk does not allow it; then the next snapshot does it.
            with suppress(StorageFailed), self._file.writing():
                self._execute(f"DELETE {unfinished}")

    def _load(self, snapshot: int, chunks: int, store: Store) -> None:
        found = 0
        query = "SELECT table_id, checksum, rows FROM chunk WHERE snapshot = ? ORDER BY id"
        for table_id, expected, packed in self._execute(query, (snapshot,)):
            try:
                if checksum(table_id, packed) != expected:
                    raise Damaged
                table = store.tables[table_id]
                table.load(unpack_rows(packed)[0])
            except (Damaged, LookupError):
                raise self._file.damaged(f"chunk {found} of its snapshot is not as it was written") from None
            self._next_snapshot_from += len(packed)
            found += 1
        if found != chunks:
            raise self._file.damaged(f"its snapshot has {found} of {chunks} chunks")

    # --- transactions ------------------------------------------------------------------------

    def note(self, delta: Delta, taken: Collection[Numbers]) -> None:
        record = pack_record(self._next + len(self._group), delta, taken)
        if record:
            self._group.append(record)

    def note_nothing(self) -> None:
        self._group.append(pack_empty_record(self._next + len(self._group)))

    def has_room(self) -> bool:
        return self._file.free_bytes() >= ROOM_BYTES

    def commit(self) -> None:
        group, self._group = self._group, []
        if not group:
            return
        records = b"".join(group)
        try:
            if len(records) <= GROUP_BYTES:
                self._execute("INSERT INTO log VALUES (?, ?)", (self._next, records))
            else:
                self._commit_parts(group)
        except sqlite3.Error as error:
            self._file.roll_back()
            raise self._file.failed(error) from None
        self._written(len(group), len(records))

    def _written(self, changes: int, bytes: int) -> None:
        """Notes what has been added to the log and is durable."""
        self._next += changes
        self._log_transactions += changes
        self._log_bytes += bytes
        self._file.confirm(self._next)

    def _commit_parts(self, group: list[bytes]) -> None:
        self._execute("BEGIN IMMEDIATE")
        first, part, size = self._next, list[bytes](), 0
        for record in group:
            if part and size + len(record) > GROUP_BYTES:
                self._execute("INSERT INTO log VALUES (?, ?)", (first, b"".join(part)))
                first, part, size = first + len(part), [], 0
            part.append(record)
            size += len(record)
        self._execute("INSERT INTO log VALUES (?, ?)", (first, b"".join(part)))
        self._execute("COMMIT")

    # --- the module --------------------------------------------------------------------------

    def replace(self, program: bytes, definition: bytes, store: Store) -> None:
        self._group.clear()
        self._in_progress = None
        snapshot = self._begin_snapshot(store, self._next + 1)
        with self._file.writing():
            for table in ("module", "log", "chunk", "snapshot"):
                self._execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand above
            numbering = json.dumps(asdict(store.numbering))
            self._write_module(program, definition, numbering)
            while self._write_chunk(snapshot):
                pass
            self._write_snapshot(snapshot)
        self._finished(snapshot)
        self._next = snapshot.next
        self._file.confirm(self._next)

    def change_program(self, program: bytes) -> None:
        record = pack_empty_record(self._next)
        with self._file.writing():
            definition, numbering = self._execute("SELECT definition, numbering FROM module").fetchone()
            self._execute("DELETE FROM module")
            self._write_module(program, definition, numbering)
            self._execute("INSERT INTO log VALUES (?, ?)", (self._next, record))
        self._written(1, len(record))

    def _write_module(self, program: bytes, definition: bytes, numbering: str) -> None:
        row = (program, definition, numbering)
        self._execute("INSERT INTO module VALUES (?, ?, ?, ?)", (*row, checksum(*row)))

    # --- snapshots ---------------------------------------------------------------------------

    def tend(self, store: Store) -> bool:
        if self._in_progress is None:
            if not self._snapshot_is_due():
                return False
            self._in_progress = self._begin_snapshot(store, self._next)
        snapshot = self._in_progress
        try:
            with self._file.writing(durable=False):
                goes_on = self._write_chunk(snapshot)
            if not goes_on:
                with self._file.writing():
                    self._execute("DELETE FROM chunk WHERE snapshot <> ?", (snapshot.id,))
                    self._execute("DELETE FROM log WHERE first < ?", (snapshot.next,))
                    self._execute("DELETE FROM snapshot")
                    self._write_snapshot(snapshot)
        except StorageFailed:
            # The log has everything, so this can wait.
            self._in_progress = None
            self._next_snapshot_from = 2 * self._log_bytes
            return False
        if not goes_on:
            self._finished(snapshot)
        return goes_on

    def _snapshot_is_due(self) -> bool:
        long = self._log_transactions >= SNAPSHOT_AFTER_TRANSACTIONS or self._log_bytes >= SNAPSHOT_AFTER_BYTES
        return long and self._log_bytes >= self._next_snapshot_from

    def _begin_snapshot(self, store: Store, next: int) -> _Snapshot:
        self._last_snapshot += 1
        return _Snapshot(self._last_snapshot, next, self._log_transactions, self._log_bytes, store)

    def _write_chunk(self, snapshot: _Snapshot) -> bool:
        """Writes the next chunk; whether there was one."""
        chunk = next(snapshot.chunks, None)
        if chunk is None:
            return False
        table_id, packed = chunk
        self._execute(
            "INSERT INTO chunk (snapshot, table_id, checksum, rows) VALUES (?, ?, ?, ?)",
            (snapshot.id, table_id, checksum(table_id, packed), packed),
        )
        snapshot.written += 1
        snapshot.bytes += len(packed)
        return True

    def _write_snapshot(self, snapshot: _Snapshot) -> None:
        row = (snapshot.id, snapshot.next, snapshot.written, json.dumps(snapshot.sequences))
        self._execute("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)", (*row, checksum(*row)))

    def _finished(self, snapshot: _Snapshot) -> None:
        self._in_progress = None
        self._next_snapshot_from = snapshot.bytes
        self._log_transactions -= snapshot.log_transactions
        self._log_bytes -= snapshot.log_bytes

    def close(self) -> None:
        self._file.close()


class _Snapshot:
    """All rows of a store at the moment when this was made, to be written in chunks."""

    def __init__(self, id: int, next: int, log_transactions: int, log_bytes: int, store: Store) -> None:
        self.id = id
        self.next = next
        self.log_transactions = log_transactions
        self.log_bytes = log_bytes
        self.sequences = {numbers.id: numbers.taken_up_to for numbers in store.sequences.values()}
        self.chunks = self._chunks([(table.id, list(table.rows)) for table in store.tables.values()])
        self.written = 0
        self.bytes = 0

    @staticmethod
    def _chunks(tables: list[tuple[int, list[bytes]]]) -> Iterator[tuple[int, bytes]]:
        for table_id, rows in tables:
            first, size = 0, 0
            for position, row in enumerate(rows):
                size += len(row)
                if size >= CHUNK_BYTES:
                    yield table_id, pack_rows(rows[first : position + 1])
                    first, size = position + 1, 0
            if first < len(rows):
                yield table_id, pack_rows(rows[first:])
