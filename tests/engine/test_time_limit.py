"""Code in Python that computes for too long is stopped, and only that."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, get_ident
from time import monotonic

import pytest

from stdbpy import time_limit
from stdbpy.engine import Database, Engine
from stdbpy.engine.limits import Limits
from stdbpy.errors import CallStopped, InitFailed, ModuleLoadError, NotAllowed
from stdbpy.schema.http import HttpRequestHead
from stdbpy.time_limit import OutOfTimeError, TimeLimit
from tests.engine.sample import CONNECTED, ME, OWNER, call, program, rows

NOTES = """
import threading

@table(public=True)
class Note:
    id: u32

@reducer
def note(ctx: ReducerContext, id: u32) -> None:
    ctx.db.note.insert(Note(id=id))
"""

SPIN = """
@reducer
def spin(ctx: ReducerContext) -> None:
    ctx.db.note.insert(Note(id=1))
    while True:  # here
        pass
"""

MESSAGE = "{} was stopped: it ran for more than 0.1 seconds"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limit, "BETWEEN", 0.02)


@contextmanager
def running(source: str, seconds: float = 0.1) -> Iterator[Database]:
    with Engine(None, limits=Limits(seconds=seconds)) as engine:
        engine.publish(program(NOTES + source), owner=OWNER, name="sample")
        yield engine.database("sample")


def last_line(database: Database) -> dict[str, object]:
    line: dict[str, object] = json.loads(database.logs.tail(1)[0])
    return line


def expect_goes_on(database: Database) -> None:
    """Nothing of what was stopped has stayed, and nothing that comes later is stopped."""
    assert rows(database, "note") == []
    assert call(database, "note", 7).status == "committed"
    assert rows(database, "note") == [(7,)]


@pytest.mark.difference("a reducer or view that does not end")
def test_a_reducer_is_undone_and_the_log_says_where_it_was() -> None:
    with running(SPIN) as database:
        outcome = call(database, "spin")
        assert outcome.status == "failed"
        assert outcome.error == MESSAGE.format("spin")
        assert outcome.is_bug
        line = last_line(database)
        assert line["level"] == "Panic"
        assert (line["filename"], line["function"]) == ("sample.py", "spin")
        assert str(line["message"]).startswith(f'{MESSAGE.format("spin")}\n  File "sample.py", line ')
        assert "in spin" in str(line["message"])
        expect_goes_on(database)


@pytest.mark.parametrize(
    "loop",
    [
        "while True: ctx.db.note.insert(Note(id=2)); ctx.db.note.delete(Note(id=2))",
        "while True: ctx.log.debug('again')",
        "while True: list(ctx.db.note)",
        "all(id >= 0 for id in iter(lambda: 1, 0))",
    ],
)
def test_at_work_in_stdbpy_most_of_the_time(loop: str) -> None:
    source = f"@reducer\ndef spin(ctx: ReducerContext) -> None:\n    ctx.db.note.insert(Note(id=1))\n    {loop}\n"
    with running(source) as database:
        assert call(database, "spin").error == MESSAGE.format("spin")
        expect_goes_on(database)


def test_what_catches_everything_is_stopped_again_and_undone_though_it_returns() -> None:
    source = """
@reducer
def spin(ctx: ReducerContext) -> None:
    ctx.db.note.insert(Note(id=1))
    for _ in range(3):
        try:
            while True:
                pass
        except BaseException:
            pass
"""
    with running(source) as database:
        assert call(database, "spin").error == MESSAGE.format("spin")
        assert last_line(database)["message"] == MESSAGE.format("spin")
        expect_goes_on(database)


def test_what_ends_in_time_is_not_stopped_however_often_it_is_called() -> None:
    with running("") as database:
        until = monotonic() + 0.5
        number = 0
        while monotonic() < until:
            number += 1
            assert call(database, "note", number).status == "committed"
        assert len(rows(database, "note")) == number


def test_what_waits_in_c_is_stopped_when_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Lock()
    held.acquire()
    monkeypatch.setattr(threading, "held_by_test", held, raising=False)
    stops: list[int] = []
    stop = TimeLimit.stop

    def note_stop(limit: TimeLimit, begun: int) -> None:
        stop(limit, begun)
        stops.append(begun)

    monkeypatch.setattr(TimeLimit, "stop", note_stop)
    source = """
@reducer
def hold(ctx: ReducerContext) -> None:
    ctx.db.note.insert(Note(id=1))
    threading.held_by_test.acquire()
