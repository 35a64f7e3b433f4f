"""Procedures of Python modules: what they return, their transactions, and what becomes of those."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from threading import Thread

import pytest

from stdbpy.debugging import is_debugged
from stdbpy.engine import Caller, Engine, ProcedureOutcome
from stdbpy.engine.procedures import lease
from stdbpy.errors import EngineError, InvalidArguments, ModuleChanged, NoSuchProcedure, NotAllowed
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import ConnectionId
from tests.engine.procedures import stage
from tests.engine.sample import CONNECTED, ME, OWNER, Clock, call, program, rows, running

SOURCE = """
from stdbpy.errors import HostError
from tests.engine.procedures import stage


@table(name="item", public=True)
class Item:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str = column(unique=True)


@reducer
def add(ctx: ReducerContext, name: str) -> None:
    ctx.db.item.insert(Item(id=0, name=name))


@procedure
def join(ctx: ProcedureContext, left: str, right: u32) -> str:
    return f"{left}{right} for {ctx.sender} on {ctx.connection_id} at {ctx.timestamp}"


@procedure
def insert(ctx: ProcedureContext, name: str) -> u64:
    with ctx.transaction() as tx:
        return tx.db.item.insert(Item(id=0, name=name)).id


@procedure
def insert_and_fail(ctx: ProcedureContext, name: str) -> None:
    with ctx.transaction() as tx:
        tx.db.item.insert(Item(id=0, name=name))
    with ctx.transaction() as tx:
        tx.db.item.insert(Item(id=0, name=name + "2"))
        raise KeyError(name)


@procedure
def nested(ctx: ProcedureContext) -> list[str]:
    found = []
    with ctx.transaction() as tx:
        for forbidden in (
            ctx.transaction().__enter__,
            lambda: ctx.sleep_until(ctx.timestamp),
            lambda: ctx.http.get("http://x/"),
        ):
            try:
                forbidden()
            except HostError as error:
                found.append(str(error.code))
        tx.db.item.insert(Item(id=0, name="nested"))
    return found


@procedure
def stay(ctx: ProcedureContext, name: str) -> None:
    with ctx.transaction() as tx:
        tx.db.item.insert(Item(id=0, name=name))
        stage.happened("open")
        stage.wait_for("go on")
        tx.db.item.insert(Item(id=0, name=name + "2"))


@procedure
def wait(ctx: ProcedureContext) -> str:
    stage.happened("waiting")
    stage.wait_for("go on")
    with ctx.transaction() as tx:
        tx.db.item.insert(Item(id=0, name="waited"))
    return "done"


@procedure
def sleep(ctx: ProcedureContext, micros: i64) -> Timestamp:
    stage.happened("sleeping")
    ctx.sleep(TimeDuration(micros))
    return ctx.timestamp


@procedure
def count_up(ctx: ProcedureContext, times: u32) -> None:
    for _ in range(times):
        with ctx.transaction() as tx:
            tx.db.item.insert(Item(id=0, name=f"n{tx.db.item.count()}"))


@reducer
def count_once(ctx: ReducerContext) -> None:
    ctx.db.item.insert(Item(id=0, name=f"n{ctx.db.item.count()}"))
