"""What can be done with a database whose disk is full, and what becomes of it when there is space again."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from unittest.mock import patch

import pytest

from stdbpy.engine import Caller, Database, Engine
from stdbpy.engine import full_disk as full_disks
from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.journal.file_journal import FileJournal
from stdbpy.engine.subscriptions.events import CallRefused, QueryAnswered, Subscribed
from stdbpy.engine.subscriptions.subscriber import ConnectionOptions
from stdbpy.errors import NotAllowed, SqlError, StorageFailed
from stdbpy.sats.values import ConnectionId
from tests.engine.sample import CONNECTED, ME, OWNER, PEOPLE, STRANGER, call, encoded, program, rows, running
from tests.engine.test_subscriptions import ALL, CONFIRMED, Box, names

PATIENCE = 60

HEARS = (
    PEOPLE
    + """
@table(name="visit", public=True)
class Visit:
    id: u64 = column(primary_key=True, auto_inc=True)
    what: str

@view(public=True)
def visits(ctx: AnonymousViewContext) -> list[Visit]:
    return [visit for id in range(1, 9) if (visit := ctx.db.visit.id.find(id))]

@client_connected
def hello(ctx: ReducerContext) -> None:
    if ctx.sender == Identity.from_int(3):
        raise ReducerError("not you")
    ctx.db.visit.insert(Visit(id=0, what="hello"))

@client_disconnected
def bye(ctx: ReducerContext) -> None:
    ctx.db.visit.insert(Visit(id=0, what="bye"))
"""
)


@contextmanager
def full_disk() -> Iterator[None]:
    """Until its end no database can write down what happens."""
    commit = FileJournal.commit

    def write_nothing(journal: FileJournal) -> None:
        if journal._group:
            journal._execute, execute = refuse, journal._execute
            try:
                commit(journal)
            finally:
                journal._execute = execute

    def refuse(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with patch.object(FileJournal, "commit", write_nothing):
        yield


def connected(
    database: Database, caller: Caller = CONNECTED, options: ConnectionOptions = CONFIRMED
) -> tuple[DatabaseConnection, Box]:
    box = Box()
    return database.connect(caller, box, options).result(PATIENCE), box


def read(
    database: Database, text: str, caller: Caller = CONNECTED, *, is_owner: bool = True
) -> list[tuple[object, ...]]:
    """As who connects for this alone."""
    (result,) = database.sql(text, caller, is_owner=is_owner, connects=True).result(PATIENCE)
    return result.rows


def clients(database: Database) -> object:
    """How many are connected."""
    (result,) = database.sql("SELECT COUNT(*) AS n FROM st_client", ME, is_owner=True).result(PATIENCE)
    return result.rows[0][0]


def cannot_add(database: Database) -> None:
    with pytest.raises(StorageFailed, match="disk is full: nothing was changed"):
        call(database, "add", "bob", 40)


@contextmanager
def told(database: Database, message: str) -> Iterator[None]:
    """Ends when the server's own output has said this of the database."""
    is_told = Event()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == message:
                is_told.set()

    listener = Listener()
    full_disks.log.addHandler(listener)
    try:
        yield
        assert is_told.wait(PATIENCE)
    finally:
        full_disks.log.removeHandler(listener)


