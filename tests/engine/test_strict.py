"""Python modules that are imported anew for each call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stdbpy import time_limit
from stdbpy.engine import Database, Engine
from stdbpy.engine.limits import Limits
from stdbpy.schema.http import HttpRequestHead
from tests.engine.sample import CONNECTED, ME, OWNER, call, program, rows

HEAD = """
import functools, itertools, random
from stdbpy import *

print("imported")
"""

VISITS = """
@table(public=True)
class Visit:
    text: str

visits = 0
guests: list[str] = []
by_name: dict[str, list[str]] = {"ann": []}
numbers = itertools.count()
dice = random.Random(5)
same = "as it was"
large = bytearray(3)

class Door:
    opened = 0
    seen: set[str] = set()

class Bell:
    def __init__(self): self.rings = 0

bell = Bell()

@functools.cache
def house(): return object()

def say(ctx, value): ctx.db.visit.insert(Visit(text=str(value)))

@reducer
def visit(ctx: ReducerContext, what: str) -> None:
    global visits, same
    match what:
        case "number": visits += 1; say(ctx, visits)
        case "list": guests.append("ann"); say(ctx, guests)
        case "inside": by_name["ann"].append("bob"); say(ctx, by_name)
        case "counter": say(ctx, next(numbers))
        case "random": say(ctx, dice.random())
        case "class": Door.opened += 1; say(ctx, Door.opened)
        case "class's set": Door.seen.add("ann"); say(ctx, Door.seen)
        case "object": bell.rings += 1; say(ctx, bell.rings)
        case "bytes": large[1] = 7; say(ctx, large)
        case "cache": say(ctx, house.cache_info().currsize); house()
        case "new": globals()["later"] = globals().get("later", 0) + 1; say(ctx, globals()["later"])
        case "same": same = "as " + "it was"; say(ctx, same)
        case "table": say(ctx, isinstance(next(iter(ctx.db.visit), None), Visit))
"""

CHANGED = {
    "number": "visits",
    "list": "guests",
    "inside": "by_name",
    "counter": "numbers",
    "random": "dice",
    "class": "Door",
    "class's set": "Door",
    "object": "bell",
    "bytes": "large",
    "cache": None,
    "new": "later",
    "same": None,
}


@contextmanager
def running(source: str, *, strict: bool = True, seconds: float = 30, **files: str) -> Iterator[Database]:
    with Engine(None, strict=strict, limits=Limits(seconds=seconds)) as engine:
        packed = program(source, head=HEAD, files={f"{name}.py": text for name, text in files.items()})
        engine.publish(packed, owner=OWNER, name="sample")
        yield engine.database("sample")


def said(database: Database) -> list[str]:
    return [text for [text] in rows(database, "visit")]


def warnings(database: Database) -> list[dict[str, str]]:
    return [line for line in map(json.loads, database.logs.tail()) if line["level"] == "Warn"]


@pytest.mark.parametrize("what", CHANGED)
def test_a_call_finds_nothing_of_another_one(what: str, capfd: pytest.CaptureFixture[str]) -> None:
    with running(VISITS) as database:
        imported = capfd.readouterr()
        for _ in range(3):
            assert call(database, "visit", what).status == "committed"
        assert len(set(said(database))) == 1
        told = [(line["filename"], line["function"], line["message"]) for line in warnings(database)]
    name = CHANGED[what]
    said_of = f"The global {name} was changed, and is forgotten now. What is to last belongs in a table"
    assert told == ([] if name is None else [("sample.py", "visit", said_of)])
    # What is said at import was said at the first.
    assert (imported.err, capfd.readouterr().err) == ("imported\n", "")


def test_it_would_otherwise() -> None:
    with running(VISITS, strict=False) as database:
        for _ in range(3):
            call(database, "visit", "number")
        assert sorted(said(database)) == ["1", "2", "3"]
        assert warnings(database) == []


def test_rows_are_of_the_classes_that_the_call_sees() -> None:
    with running(VISITS) as database:
        call(database, "visit", "number")
        call(database, "visit", "table")
        assert sorted(said(database)) == ["1", "True"]


EVERY_KIND = """
from dataclasses import dataclass
import other

calls = []

@table(public=True)
class Visit:
    text: str = column(primary_key=True)

