from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from stdbpy.engine import Engine
from stdbpy.engine import engine as engine_module
from stdbpy.engine.names import check_name, new_database_identity
from stdbpy.errors import (
    DatabaseNotFound,
    DataDirectoryError,
    EngineError,
    InitFailed,
    InvalidName,
    MigrationRefused,
    ModuleLoadError,
    NameTaken,
    NotAllowed,
)
from stdbpy.sats.values import Identity
from tests.engine.sample import CONNECTED, ME, OWNER, PEOPLE, STRANGER, call, program, rows

LOUDER = PEOPLE.replace("never mind", "NEVER MIND")


@pytest.fixture(params=["in memory", "on disk"])
def engine(request, tmp_path):
    with Engine(tmp_path / "data" if request.param == "on disk" else None) as engine:
        yield engine


def publish(engine, source=PEOPLE, **options):
    return engine.publish(program(source), **{"owner": OWNER, "name": "sample", **options})


# --- publishing ------------------------------------------------------------------------------


def test_a_database_is_made_and_found(engine):
    result = publish(engine)
    assert (result.op, result.name) == ("created", "sample")
    database = engine.database("sample")
    assert database is engine.database(result.database_identity.hex())
    assert (database.identity, database.owner, database.names) == (result.database_identity, OWNER, ["sample"])
    assert database.host_type == "Python"
    assert len(database.program_hash) == 32
    assert engine.databases_of(OWNER) == [database]
    assert engine.databases_of(STRANGER) == []


def test_a_database_needs_no_name(engine):
    first = engine.publish(program(), owner=OWNER)
    second = engine.publish(program(), owner=OWNER)
    assert first.database_identity != second.database_identity
    assert first.name is None
    assert engine.database(first.database_identity.hex()).names == []


def test_an_update_of_a_database_that_is_busy_is_given_up(engine, monkeypatch):
    monkeypatch.setattr(engine_module, "_UPDATE_PATIENCE", 0.01)
    publish(engine)
    ends = Event()
    held = engine.database("sample").transact(lambda _: ends.wait(60))
    with pytest.raises(EngineError, match="is busy: nothing was changed"):
        publish(engine, LOUDER)
    with pytest.raises(EngineError, match="is busy"):
        engine.plan(program(LOUDER), database=engine.database("sample").identity, caller=OWNER)
    ends.set()
    assert held.result(60)
    monkeypatch.undo()
    assert publish(engine, LOUDER).op == "updated"


def test_an_update_that_has_to_wait_holds_up_its_own_database_only(engine, monkeypatch):
    publish(engine)
    database, waits, ends = engine.database("sample"), Event(), Event()
    update = database.update

    def noted(*args):
        waits.set()
        return update(*args)

    monkeypatch.setattr(database, "update", noted)
    held = database.transact(lambda _: ends.wait(5))
    with ThreadPoolExecutor() as pool:
        updated = pool.submit(publish, engine, LOUDER)
        assert waits.wait(60)
        assert publish(engine, name="other").op == "created"
        assert not held.done()
        ends.set()
        assert updated.result(60).op == "updated"


def test_an_identity_of_ones_own_choice(engine):
    identity = new_database_identity()
    assert engine.publish(program(), owner=OWNER, database=identity).op == "created"
    assert engine.publish(program(LOUDER), owner=OWNER, database=identity).op == "updated"


def test_an_update_changes_the_code_and_keeps_the_data(engine):
    identity = publish(engine).database_identity
    call(engine.database("sample"), "add", "Ada", 36)
    hash = engine.database("sample").program_hash
    result = publish(engine, LOUDER)
    assert (result.database_identity, result.op) == (identity, "updated")
    database = engine.database("sample")
    assert call(database, "add_then_refuse", "x").error == "NEVER MIND"
    assert rows(database, "person") == [(1, "Ada", 36)]
    # What the database was made with.
    assert database.program_hash == hash


def test_the_same_program_again_is_no_update(engine):
    publish(engine)
    lines = len(engine.database("sample").logs.tail())
    assert publish(engine).op == "updated"
    assert len(engine.database("sample").logs.tail()) == lines


def test_clearing_starts_again_without_data(engine):
    identity = publish(engine).database_identity
    call(engine.database("sample"), "add", "Ada", 36)
    assert publish(engine, clear=True).op == "updated"
    database = engine.database("sample")
    assert (database.identity, rows(database, "person")) == (identity, [])
    call(database, "add", "Eve", 1)
    assert rows(database, "person") == [(1, "Eve", 1)]


