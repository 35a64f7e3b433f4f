"""Calls that modules want to be made as soon as what runs is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import pytest

from stdbpy.engine import Database, Engine
from stdbpy.engine import later as later_calls
from tests.engine.sample import ME, OWNER, call, rows
from tests.guests import OUT, ROOM, Data, Step, guest

NOTES = """
@table(name="note", public=True)
class Note:
    id: u32


@reducer
def note(ctx: ReducerContext, id: u32) -> None: ...


@reducer
def ask(ctx: ReducerContext) -> None: ...
"""

NOTE = f"(i32.load (i32.const {OUT}))"

KEEP: list[Step] = [
    ("store", OUT + 8, 4),
    f"(drop (call $bytes_source_read (local.get $args) (i32.const {ROOM}) (i32.const {OUT + 8})))",
    f"(drop (call $table_id_from_name (i32.const 4) (i32.const 4) (i32.const {OUT})))",
    ("store", OUT + 8, 4),
    f"(drop (call $datastore_insert_bsatn {NOTE} (i32.const {ROOM}) (i32.const {OUT + 8})))",
    "(return (i32.const 0))",
]
NAME = '(data (i32.const 4) "note")'
SUCCEED = "(return (i32.const 0))"


def later(function: bytes, args: bytes) -> Step:
    return ("volatile_nonatomic_schedule_immediate", Data(function), Data(args))


@contextmanager
def asking(*steps: Step) -> Iterator[Database]:
    """A database whose reducer ``ask`` does these steps, and then fails unless they end it."""
    program = guest(NOTES, {"note": KEEP, "ask": steps}, more=NAME)
    with Engine(None) as engine:
        engine.publish(program, owner=OWNER, name="sample")
        yield engine.database("sample")


def ask(database: Database) -> None:
    """Calls ``ask``; returns when what it wanted to be called later has been called."""
    database.call("ask", b"", ME).result()
    database.run_due().result()


def test_they_are_made_by_the_database_in_order():
    with asking(later(b"note", b"\7\0\0\0"), later(b"note", b"\1\0\0\0"), SUCCEED) as database:
        committed = []
        database.on_commit(committed.append)
        ask(database)
        assert rows(database, "note") == [(7,), (1,)]
    assert [commit.caller.identity for commit in committed] == [database.identity] * 2


def test_they_are_made_whatever_comes_of_the_reducer():
    with asking(later(b"note", b"\7\0\0\0")) as database:
        ask(database)
        assert rows(database, "note") == [(7,)]


def test_nobody_has_to_ask_for_them():
    with asking(later(b"note", b"\7\0\0\0"), SUCCEED) as database:
        has_come = Event()
        database.on_commit(lambda _: has_come.set())
        database.call("ask", b"", ME)
        assert has_come.wait(60)


@pytest.mark.parametrize(("function", "args", "reason"), [(b"nobody", b"", "'nobody'"), (b"note", b"\7", "do not fit")])
def test_what_cannot_be_called_stands_in_the_log(function: bytes, args: bytes, reason: str):
    with asking(later(function, args), SUCCEED) as database:
        ask(database)
        line = json.loads(database.logs.tail(1)[0])
        assert (line["level"], line["function"]) == ("Error", function.decode())
        assert reason in line["message"]
        assert call(database, "note", 1).status == "committed"


def test_not_too_many_wait(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(later_calls, "MOST", 2)
    with asking(*[later(b"note", b"\7\0\0\0")] * 3, SUCCEED) as database:
        assert database.call("ask", b"", ME).result().error == "The instance encountered a fatal error."
        database.run_due().result()
        assert rows(database, "note") == [(7,)]
