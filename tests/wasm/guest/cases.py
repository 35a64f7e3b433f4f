"""Calls of a module's functions whose rows, results, errors and logs are compared with those of the native host."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Protocol

import pytest

from stdbpy.engine import Engine
from stdbpy.engine.results import Caller
from stdbpy.schema.http import HttpRequestHead
from tests.engine.sample import CONNECTED, ME, OWNER, Clock, call, rows

TABLES = """
import logging
import random

log = logging.getLogger("game")

@table(name="person", public=True)
class Person:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str = column(unique=True)
    age: u32 = column(index="btree")

@table(name="said", public=True)
class Said:
    id: u64 = column(primary_key=True, auto_inc=True)
    text: str

both, pair = index("by_both", "player", "level"), index("pair", "level", "text", unique=True)

@table(name="score", public=True, indexes=[both, pair])
class Score:
    player: str
    level: i32
    text: str

class Ctx(ReducerContext):
    def say(self, text: object) -> None:
        self.db.said.insert(Said(text=str(text)))

@init
def born(ctx: Ctx) -> None:
    ctx.say(f"born {ctx.sender} {ctx.connection_id}")

@reducer
def people(ctx: Ctx) -> None:
    ctx.db.person.insert(Person(name="ann", age=30))
    bob = ctx.db.person.insert(Person(name="bob", age=20))
    ctx.db.person.id.update(Person(id=bob.id, name="bob", age=21))
    ctx.say(ctx.db.person.name.find("ann"))
    ctx.say(ctx.db.person.name.find("nobody"))
    ctx.say([each.name for each in ctx.db.person.age.filter(21)])
    ctx.say([each.name for each in ctx.db.person.age.filter(range(30, 40))])
    try:
        ctx.db.person.insert(Person(name="ann", age=1))
    except UniqueConstraintViolation as error:
        ctx.say(error)
    try:
        ctx.db.person.id.update(Person(id=99, name="x", age=1))
    except RowNotFound as error:
        ctx.say(error)
    ctx.say(ctx.db.person.name.delete("ann"))
    ctx.say(ctx.db.person.delete(Person(id=7, name="ann", age=30)))

@reducer
def scores(ctx: Ctx) -> None:
    for level in (-1, 1, 2):
        ctx.db.score.insert(Score("ann", level, f"é{level}"))
    ctx.say([each.level for each in ctx.db.score.by_both.filter("ann", -1)])
    ctx.say([each.level for each in ctx.db.score.by_both.filter("ann", at_least(1))])
    ctx.say(ctx.db.score.pair.find(2, "é2"))
    ctx.say(ctx.db.score.by_both.delete("ann", 1))
    ctx.say(ctx.db.score.pair.delete(2, "é2"))
    ctx.say(ctx.db.score.pair.find(2, "é2"))
    ctx.say(sorted(each.level for each in ctx.db.score.by_both.filter("ann")))

@reducer
def clear(ctx: Ctx) -> None:
    print(ctx.db.score.clear(), ctx.db.score.clear(), ctx.db.score.count())

@reducer
def who(ctx: Ctx) -> None:
    ctx.say((ctx.sender, ctx.connection_id, ctx.timestamp, ctx.identity, ctx.random.random(), ctx.uuid7()))

@reducer
def talk(ctx: Ctx) -> None:
    print("printed", 1)
    log.warning("logged %s", 2)
    logging.debug("root")
    ctx.log.error("by the context")
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("with a trace")

@reducer
def refuse(ctx: Ctx, text: str) -> None:
    ctx.say("undone")
    raise ReducerError(text, hint="try another")

@reducer
def fail(ctx: Ctx, how: str) -> None:
    ctx.say("undone")
    exec(how)
"""

MORE = """
@view(public=True)
def mine(ctx: ViewContext) -> list[Person]:
    return [each for each in ctx.db.person if str(ctx.sender)]

@view(public=True)
def oldest(ctx: AnonymousViewContext) -> Person | None:
    return max(ctx.db.person, key=lambda each: each.age, default=None)

@view(public=True)
def grown(ctx: AnonymousViewContext) -> Query[Person]:
    return ctx.query.person.where(lambda each: each.age > 18)