"""


OTHER = Caller(CONNECTED.identity, ConnectionId.from_int(8), CONNECTED.claims)


def text(value: str) -> bytes:
    return len(value).to_bytes(4, "little") + value.encode()


@pytest.fixture(autouse=True)
def _fresh_stage():
    stage.reset()
    yield
    stage.reset()


@pytest.fixture
def database():
    with running(SOURCE) as database:
        yield database


def begin(database, procedure: str, *args: object, caller: Caller = ME) -> Future[ProcedureOutcome]:
    schema = database.schema
    definition = next(one for one in schema.procedures if one.name == procedure)
    return database.call_procedure(procedure, compile_codec(definition.params, schema.typespace).encode(args), caller)


def run(database, procedure: str, *args: object, caller: Caller = ME):
    """What a procedure returns."""
    outcome = begin(database, procedure, *args, caller=caller).result(stage.PATIENCE)
    assert outcome.error is None, outcome.error
    schema = database.schema
    definition = next(one for one in schema.procedures if one.name == procedure)
    return compile_codec(definition.return_type, schema.typespace).decode(outcome.returned)


def names(database) -> list[str]:
    return [name for _, name in rows(database, "item")]


def test_what_a_procedure_is_given_and_returns(database):
    said = run(database, "join", "x", 7, caller=CONNECTED)
    assert said.startswith(f"x7 for {CONNECTED.identity} on {CONNECTED.connection_id} at ")


def test_transactions_of_procedures_are_told_like_any(database):
    commits = []
    stop = database.on_commit(commits.append)
    assert run(database, "insert", "a") == 1
    stop()
    [commit] = commits
    assert commit.reducer is None
    assert names(database) == ["a"]


def test_a_failure_undoes_only_the_transaction_that_is_open(database):
    outcome = begin(database, "insert_and_fail", "a").result(stage.PATIENCE)
    assert outcome == ProcedureOutcome(None, "The module instance encountered a fatal error: KeyError: 'a'")
    assert names(database) == ["a"]
    assert any("KeyError" in line for line in database.logs.tail())
    assert run(database, "insert", "b") == 3


def test_nothing_may_wait_inside_a_transaction(database):
    assert run(database, "nested") == ["17", "17", "17"]
    assert names(database) == ["nested"]


def test_who_calls_what(database):
    with pytest.raises(NoSuchProcedure, match="No such procedure"):
        database.call_procedure("nope", b"", ME).result(stage.PATIENCE)
    with pytest.raises(NoSuchProcedure):
        database.call_procedure("add", b"\0\0\0\0", ME).result(stage.PATIENCE)
    with pytest.raises(InvalidArguments, match="invalid arguments for procedure insert"):
        database.call_procedure("insert", b"\1", ME).result(stage.PATIENCE)
    with pytest.raises(ModuleChanged):
        database.call_procedure("insert", b"", ME, schema=object()).result(stage.PATIENCE)


def test_everybody_waits_for_an_open_transaction(database):
    staying = begin(database, "stay", "a")
    stage.wait_for("open")
    waiting = database.call("add", text("b"), ME)
    assert not waiting.done()
    stage.happened("go on")
    assert staying.result(stage.PATIENCE).error is None
    assert waiting.result(stage.PATIENCE).status == "committed"
    assert names(database) == ["a", "a2", "b"]


@pytest.mark.difference("a transaction of a procedure that is open for 30 seconds")
def test_a_transaction_that_stays_open_too_long_is_taken_back(database, monkeypatch):
    monkeypatch.setattr(lease, "LONGEST_LEASE", 0.05)
    staying = begin(database, "stay", "a")
    stage.wait_for("open")
    assert call(database, "add", "b").status == "committed"
    stage.happened("go on")
    assert "has ended" in (staying.result(stage.PATIENCE).error or "")
    assert names(database) == ["b"]


def test_a_transaction_is_not_taken_back_from_who_debugs_it(database, monkeypatch):
    monkeypatch.setattr(lease, "LONGEST_LEASE", 0.01)
    asked = threading.Event()

    def is_debugged() -> bool:
        asked.set()
        return True

    monkeypatch.setattr(lease, "is_debugged", is_debugged)
    staying = begin(database, "stay", "a")
    stage.wait_for("open")
    assert asked.wait(stage.PATIENCE)
    stage.happened("go on")
    assert staying.result(stage.PATIENCE).error is None


def test_who_debugs_traces_threads(monkeypatch):
    assert not is_debugged()
    monkeypatch.setattr(threading, "_trace_hook", lambda *_: None)  # what settrace sets for threads to come
    assert is_debugged()


def test_procedures_and_reducers_at_once_lose_nothing(database):
    procedures = [begin(database, "count_up", 20) for _ in range(20)]
    reducers = [database.call("count_once", b"", ME) for _ in range(100)]
    assert all(procedure.result(60).error is None for procedure in procedures)
    assert all(reducer.result(60).status == "committed" for reducer in reducers)
    assert sorted(names(database)) == sorted(f"n{number}" for number in range(500))


def test_sleepers_wake_when_the_clock_is_set():
    clock = Clock()
    with running(SOURCE, clock=clock) as database:
        sleeping = begin(database, "sleep", 3_600_000_000)
        stage.wait_for("sleeping")
        clock.advance(3601)
        database.run_due().result(stage.PATIENCE)
        assert sleeping.result(stage.PATIENCE).error is None


def test_sleeping_into_the_past_is_no_sleep(database):
    assert run(database, "sleep", -5) > 0


def test_closing_wakes_sleepers_and_aborts_what_is_open(database):
    sleeping = begin(database, "sleep", 3_600_000_000)
    stage.wait_for("sleeping")
    assert database.close(stage.PATIENCE)
    assert "closed" in (sleeping.result(stage.PATIENCE).error or "")
    with pytest.raises(EngineError, match="closed"):
        begin(database, "insert", "a").result(stage.PATIENCE)


def test_closing_does_not_wait_long_for_an_open_transaction(database, monkeypatch):
    from stdbpy.engine.procedures import procedures

    monkeypatch.setattr(procedures, "_PATIENCE", 0.05)
    staying = begin(database, "stay", "a")
    stage.wait_for("open")
    assert database.close(stage.PATIENCE)
    stage.happened("go on")
    assert staying.result(stage.PATIENCE).error is not None


MORE = '\n@table(name="more")\nclass More:\n    id: u64\n'
OTHER_COLUMNS = SOURCE.replace(
    "    name: str = column(unique=True)\n", "    name: str = column(unique=True)\n    age: u32 = 0\n"
)


@pytest.mark.parametrize("after", [SOURCE + "\n# other code", SOURCE + MORE], ids=["other code", "another table"])
def test_a_procedure_goes_on_after_an_update_that_leaves_its_tables(database_and_engine, after):
    database, engine = database_and_engine
    waiting = begin(database, "wait")
    stage.wait_for("waiting")
    engine.publish(program(after), owner=OWNER, name="sample")
    stage.happened("go on")
    assert waiting.result(stage.PATIENCE).error is None
    assert names(database) == ["waited"]


def test_a_procedure_has_no_tables_any_more_after_an_update_that_changes_them(database_and_engine):
    database, engine = database_and_engine
    waiting = begin(database, "wait")
    stage.wait_for("waiting")
    engine.publish(program(OTHER_COLUMNS), owner=OWNER, name="sample")
    stage.happened("go on")
    assert "updated" in (waiting.result(stage.PATIENCE).error or "")
    assert rows(database, "item") == []
    assert run(database, "insert", "a") == 1


@pytest.fixture
def database_and_engine():
    with Engine(None) as engine:
        engine.publish(program(SOURCE), owner=OWNER, name="sample")
        yield engine.database("sample"), engine


@pytest.mark.difference("procedures that compute at the same time")
def test_more_procedures_than_threads_take_turns(database):
    calls = [begin(database, "wait") for _ in range(40)]
    stage.happened("go on")
    outcomes = [call.result(stage.PATIENCE) for call in calls]
    assert sum(outcome.error is None for outcome in outcomes) == 1, "the name can be taken once"


HOOKS = """
@client_connected
def connected(ctx: ReducerContext) -> None:
    if not ctx.sender_auth.has_jwt:
        raise ReducerError("who are you?")
    ctx.db.item.insert(Item(id=0, name=f"here {ctx.connection_id}"))