def test_clearing_what_is_not_there_makes_it(engine):
    assert publish(engine, clear=True).op == "created"


@pytest.mark.parametrize("clear", [False, True])
def test_nobody_elses_database(engine, clear):
    identity = publish(engine).database_identity
    with pytest.raises(NameTaken):
        publish(engine, owner=STRANGER, clear=clear)
    with pytest.raises(NotAllowed):
        publish(engine, owner=STRANGER, name=None, database=identity, clear=clear)


def test_a_module_with_errors_changes_nothing(engine):
    with pytest.raises(ModuleLoadError):
        publish(engine, "def broken(")
    with pytest.raises(DatabaseNotFound):
        engine.database("sample")
    publish(engine)
    with pytest.raises(ModuleLoadError):
        publish(engine, "def broken(", clear=True)
    assert call(engine.database("sample"), "add", "Ada", 1).status == "committed"


@pytest.mark.parametrize(
    "body", ["raise ReducerError('not today')", "ctx.db.person.insert(Person(1, 'not today', 'x'))"]
)
def test_an_init_that_fails_makes_no_database(engine, body):
    broken = f"{PEOPLE}\n@init\ndef begin(ctx: ReducerContext) -> None:\n    {body}\n"
    with pytest.raises(InitFailed, match="not today"):
        publish(engine, broken)
    with pytest.raises(DatabaseNotFound):
        engine.database("sample")
    # The name comes before the database.
    identity = engine.resolve("sample")
    assert identity is not None
    assert publish(engine).database_identity == identity
    with pytest.raises(InitFailed):
        publish(engine, broken, clear=True)
    assert call(engine.database("sample"), "add", "Ada", 1).status == "committed"


@pytest.mark.parametrize(
    ("bytes", "reason"), [(b"\0asm\1\0\0\0", "imports nothing"), (b"hello", "neither"), (b"", "neither")]
)
def test_what_is_no_python_module(engine, bytes, reason):
    with pytest.raises(EngineError, match=reason):
        engine.publish(bytes, owner=OWNER, name="sample")


def test_init_can_fill_tables(engine):
    publish(engine, f"{PEOPLE}\n@init\ndef begin(ctx: ReducerContext) -> None:\n    add(ctx, 'Ada', 36)\n")
    assert rows(engine.database("sample"), "person") == [(1, "Ada", 36)]


# --- deleting --------------------------------------------------------------------------------


def test_a_deleted_database_is_gone_and_its_name_stands_for_the_next(engine):
    identity = publish(engine).database_identity
    with pytest.raises(NotAllowed):
        engine.delete(identity, STRANGER)
    database = engine.database("sample")
    engine.delete(identity, OWNER)
    with pytest.raises(DatabaseNotFound):
        engine.database("sample")
    with pytest.raises(EngineError, match="closed"):
        database.call("add", b"", ME).result(60)
    with pytest.raises(DatabaseNotFound):
        engine.delete(identity, OWNER)
    assert engine.resolve("sample") == identity
    assert publish(engine, owner=STRANGER).op == "created"
    assert engine.resolve("sample") == identity
    assert rows(engine.database("sample"), "person") == []
    with pytest.raises(NameTaken):
        publish(engine)


# --- names -----------------------------------------------------------------------------------


def test_several_names(engine):
    identity = publish(engine).database_identity
    engine.add_name(identity, "other")
    assert engine.database("other").names == ["sample", "other"]
    engine.set_names(identity, ["third", "other"])
    assert engine.database("other").names == ["third", "other"]
    assert engine.resolve("sample") is None


def test_names_of_other_databases_are_taken(engine):
    mine = publish(engine).database_identity
    publish(engine, name="theirs", owner=STRANGER)
    publish(engine, name="second")
    for name in ("theirs", "second"):
        with pytest.raises(NameTaken):
            engine.add_name(mine, name)
        with pytest.raises(NameTaken):
            engine.set_names(mine, ["new", name])
    assert engine.names_of(mine) == ["sample"]
    with pytest.raises(DatabaseNotFound):
        engine.add_name(new_database_identity(), "x")


def test_an_unknown_name_has_a_hint(engine):
    publish(engine)
    with pytest.raises(DatabaseNotFound) as unknown:
        engine.database("smaple")
    assert "'sample'" in unknown.value.hint


@pytest.mark.parametrize("name", ["a", "0", "a-b", "1-2-3", "a" * 200, "c" * 63, "g" * 64])
def test_names(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "A", "a_b", "a--b", "-a", "a-", "ä", "a.b", "a/b", "a b", "a\n", "c2" * 32, "-"])
def test_what_is_no_name(engine, name):
    with pytest.raises(InvalidName):
        publish(engine, name=name)
    if name != "c2" * 32:
        with pytest.raises(InvalidName):
            engine.database(name)