@view(public=True)
def greedy(ctx: AnonymousViewContext) -> list[Person]:
    if ctx.db.person.count():
        try:
            ctx.db.person.insert(Person(name="view", age=1))
        except HostError as error:
            print(error.code, error)
        try:
            ctx.db.person.clear()
        except HostError as error:
            print(error.code, error)
    return []

@procedure
def work(ctx: ProcedureContext[Ctx], name: str) -> u64:
    with ctx.transaction() as tx:
        id = tx.db.person.insert(Person(name=name, age=40)).id
    request = lambda: ctx.http.get("http://127.0.0.1:1/")
    for wrong in (request, lambda: ctx.sleep(TimeDuration(1)), ctx.transaction().__enter__):
        try:
            with ctx.transaction() as tx:
                tx.db.person.insert(Person(name="undone", age=40))
                wrong()
        except HostError as error:
            print(error.code, error)
    try:
        request()
    except HttpFailed as error:
        print("failed")
    try:
        tx.db.person.count()
    except AttributeError as error:
        print(error)
    return id

@procedure
def unfit(ctx: ProcedureContext[Ctx]) -> u64:
    return "x"

@view(public=True)
def unlike(ctx: AnonymousViewContext) -> list[Person]:
    return [3]

@http_handler
def hello(ctx: HandlerContext[Ctx], request: HttpRequest) -> HttpResponse:
    with ctx.transaction() as tx:
        tx.say(request.text())
    return HttpResponse("bye", status=201, headers={"x": "1"})