@table(scheduled="tick")
class Tick:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt

def note(tx, what):
    calls.append(what)
    other.calls.append(what)
    tx.db.visit.insert(Visit(text=f"{what} {len(calls)} {len(other.calls)} {len(other.calls)}"))

@reducer
def first(ctx: ReducerContext) -> None: note(ctx, "reducer")

@procedure
def second(ctx: ProcedureContext) -> u32:
    with ctx.transaction() as tx: note(tx, "procedure")
    with ctx.transaction() as tx: note(tx, "again")
    return len(calls)

@reducer
def tick(ctx: ReducerContext, row: Tick) -> None: note(ctx, "schedule")

@view(public=True)
def visits(ctx: AnonymousViewContext) -> list[Visit]:
    calls.append("view")
    return [Visit(text=str(len(calls)))]

@http_handler
def third(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    calls.append("handler")
    return HttpResponse(str(len(calls)))

http_router(Router().get("/third", third))

@reducer
def fail(ctx: ReducerContext) -> None:
    other.stumble()
"""

OTHER = """
calls = []

def stumble():
    calls.append("stumbled")
    raise ValueError(len(calls))
"""


def test_functions_of_all_kinds() -> None:
    with running(EVERY_KIND, other=OTHER) as database:
        for _ in range(2):
            asked = database.call_procedure("second", b"", ME).result()
            assert asked.returned == (2).to_bytes(4, "little")
            call(database, "first")
            database.transact(lambda tx: tx.clear(tx.table_id("visit"))).result()
            [shown] = database.sql("SELECT * FROM visits", ME, is_owner=True).result()
            assert shown.rows == [("1",)]
            answer = database.http_handler("GET", "/third")
            assert answer is not None
            assert answer(HttpRequestHead("GET", "http://localhost/third", ()), b"").result(30)[1] == b"1"
        told = {(line["filename"], line["message"].split()[2]) for line in warnings(database)}
        assert told == {("sample.py", "calls"), ("other.py", "calls")}


def test_bugs_are_told_as_ever() -> None:
    with running(EVERY_KIND, other=OTHER) as strict, running(EVERY_KIND, strict=False, other=OTHER) as usual:
        outcomes = [call(database, "fail") for database in (strict, usual, strict)]
        assert {outcome.error for outcome in outcomes} == {"ValueError: 1"}
        panics = [
            [line for line in map(json.loads, database.logs.tail()) if line["level"] == "Panic"]
            for database in (strict, usual)
        ]
        for line in [*panics[0], *panics[1]]:
            del line["ts"]
        assert panics[0] == panics[1] * 2


def test_a_module_that_declares_something_else_each_time() -> None:
    source = """
    import sys

    sys.sample_imports = getattr(sys, "sample_imports", 0) + 1

    @table(name=f"visit_{sys.sample_imports}")
    class Visit:
        text: str

    @reducer
    def add(ctx: ReducerContext) -> None: ...
    """
    with running(source) as database:
        outcome = call(database, "add")
        assert outcome.status == "failed"
        assert "declares something else each time that it is imported" in str(outcome.error)


def test_a_module_that_cannot_be_imported_twice() -> None:
    source = """
    import sys

    @reducer
    def add(ctx: ReducerContext) -> None: ...

    if hasattr(sys, "sample_was_here"):
        raise RuntimeError("not again")
    sys.sample_was_here = True
    """
    with running(source) as database:
        assert call(database, "add").error == "RuntimeError: not again"


def test_time_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limit, "BETWEEN", 0.02)
    source = """
    @reducer
    def spin(ctx: ReducerContext) -> None:
        while True: pass
    """
    with running(source, seconds=0.3) as database:
        assert call(database, "spin").error == "spin was stopped: it ran for more than 0.3 seconds"


def test_many_calls_leave_nothing_behind() -> None:
    """Namespaces go with their calls: nothing in this process keeps classes of rows."""
    import gc

    with running(VISITS) as database:

        def classes() -> int:
            gc.collect()
            return sum(1 for each in gc.get_objects() if isinstance(each, type) and each.__name__ == "Visit")

        call(database, "visit", "number", caller=CONNECTED)
        before = classes()
        for _ in range(200):
            call(database, "visit", "number")
        assert classes() - before < 20