class TestReading:
    def test_needs_no_disk(self, tmp_path: Path):
        with running(folder=tmp_path) as database:
            call(database, "add", "ann", 20)
            with full_disk():
                cannot_add(database)
                assert read(database, "SELECT name FROM person") == [("ann",)]
                # As on SpacetimeDB, one who asks is connected.
                assert read(database, "SELECT COUNT(*) AS n FROM st_client") == [(1,)]
                with pytest.raises(StorageFailed):
                    read(database, "DELETE FROM person")
            assert read(database, "SELECT name FROM person") == [("ann",)]

    def test_does_not_have_to_fail_once(self, tmp_path: Path):
        with running(HEARS, tmp_path) as database:
            call(database, "add", "ann", 20)
            with full_disk():
                assert read(database, "SELECT name FROM person") == [("ann",)]

    def test_undoes_what_the_module_does_for_it(self, tmp_path: Path):
        with running(HEARS, tmp_path) as database:
            with full_disk():
                cannot_add(database)
                assert read(database, "SELECT what FROM visit") == [("hello",)]
                assert read(database, "SELECT COUNT(*) AS n FROM visits") == [(1,)]
                assert rows(database, "visit") == []
                assert database.sql("SELECT * FROM visits", ME, is_owner=True).result(PATIENCE)[0].rows == []
                with pytest.raises(StorageFailed):
                    read(database, "INSERT INTO visit (id, what) VALUES (0, 'sql')")
                with pytest.raises(SqlError):
                    read(database, "SELECT * FROM nothing")
            assert [what for _, what in rows(database, "visit")] == []

    def test_leaves_nothing_behind_when_it_fails(self, tmp_path: Path):
        with running(folder=tmp_path) as database, full_disk():
            cannot_add(database)
            bug = patch("stdbpy.engine.sql.run_sql", side_effect=ZeroDivisionError)
            with bug, pytest.raises(ZeroDivisionError):
                read(database, "SELECT * FROM person")
            assert clients(database) == 0

    def test_is_still_for_those_whom_the_module_lets_in(self, tmp_path: Path):
        refused = Caller(type(STRANGER).from_int(3), ConnectionId.from_int(9))
        with running(HEARS, tmp_path) as database, full_disk():
            cannot_add(database)
            with pytest.raises(NotAllowed, match="not you"):
                read(database, "SELECT * FROM person", refused)