def test_a_bad_name_comes_with_a_good_one():
    with pytest.raises(InvalidName) as invalid:
        check_name("My_Game")
    assert "'my-game'" in invalid.value.hint


def test_new_identities_differ_and_look_like_identities():
    first, second = new_database_identity(), new_database_identity()
    assert first != second
    assert first.hex().startswith("c200")
    assert isinstance(first, Identity)


# --- the data directory ----------------------------------------------------------------------


def test_everything_is_there_after_a_restart(tmp_path):
    with Engine(tmp_path) as engine:
        publish(engine)
        publish(engine, LOUDER)
        engine.add_name(engine.resolve("sample"), "second")
        call(engine.database("sample"), "add", "Ada", 36)
        hash = engine.database("sample").program_hash
        kept_lines = engine.database("sample").logs.tail()
    with Engine(tmp_path) as engine:
        database = engine.database("second")
        assert (database.owner, database.names, database.program_hash) == (OWNER, ["sample", "second"], hash)
        assert database.host_type == "Python"
        assert rows(database, "person") == [(1, "Ada", 36)]
        assert call(database, "add_then_refuse", "x").error == "NEVER MIND"
        assert database.logs.tail()[: len(kept_lines)] == kept_lines
        # Numbers of the block that was taken before are not given out again.
        call(database, "add", "Eve", 1)
        assert rows(database, "person")[-1] == (4098, "Eve", 1)


def test_deleted_and_cleared_databases_leave_no_files(tmp_path):
    with Engine(tmp_path) as engine:
        publish(engine)
        publish(engine, clear=True)
        with pytest.raises(InitFailed):
            publish(engine, "@init\ndef begin(ctx: ReducerContext) -> None:\n    raise ReducerError('x')\n", clear=True)
        assert len(list((tmp_path / "databases").iterdir())) == 1
        engine.delete(engine.resolve("sample"), OWNER)
        assert list((tmp_path / "databases").iterdir()) == []


def test_what_a_crash_left_behind_is_cleared_away(tmp_path):
    with Engine(tmp_path) as engine:
        publish(engine)
        engine._control.note_rubbish("half-made")
        (tmp_path / "databases" / "half-made").mkdir()
        (tmp_path / "databases" / "half-made" / "journal.sqlite").write_bytes(b"x")
    with Engine(tmp_path) as engine:
        assert not (tmp_path / "databases" / "half-made").exists()
        assert engine.database("sample").schema.tables_by_name.keys() == {"person"}


