from __future__ import annotations

import sqlite3
from concurrent.futures import wait
from contextlib import closing, contextmanager
from unittest.mock import patch

import pytest

from stdbpy.engine import Engine, Transaction
from stdbpy.engine.journal import file_journal
from stdbpy.engine.journal.file_journal import FileJournal
from stdbpy.engine.store.store import Store
from stdbpy.errors import DataDirectoryError, StorageFailed
from stdbpy.sats.bsatn import compile_codec
from stdbpy.schema.definition import write_module_def
from tests.engine.sample import ME, OWNER, call, program, rows, running
from tests.engine.schemas import STRING, U64, index, sequence, table_of, unique

SCHEMA = table_of({"id": U64, "name": STRING}, index(0), unique(0), sequence(0))
CODEC = compile_codec(SCHEMA.typespace[0])


class Written:
    """A journal with a store beside it."""

    def __init__(self, path):
        self.path = path
        self.store = Store(SCHEMA)
        self.journal = FileJournal(path)
        self.journal.replace(b"program", write_module_def(SCHEMA), self.store)

    def add(self, *names):
        """One transaction with a row for each name."""
        tx = Transaction(self.store)
        for name in names:
            tx.insert(tx.table_id("t"), CODEC.encode((0, name)))
        self.journal.note(tx.commit(), self.store.taken)
        self.store.taken.clear()

    def reopened(self):
        self.journal.close()
        with closing(FileJournal(self.path)) as journal:
            store = Store(SCHEMA, journal.module().numbering)
            journal.replay(store)
        return [CODEC.decode(row) for row in next(iter(store.tables.values())).rows]


@pytest.fixture
def written(tmp_path):
    written = Written(tmp_path / "journal.sqlite")
    yield written
    written.journal.close()


@contextmanager
def tampered(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection.execute


def test_only_what_was_committed_is_there_again(written):
    written.add("a", "b")
    written.add("c")
    written.journal.commit()
    written.add("d")
    assert written.reopened() == [(1, "a"), (2, "b"), (3, "c")]


def test_the_module_is_there_again(written):
    saved = written.journal.module()
    assert saved.program == b"program"
    assert write_module_def(saved.schema) == saved.definition == write_module_def(SCHEMA)
    assert saved.numbering == written.store.numbering
    written.journal.change_program(b"other")
    assert written.journal.module().program == b"other"


def test_a_group_too_large_for_one_value_is_written_in_parts(written):
    with patch.object(file_journal, "GROUP_BYTES", 100):
        for number in range(10):
            written.add("x" * 40, str(number))
        written.journal.commit()
    assert len(written.reopened()) == 20


def test_a_snapshot_takes_the_place_of_the_log(written):
    with patch.multiple(file_journal, SNAPSHOT_AFTER_TRANSACTIONS=5, CHUNK_BYTES=64):
        for number in range(5):
            written.add(str(number))
            written.journal.commit()
        assert written.journal.tend(written.store) is True
        # While it is being written, life goes on.
        written.add("later")
        written.journal.commit()
        while written.journal.tend(written.store):
            pass
        assert written.journal.tend(written.store) is False
    names = [name for _, name in written.reopened()]
    assert names == ["0", "1", "2", "3", "4", "later"]
    with tampered(written.path) as execute:
        assert execute("SELECT count(*) FROM log").fetchone() == (1,)
        assert execute("SELECT count(*) FROM snapshot").fetchone() == (1,)


def test_a_snapshot_that_was_not_finished_is_ignored_and_cleared_away(written):
    with patch.multiple(file_journal, SNAPSHOT_AFTER_TRANSACTIONS=3, CHUNK_BYTES=20):
        for number in range(3):
            written.add(str(number))
            written.journal.commit()
        assert written.journal.tend(written.store) is True
    assert len(written.reopened()) == 3
    with tampered(written.path) as execute:
        assert execute("SELECT count(*) FROM chunk").fetchone() == (0,)


# --- a disk that is full ---------------------------------------------------------------------


def _fill_disk(journal, *, spare_pages=0):
    execute = journal._file.connection.execute
    (pages,) = execute("PRAGMA page_count").fetchone()
    execute(f"PRAGMA max_page_count = {pages + spare_pages}")


def _free_disk(journal):
    journal._file.connection.execute("PRAGMA max_page_count = 1000000")


def test_a_full_disk_says_so_and_keeps_what_was_there(written):
    written.add("a")
    written.journal.commit()
    _fill_disk(written.journal)
    written.add("x" * 100_000)
    with pytest.raises(StorageFailed, match="disk is full"):
        written.journal.commit()
    _free_disk(written.journal)
    written.add("b")
    written.journal.commit()
    assert [name for _, name in written.reopened()] == ["a", "b"]


def test_a_full_disk_puts_a_snapshot_off(written):
    with patch.multiple(file_journal, SNAPSHOT_AFTER_TRANSACTIONS=1, CHUNK_BYTES=100_000):
        written.add("x" * 100_000)
        written.journal.commit()
        _fill_disk(written.journal)
        assert written.journal.tend(written.store) is False
        assert written.journal.tend(written.store) is False
        _free_disk(written.journal)
        written.add("y" * 110_000)
        written.journal.commit()
        while written.journal.tend(written.store):
            pass
    assert len(written.reopened()) == 2
    with tampered(written.path) as execute:
        assert execute("SELECT count(*) FROM log").fetchone() == (0,)


def test_a_call_on_a_full_disk_fails_and_is_undone(tmp_path):
    with running(folder=tmp_path) as database:
        call(database, "add", "Ada", 36)
        journal = database._instance.journal
        database.transact(lambda _tx: _fill_disk(journal)).result()
        with pytest.raises(StorageFailed, match="disk is full: nothing was changed"):
            call(database, "add", "x" * 100_000, 1)
        assert rows(database, "person") == [(1, "Ada", 36)]
        database.transact(lambda _tx: _free_disk(journal)).result()
        assert call(database, "add", "Eve", 1).status == "committed"
        before = rows(database, "person")
    with Engine(tmp_path) as engine:
        assert rows(engine.database("sample"), "person") == before


def test_a_whole_group_fails_together(tmp_path):
    with running(folder=tmp_path) as database:
        journal = database._instance.journal

        database.transact(lambda _tx: _fill_disk(journal)).result()
        futures = []

        def queue_several(_tx):
            # While this runs, so that all are in its group.
            for n in range(3):
                arguments = (100_000).to_bytes(4, "little") + b"%0100000d" % n + bytes(4)
                futures.append(database.call("add", arguments, ME))
            futures.append(database.sql("SELECT name FROM person", ME, is_owner=True))

        futures.append(database.transact(queue_several))
        wait(futures[:1])
        for future in futures:
            with pytest.raises(StorageFailed):
                future.result()
        assert rows(database, "person") == []


# --- files that are not as they were left ----------------------------------------------------


def _flip(execute, table, column):
    (rowid, blob) = execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone()
    damaged = blob[:-1] + bytes([blob[-1] ^ 1])
    execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (damaged, rowid))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda execute: _flip(execute, "log", "records"), "change 5 is not as it was written"),
        (lambda execute: _flip(execute, "chunk", "rows"), "chunk 0 of its snapshot is not as it was written"),
        (lambda execute: execute("DELETE FROM log WHERE first = 2"), "change 2 is missing"),
        (lambda execute: execute("DELETE FROM chunk"), "its snapshot has 0 of 1 chunks"),
        (lambda execute: execute("UPDATE log SET records = substr(records, 1, 9)"), "change 2"),
        (lambda execute: execute("UPDATE log SET first = first + 1"), "change 2 is missing"),
        (lambda execute: execute("DELETE FROM snapshot"), "it has no snapshot"),
        (lambda execute: execute("DELETE FROM module"), "of 6 confirmed changes it has the first 0 only"),
        (lambda execute: execute("UPDATE module SET numbering = '['"), "its module is not as it was written"),
        (lambda execute: execute("UPDATE module SET definition = 'text'"), "its module is not as it was written"),
        (lambda execute: execute("UPDATE snapshot SET sequences = '{}'"), "its snapshot is not as it was written"),
        (lambda execute: execute("UPDATE chunk SET table_id = 1"), "chunk 0 of its snapshot is not as it was written"),
        (lambda execute: execute("UPDATE log SET records = 'text'"), "change 2 is not as it was written"),
    ],
)
def test_damage_is_found_and_told(tmp_path, damage, message):
    path = tmp_path / "journal.sqlite"
    written = Written(path)
    written.add("before")
    written.journal.replace(b"program", write_module_def(SCHEMA), written.store)
    written.journal.close()
    written.journal = FileJournal(path)
    written.store = Store(SCHEMA)
    written.journal.replay(written.store)
    for group in (["a"], ["b"]):
        for name in group:
            written.add(name)
        written.add(*group)
        written.journal.commit()
    written.journal.close()
    with tampered(path) as execute:
        damage(execute)
    with pytest.raises(DataDirectoryError, match=message) as damaged:
        written.reopened()
    assert "damaged" in str(damaged.value)
    assert damaged.value.hint


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"rubbish " * 1000)
    with pytest.raises(DataDirectoryError, match="damaged"):
        FileJournal(path)