http_router(Router().post("/hello", hello))
"""

HEAD = "from stdbpy import *\nfrom stdbpy.errors import HostError\n"

Ran = tuple[Any, ...]


def run(steps: Callable[[Any], Any], packed: bytes) -> Ran:
    """What the steps give with that program, all rows, and what was logged."""
    with ExitStack() as stack:
        engine = stack.enter_context(Engine(None, clock=Clock()))
        engine.publish(packed, owner=OWNER, name="sample")
        database = engine.database("sample")
        given = steps(database)
        tables = {table.name: rows(database, table.name) for table in database.schema.tables}
        tables["said"] = [(id, text.replace(database.identity.hex(), "its own")) for id, text in tables["said"]]
        lines = [json.loads(line) for line in database.logs.tail()]
    for line in lines:
        line.pop("ts")
        line.pop("trace", None)
        line["message"] = _DIFFERS.sub("", line["message"])
    return given, tables, lines


_DIFFERS = re.compile(r"\n[ |~^]+(?=\n)|\d+(?= more times)")
"""What versions of Python say differently in tracebacks: which part of a line it was, and how deep calls can be."""


class Same(Protocol):
    """Takes the steps in the native host, and in guests of these levels; gives what all of them have given."""

    def __call__(
        self, steps: Callable[[Any], Any], source: str = TABLES, levels: tuple[int, ...] = (0, 4, 5, 6)
    ) -> Ran: ...


def outcome(database: Any, reducer: str, *args: object, caller: Caller = ME) -> tuple[Any, ...]:
    ended = call(database, reducer, *args, caller=caller)
    return ended.status, ended.error, ended.is_bug


def texts(ran: Ran) -> list[str]:
    return [text for _, text in ran[1]["said"]]


class Cases:
    """To be run with a fixture ``same``."""

    def test_rows_by_unique_columns_and_ranges(self, same):
        ran = same(lambda database: outcome(database, "people"))
        assert ran[0] == ("committed", None, False)
        assert texts(ran)[1] == "Person(id=1, name='ann', age=30)"

    def test_points_of_indexes_over_several_columns(self, same):
        ran = same(lambda database: outcome(database, "scores"))
        assert "[-1]" in texts(ran)
        assert "Score(player='ann', level=2, text='é2')" in texts(ran)

    def test_clearing_a_table(self, same):
        ran = same(lambda database: [outcome(database, "scores"), outcome(database, "clear")])
        assert any(line["message"].endswith(" 0 0") and line["message"] != "0 0 0" for line in ran[2])

    @pytest.mark.parametrize("caller", [ME, CONNECTED], ids=["not connected", "connected"])
    def test_what_a_call_knows(self, same, caller):
        ran = same(lambda database: outcome(database, "who", caller=caller))
        assert str(caller.connection_id) in texts(ran)[-1]
        assert "its own" in texts(ran)[-1]

    def test_logging_and_printing(self, same):
        _, _, lines = same(lambda database: outcome(database, "talk"))
        told = [(line["level"], line.get("target"), line.get("filename"), line["message"]) for line in lines]
        assert ("Info", "sample", "sample.py", "printed 1") in told
        assert ("Warn", "game", "sample.py", "logged 2") in told

    def test_a_refusal_is_told_and_undone(self, same):
        ran = same(lambda database: outcome(database, "refuse", "not today"))
        assert ran[0][0] == "failed"
        assert ran[0][1].startswith("not today")
        assert "undone" not in texts(ran)

    @pytest.mark.parametrize(
        ("how", "told"),
        [
            ("raise ValueError('bad')", "ValueError: bad"),
            ("raise SystemExit(1)", "SystemExit: 1"),
            ("raise KeyboardInterrupt", "KeyboardInterrupt"),
            ("(lambda again: again(again))(lambda again: again(again))", "RecursionError: maximum recursion depth"),
            ("raise ExceptionGroup('several', [ValueError('one')])", "ExceptionGroup: several (1 sub-exception)"),
            ("raise ValueError('\\ud800')", "ValueError: \\ud800"),
            ("int('x')", "ValueError: invalid literal for int() with base 10: 'x'"),
        ],
    )
    def test_a_bug_is_logged_and_undone(self, same, how, told):
        (status, error, is_bug), tables, lines = same(lambda database: outcome(database, "fail", how), levels=(0, 6))
        assert (status, is_bug) == ("failed", False)
        assert error.startswith(told)
        assert "undone" not in [text for _, text in tables["said"]]
        [bug] = [line for line in lines if line["level"] == "Panic"]
        assert bug["filename"] == "sample.py"
        assert "fail" in bug["message"]
        assert "stdbpy" not in bug["message"]

    def test_views(self, same):
        def steps(database):
            outcome(database, "people")
            return [
                database.sql(f"SELECT * FROM {view}", ME, is_owner=True).result()[0].rows
                for view in ("mine", "oldest", "grown", "greedy")
            ]

        given, _, lines = same(steps, TABLES + MORE, levels=(5, 6))
        assert [len(each) for each in given] == [1, 1, 1, 0]
        told = [line["message"] for line in lines if line.get("function") == "greedy"]
        assert told
        assert all(each.startswith("19 ") and "a view only reads tables" in each for each in told)

    def test_procedures(self, same):
        def steps(database):
            outcome(database, "people")
            ended = database.call_procedure("work", len("cleo").to_bytes(4, "little") + b"cleo", ME).result()
            return ended.returned, ended.error

        given, tables, lines = same(steps, TABLES + MORE, levels=(5, 6))
        assert given[1] is None
        assert "undone" not in [name for _, name, _ in tables["person"]]
        assert [line["message"][:3] for line in lines if line.get("function") == "work"][:3] == ["17 "] * 3

    def test_what_does_not_fit_is_placed_where_the_function_is_defined(self, same):
        def steps(database):
            outcome(database, "people")
            database.call_procedure("unfit", b"", ME).result()
            database.sql("SELECT * FROM unlike", ME, is_owner=True).result()

        _, _, lines = same(steps, TABLES + MORE, levels=(5, 6))
        source = (HEAD + TABLES + MORE).splitlines()
        bugs = {bug["function"]: bug for bug in lines if bug["level"] == "Panic"}
        for function, told in (("unfit", "EncodeError: what unfit returns"), ("unlike", "TypeError: the rows of")):
            bug = bugs[function]
            definition = next(number for number, line in enumerate(source, 1) if line.startswith(f"def {function}("))
            assert (bug["filename"], bug["line_number"]) == ("sample.py", definition - 1)  # with its decorator
            assert told in bug["message"]

    def test_http_handlers(self, same):
        def steps(database):
            request = HttpRequestHead("POST", "http://here/hello", (("a", b"1"),), None, "1.1")
            return database.http_handler("POST", "/hello")(request, b"hi").result()

        given, tables, _ = same(steps, TABLES + MORE, levels=(5, 6))
        assert given[0].status == 201
        assert given[1] == b"bye"
        assert "hi" in [text for _, text in tables["said"]]