def test_one_process_at_a_time(tmp_path):
    with Engine(tmp_path):
        with pytest.raises(DataDirectoryError, match="in use"):
            Engine(tmp_path)
        other = subprocess.run(
            [
                sys.executable,
                "-c",
                f"from pathlib import Path; from stdbpy.engine import Engine; Engine(Path({str(tmp_path)!r}))",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "is in use by another process" in other.stderr
    Engine(tmp_path).close()


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirectoryError):
        Engine(tmp_path / "file")


def test_missing_data_are_told(tmp_path):
    with Engine(tmp_path) as engine:
        publish(engine)
    [folder] = (tmp_path / "databases").iterdir()
    (folder / "journal.sqlite").unlink()
    with Engine(tmp_path) as engine, pytest.raises(DataDirectoryError, match="missing"):
        _ = engine.database("sample").schema


def test_a_module_that_cannot_be_loaded_any_more_does_not_hide_its_data(tmp_path):
    library = tmp_path / "extra" / "vanishing_library.py"
    library.parent.mkdir()
    library.write_text("")
    source = "import vanishing_library\n" + PEOPLE
    sys.path.insert(0, str(library.parent))
    try:
        with Engine(tmp_path / "data") as engine:
            publish(engine, source)
            call(engine.database("sample"), "add", "Ada", 36)
    finally:
        sys.path.remove(str(library.parent))
        sys.modules.pop("vanishing_library", None)
        sys.path_importer_cache.clear()
    library.unlink()
    with Engine(tmp_path / "data") as engine:
        database = engine.database("sample")
        assert rows(database, "person") == [(1, "Ada", 36)]
        with pytest.raises(EngineError, match="cannot be run"):
            call(database, "add", "Eve", 1)
        publish(engine, PEOPLE)
        assert call(database, "add", "Eve", 1).status == "committed"
        assert [row[1] for row in rows(database, "person")] == ["Ada", "Eve"]


def test_code_that_has_come_to_mean_something_else_is_migrated_if_it_can_be(tmp_path, monkeypatch):
    pets = """
import os

if os.environ.get("WITH_PETS"):
    @table(name="pet")
    class Pet:
        name: str
"""
    with Engine(tmp_path) as engine:
        publish(engine, PEOPLE + pets)
        call(engine.database("sample"), "add", "Ada", 36)
    monkeypatch.setenv("WITH_PETS", "1")
    with Engine(tmp_path) as engine:
        assert rows(engine.database("sample"), "pet") == []
        assert rows(engine.database("sample"), "person") == [(1, "Ada", 36)]
    monkeypatch.delenv("WITH_PETS")
    with Engine(tmp_path) as engine:
        # The table is empty, so it may go.
        assert engine.database("sample").schema.tables_by_name.keys() == {"person"}


HEARS = (
    PEOPLE
    + """
@client_disconnected
def bye(ctx: ReducerContext) -> None:
    ctx.db.person.insert(Person(id=0, name=f"{ctx.sender}", age=1))
"""
)


def clients_and_people(database):
    (result,) = database.sql("SELECT COUNT(*) AS n FROM st_client", ME, is_owner=True).result(60)
    return result.rows[0][0], [row[1] for row in rows(database, "person")]


def test_clients_that_a_crash_left_behind_are_disconnected_before_an_update(tmp_path):
    with Engine(tmp_path) as engine:
        publish(engine, HEARS)
        engine.database("sample").connected(CONNECTED).result(60)
    with Engine(tmp_path) as engine:
        publish(engine, HEARS.replace("age=1", "age=2"))
        database = engine.database("sample")
        assert clients_and_people(database) == (0, [str(STRANGER)])
        assert rows(database, "person")[0][2] == 1


def test_clients_that_a_crash_left_behind_are_disconnected_by_code_that_means_something_else(tmp_path, monkeypatch):
    source = (
        HEARS
        + """
import os

if os.environ.get("WITH_PETS"):
    @table(name="pet")
    class Pet:
        name: str
"""
    )
    with Engine(tmp_path) as engine:
        publish(engine, source)
        engine.database("sample").connected(CONNECTED).result(60)
    monkeypatch.setenv("WITH_PETS", "1")
    with Engine(tmp_path) as engine:
        assert clients_and_people(engine.database("sample")) == (0, [str(STRANGER)])


def test_clients_that_a_crash_left_behind_are_disconnected_by_the_next_module_that_can_be_run(tmp_path, monkeypatch):
    source = (
        HEARS
        + """
import os

if os.environ.get("BROKEN"):
    raise RuntimeError("no")
"""
    )
    with Engine(tmp_path) as engine:
        publish(engine, source)
        engine.database("sample").connected(CONNECTED).result(60)
    monkeypatch.setenv("BROKEN", "1")
    with Engine(tmp_path) as engine:
        database = engine.database("sample")
        database.disconnected(CONNECTED).result(60)
        assert clients_and_people(database) == (1, [])
        publish(engine, HEARS)
        assert clients_and_people(database) == (0, [str(STRANGER)])


def test_nobody_waits_for_a_program_that_takes_long_to_be_loaded(monkeypatch):
    """As large ones in WebAssembly take."""
    slow, is_loading, may_go_on = program(LOUDER), Event(), Event()
    load = engine_module.load_program

    def load_slowly(content, *args, **options):
        if content == slow:
            is_loading.set()
            assert may_go_on.wait(60)
        return load(content, *args, **options)

    monkeypatch.setattr(engine_module, "load_program", load_slowly)
    with Engine(None) as engine, ThreadPoolExecutor() as pool:
        publishing = [pool.submit(engine.publish, slow, owner=OWNER, name="slow") for _ in range(2)]
        assert is_loading.wait(60)
        publish(engine)
        may_go_on.set()
        assert sorted(each.result(60).op for each in publishing) == ["created", "updated"]
        assert engine.database("slow").schema == engine.database("sample").schema


def test_a_refused_update_changes_nothing(engine):
    publish(engine)
    call(engine.database("sample"), "add", "Ada", 36)
    with pytest.raises(MigrationRefused):
        publish(engine, LOUDER.replace("name: str = column(unique=True)", "name: u64 = column(unique=True)"))
    database = engine.database("sample")
    assert call(database, "add_then_refuse", "x").error == "never mind"
    assert rows(database, "person") == [(1, "Ada", 36)]