class TestClients:
    def test_come_and_go(self, tmp_path: Path):
        with running(folder=tmp_path) as database:
            call(database, "add", "ann", 20)
            with full_disk():
                cannot_add(database)
                connection, box = connected(database)
                connection.subscribe("s", 1, [ALL])
                connection.query("q", ALL)
                subscribed, answered = box.take(2)
                assert isinstance(subscribed, Subscribed)
                assert names(subscribed.rows[0].rows) == ["ann"]
                assert isinstance(answered, QueryAnswered)
                connected(database, Caller(STRANGER, ConnectionId.from_int(8)))[0].close().result(PATIENCE)
                cannot_add(database)
            call(database, "add", "bob", 40)
            assert names(box.next().updates[0][1].inserted) == ["bob"]
            assert clients(database) == 1
            # What comes after them is written down behind them.
            written = rows(database, "person")
        with Engine(tmp_path) as engine:
            again = engine.database("sample")
            assert rows(again, "person") == written
            assert clients(again) == 0

    @pytest.mark.parametrize("is_confirmed", [True, False])
    def test_are_not_told_of_what_is_not_written_down(self, is_confirmed: bool, tmp_path: Path):
        with running(folder=tmp_path) as database:
            with full_disk():
                cannot_add(database)
                connection, box = connected(database, options=ConnectionOptions(confirmed=is_confirmed))
                connection.subscribe("s", 1, [ALL])
                assert isinstance(box.next(), Subscribed)
                cannot_add(database)
                connection.call("c", "add", encoded(database, "add", "bob", 40))
                assert isinstance(box.next(), CallRefused)
            call(database, "add", "ann", 20)
            call(database, "add", "eve", 30)
            for name in ("ann", "eve"):
                assert names(box.next().updates[0][1].inserted) == [name]

    def test_are_not_refused_for_what_others_want_to_change(self, tmp_path: Path):
        with running(folder=tmp_path) as database, full_disk():
            cannot_add(database)
            is_queued = Event()
            database.transact(lambda _: is_queued.wait(PATIENCE))
            changing = database.call("add", encoded(database, "add", "bob", 40), ME)
            coming = database.connect(CONNECTED, Box(), ConnectionOptions())
            is_queued.set()
            assert isinstance(changing.exception(PATIENCE), StorageFailed)
            coming.result(PATIENCE)

    def test_are_in_what_an_update_writes_down(self, tmp_path: Path):
        with Engine(tmp_path) as engine:
            engine.publish(program(), owner=OWNER, name="sample")
            database = engine.database("sample")
            with full_disk():
                cannot_add(database)
                connected(database)
            engine.publish(program(HEARS), owner=OWNER, name="sample")
            call(database, "add", "bob", 40)
        with Engine(tmp_path) as engine:
            assert [name for _, name, _ in rows(engine.database("sample"), "person")] == ["bob"]

    def test_that_left_are_told_of_when_there_is_space(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(full_disks, "PAUSE", 0.01)
        with running(HEARS, tmp_path) as database:
            connection, _ = connected(database)
            with told(database, "Database sample can be changed again"), full_disk():
                with pytest.raises(StorageFailed):
                    connected(database, Caller(STRANGER, ConnectionId.from_int(8)))
                connection.close().exception(PATIENCE)
                assert [what for _, what in rows(database, "visit")] == ["hello"]
                is_told_of = Event()
                database.on_commit(lambda commit: is_told_of.set() if commit.reducer == "bye" else None)
            assert is_told_of.wait(PATIENCE)
            assert [what for _, what in rows(database, "visit")] == ["hello", "bye"]
            assert clients(database) == 0

    def test_that_left_are_told_of_in_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(full_disks, "PAUSE", 0.01)
        hears = HEARS.replace('what="bye"', "what=str(int(ctx.connection_id))")
        with running(hears, tmp_path) as database:
            connections = [connected(database, Caller(STRANGER, ConnectionId.from_int(n)))[0] for n in range(4)]
            with told(database, "Database sample can be changed again"), full_disk():
                for connection in connections:
                    connection.close().exception(PATIENCE)
            call(database, "add", "ann", 20)
            assert [what for _, what in rows(database, "visit")][4:] == ["0", "1", "2", "3"]

    def test_that_left_and_came_again_are_told_of_first(self, tmp_path: Path):
        """Who knows its connection id keeps it."""
        with running(HEARS, tmp_path) as database:
            connection, _ = connected(database)
            with full_disk():
                connection.close().exception(PATIENCE)
            again, _ = connected(database)
            assert [what for _, what in rows(database, "visit")] == ["hello", "bye", "hello"]
            assert clients(database) == 1
            again.close().result(PATIENCE)
            assert [what for _, what in rows(database, "visit")][3:] == ["bye"]

    def test_that_were_never_let_in_need_not_be_told_of(self, tmp_path: Path):
        with running(HEARS, tmp_path) as database, full_disk():
            cannot_add(database)
            for number in range(3):
                with pytest.raises(StorageFailed):
                    visitor = Caller(STRANGER, ConnectionId.from_int(number))
                    read(database, "INSERT INTO visit (id, what) VALUES (0, 'sql')", visitor)
            assert database._instance.disk.to_disconnect == []


class TestStarting:
    def test_on_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(full_disks, "PAUSE", 0.01)
        with running(HEARS, tmp_path) as database:
            call(database, "add", "ann", 20)
            connected(database)
        with full_disk(), Engine(tmp_path) as engine:
            database = engine.database("sample")
            assert read(database, "SELECT name FROM person") == [("ann",)]
            cannot_add(database)
        with Engine(tmp_path) as engine:
            assert [what for _, what in rows(engine.database("sample"), "visit")] == ["hello", "bye"]


class TestTheServersOutput:
    def test_says_once_that_it_is_full_and_once_that_it_is_not(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(full_disks, "PAUSE", 0.01)
        with running(folder=tmp_path) as database:
            with told(database, "Database sample can be changed again"), full_disk():
                for _ in range(3):
                    cannot_add(database)
                read(database, ALL)
            call(database, "add", "bob", 40)
        is_full, is_not = caplog.messages
        assert is_full.startswith(
            "Database sample can be read, but not changed. The disk is full: nothing was changed."
        )
        assert "Free space for " in is_full
        assert is_not == "Database sample can be changed again"

    def test_does_not_say_that_there_is_space_for_a_few_bytes(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ):
        with running(folder=tmp_path) as database:
            with monkeypatch.context() as patched:
                patched.setattr(FileJournal, "has_room", lambda _: False)
                for number in range(3):
                    with full_disk():
                        cannot_add(database)
                    call(database, "add", f"ann{number}", 20)
            assert len(caplog.messages) == 1
            call(database, "add", "carl", 40)
            assert caplog.messages[1:] == ["Database sample can be changed again"]
            with full_disk():
                cannot_add(database)
            assert len(caplog.messages) == 3