@client_disconnected
def disconnected(ctx: ReducerContext) -> None:
    ctx.db.item.insert(Item(id=0, name=f"gone {ctx.connection_id}"))
"""


def test_who_connects_for_a_call_alone():
    with running(SOURCE + HOOKS) as database:
        for caller in (CONNECTED, OTHER):
            database.call_procedure("insert", text("a"), caller, connects=True).result(stage.PATIENCE)
        with pytest.raises(NotAllowed, match="who are you"):
            database.call_procedure("insert", text("b"), ME, connects=True).result(stage.PATIENCE)
        one, other = CONNECTED.connection_id, OTHER.connection_id
        assert names(database) == [f"here {one}", "a", f"gone {one}", f"here {other}", f"gone {other}"]


def test_a_call_of_what_is_not_there_is_a_connection_all_the_same():
    with running(SOURCE + HOOKS) as database:
        with pytest.raises(NoSuchProcedure):
            database.call_procedure("nope", b"", CONNECTED, connects=True).result(stage.PATIENCE)
        assert names(database) == [f"here {CONNECTED.connection_id}", f"gone {CONNECTED.connection_id}"]


def test_closing_while_many_run_does_not_hang(database):
    calls = [begin(database, "count_up", 1000) for _ in range(30)]
    closing = Thread(target=database.close)
    closing.start()
    closing.join(stage.PATIENCE)
    assert not closing.is_alive()
    assert all(call.result(stage.PATIENCE).error for call in calls if call.exception(stage.PATIENCE) is None)