def test_a_file_of_another_program(tmp_path):
    path = tmp_path / "journal.sqlite"
    with tampered(path) as execute:
        execute("CREATE TABLE t (a)")
    with pytest.raises(DataDirectoryError, match="not written by stdbpy"):
        FileJournal(path)


def test_a_file_of_a_newer_version(written):
    written.journal.close()
    with tampered(written.path) as execute:
        execute("PRAGMA user_version = 99")
    with pytest.raises(DataDirectoryError, match="newer stdbpy") as newer:
        FileJournal(written.path)
    assert "pip install -U" in newer.value.hint


def test_a_file_of_an_older_version(written):
    written.journal.close()
    with tampered(written.path) as execute:
        execute("PRAGMA user_version = 1")
    with pytest.raises(DataDirectoryError, match="older stdbpy"):
        FileJournal(written.path)


def test_a_file_in_use(written):
    with pytest.raises(DataDirectoryError, match="in use"):
        FileJournal(written.path)


def test_a_damaged_database_does_not_keep_others_from_working(tmp_path):
    with Engine(tmp_path) as engine:
        for name in ("good", "bad"):
            engine.publish(program(), owner=OWNER, name=name)
        call(engine.database("bad"), "add", "Ada", 1)
        folder = next((tmp_path / "databases").glob(f"{engine.resolve('bad')}-*"))
    with tampered(folder / "journal.sqlite") as execute:
        _flip(execute, "log", "records")
    with Engine(tmp_path) as engine:
        assert call(engine.database("good"), "add", "Ada", 1).status == "committed"
        for use in (lambda database: database.schema, lambda database: database.call("add", b"", None).result()):
            with pytest.raises(DataDirectoryError, match=r"cannot be opened.*damaged"):
                use(engine.database("bad"))
        engine.publish(program(), owner=OWNER, name="bad", clear=True)
        assert rows(engine.database("bad"), "person") == []