"""
    with running(source) as database:
        waiting = database.call("hold", b"", ME)
        while len(stops) < 3:
            assert not waiting.done()
        held.release()
        assert waiting.result(60).error == MESSAGE.format("hold")
        expect_goes_on(database)


def test_not_while_somebody_debugs(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = Event()
    looks: list[None] = []

    def is_debugged() -> bool:
        looks.append(None)
        if len(looks) > 20:
            looked.set()
        return not looked.is_set()

    monkeypatch.setattr(time_limit, "is_debugged", is_debugged)
    with running(SPIN) as database:
        waiting = database.call("spin", b"", ME)
        assert looked.wait(60)
        assert not waiting.done()
        assert waiting.result(60).error == MESSAGE.format("spin")


def test_not_while_somebody_looks_around_at_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[None] = []

    def is_inspected(_: object) -> bool:
        looks.append(None)
        return len(looks) < 5

    monkeypatch.setattr(time_limit, "is_inspected", is_inspected)
    with running(SPIN) as database:
        assert call(database, "spin").error == MESSAGE.format("spin")
        assert len(looks) >= 5


@pytest.mark.difference("a reducer or view that does not end")
def test_a_view() -> None:
    source = """
@view(public=True)
def endless(ctx: AnonymousViewContext) -> list[Note]:
    while True:
        pass
"""
    with running(source) as database:
        [result] = database.sql("SELECT * FROM endless", ME, is_owner=True).result(60)
        assert result.rows == []
        line = last_line(database)
        assert line["function"] == "endless"
        assert str(line["message"]).startswith(MESSAGE.format("endless"))


def test_what_the_database_calls_itself() -> None:
    source = """
@client_connected
def arrives(ctx: ReducerContext) -> None:
    while True:
        pass
"""
    with running(source) as database, pytest.raises(NotAllowed, match="arrives was stopped"):
        database.connected(CONNECTED).result(60)
    refused = pytest.raises(InitFailed, match=r"(?s)arrives was stopped: .*sample.py.*in arrives")
    with refused, running(source.replace("client_connected", "init")):
        pass


def test_a_procedure_has_its_time_again_after_it_has_waited() -> None:
    source = """
@procedure
def naps(ctx: ProcedureContext) -> u32:
    for _ in range(8):
        ctx.sleep(TimeDuration.of(seconds=0.05))
        with ctx.transaction() as tx:
            tx.db.note.insert(Note(id=1))
    return 7

@procedure
def sleeps(ctx: ProcedureContext) -> u32:
    ctx.sleep(TimeDuration.of(seconds=0.4))
    return 7

@procedure
def spins(ctx: ProcedureContext) -> u32:
    with ctx.transaction() as tx:
        tx.db.note.insert(Note(id=1))
        while True:
            pass
"""
    with running(source) as database:
        for name in ("naps", "sleeps"):
            assert database.call_procedure(name, b"", ME).result(60).returned == (7).to_bytes(4, "little")
        assert len(rows(database, "note")) == 1
        error = database.call_procedure("spins", b"", ME).result(60).error
        assert error == f"The module instance encountered a fatal error: {MESSAGE.format('spins')}"
        assert str(last_line(database)["message"]).startswith(MESSAGE.format("spins"))


def test_an_http_handler() -> None:
    source = """
@http_handler
def hello(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    while True:
        pass

http_router(Router().any("/hello", hello))
"""
    with running(source) as database:
        answer = database.http_handler("GET", "/hello")
        assert answer is not None
        assert answer(HttpRequestHead("GET", "http://localhost/hello", ()), b"").exception(30) is not None
        assert str(last_line(database)["message"]).startswith(MESSAGE.format("hello"))


def test_an_import() -> None:
    with pytest.raises(ModuleLoadError) as refused, running("for _ in iter(int, 1):\n    pass\n"):
        pass
    [problem] = refused.value.problems
    assert problem.message == MESSAGE.format("The import")
    assert problem.where.startswith("sample.py:")
    with running(SPIN) as database:
        expect_goes_on(database)


def test_nothing_comes_after_the_end_of_a_call() -> None:
    """What is raised in another thread comes at one of its next instructions, which may be behind the call."""
    limit = TimeLimit(30, ())
    raise_in = time_limit._raise_function()
    for _ in range(100):
        raising = map(limit._hits.add, map(raise_in, [get_ident()], [OutOfTimeError]))
        with pytest.raises(CallStopped, match="it was stopped: it ran for more than 30 seconds"):
            limit.run("it", list, raising)
    assert limit.run("it", int) == 0


def test_a_debugger_goes_on_behind_a_call_that_was_stopped(monkeypatch):
    limit = TimeLimit(60, {__file__})

    def stopped() -> None:
        limit._hits.add(1)

    with pytest.raises(CallStopped):
        limit.run("spins", stopped)
    monkeypatch.setattr(threading, "_trace_hook", lambda *_: None)
    traced = threading.Thread(target=int, daemon=True)
    traced.start()
    traced.join(20)
    assert not traced.is_alive()
