"""Views of modules in Python, in a database with a thread of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from stdbpy.engine import Caller, Database, Engine
from stdbpy.sats.values import Identity
from tests.engine.sample import CONNECTED, ME, OWNER, Clock, call, program, rows, running
from tests.engine.test_subscriptions import connected

SOURCE = """
from datetime import timedelta


@table(name="note", public=False)
class Note:
    id: u64 = column(primary_key=True, auto_inc=True)
    author: Identity = column(index="btree")
    text: str


@table(name="job", scheduled="work")
class Job:
    id: u64 = column(primary_key=True, auto_inc=True)
    at: ScheduleAt


@table(name="moment", event=True)
class Moment:
    text: str


@view(public=True)
def my_notes(ctx: ViewContext) -> list[Note]:
    return list(ctx.db.note.author.filter(ctx.sender))


@view(public=True)
def first_note(ctx: AnonymousViewContext) -> Note | None:
    return ctx.db.note.id.find(1)


@view(public=True)
def moments(ctx: AnonymousViewContext) -> list[Moment]:
    return list(ctx.db.moment)


@view(public=False)
def lonely(ctx: AnonymousViewContext) -> list[Job]:
    jobs = list(ctx.db.job)
    if not jobs:
        raise RuntimeError("no jobs")
    return jobs


@view(public=True)
def greedy(ctx: AnonymousViewContext) -> list[Note]:
    ctx.db.note.insert(Note(id=0, author=Identity.from_int(1), text="mine"))
    return []


@reducer
def write(ctx: ReducerContext, text: str) -> None:
    ctx.db.note.insert(Note(id=0, author=ctx.sender, text=text))
    ctx.db.moment.insert(Moment(text))


@reducer
def work(ctx: ReducerContext, job: Job) -> None:
    ctx.db.note.insert(Note(id=0, author=ctx.sender, text="worked"))


@reducer
def soon(ctx: ReducerContext) -> None:
    ctx.db.job.insert(Job(id=0, at=ScheduleAt.at(ctx.timestamp + timedelta(seconds=1))))


@procedure
def write_later(ctx: ProcedureContext, text: str) -> u64:
    with ctx.transaction() as tx:
        tx.db.note.insert(Note(id=0, author=tx.sender, text=text))
    return 1
"""

SOMEBODY = Caller(Identity.from_int(9))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(clock: Clock) -> Iterator[Database]:
    with running(SOURCE, clock=clock) as database:
        yield database


def sql(database: Database, text: str, caller: Caller = SOMEBODY) -> list[str]:
    (result,) = database.sql(text, caller, is_owner=caller.identity == OWNER).result()
    return sorted(row[-1] for row in result.rows)


def test_private_tables_are_seen_through_views(database: Database):
    call(database, "write", "a", caller=SOMEBODY)
    call(database, "write", "b", caller=CONNECTED)
    assert sql(database, "SELECT * FROM my_notes") == ["a"]
    assert sql(database, "SELECT * FROM my_notes", CONNECTED) == ["b"]
    assert sql(database, "SELECT * FROM first_note", CONNECTED) == ["a"]


def test_subscribers_are_told(database: Database):
    connection, box = connected(database)
    connection.subscribe(1, 1, ["SELECT * FROM my_notes", "SELECT * FROM first_note"])
    assert [len(rows.rows) for rows in box.next().rows] == [0, 0]
    call(database, "write", "a", caller=SOMEBODY)
    assert [(rows.table.name, len(rows.inserted)) for _, rows in box.next().updates] == [("first_note", 1)]
    call(database, "write", "b", caller=CONNECTED)
    assert [(rows.table.name, len(rows.inserted)) for _, rows in box.next().updates] == [("my_notes", 1)]
    connection.close().result()


def test_what_procedures_change_is_seen(database: Database):
    sql(database, "SELECT * FROM my_notes")
    outcome = database.call_procedure("write_later", b"\x01\0\0\0p", SOMEBODY).result()
    assert outcome.error is None, outcome
    assert sql(database, "SELECT * FROM my_notes") == ["p"]


def test_rows_of_event_tables_are_seen_in_their_transaction(database: Database):
    assert sql(database, "SELECT * FROM moments") == []
    call(database, "write", "a")
    assert sql(database, "SELECT * FROM moments") == ["a"]
    call(database, "write", "b")
    assert sql(database, "SELECT * FROM moments") == ["b"]


def test_views_cannot_write(database: Database):
    assert sql(database, "SELECT * FROM greedy") == []
    assert rows(database, "note") == []
    panics = [json.loads(line) for line in database.logs.tail(20)]
    assert any(line["level"] == "Panic" and "insert" in line["message"] for line in panics)


def test_the_row_of_a_finished_schedule_stays_if_a_view_needs_it(database: Database, clock: Clock):
    call(database, "soon")
    assert len(sql(database, "SELECT id FROM lonely", ME)) == 1
    clock.advance(2)
    database.run_due().result()
    assert len(rows(database, "job")) == 1
    assert [text for *_, text in rows(database, "note")] == ["worked"]
    clock.advance(2)
    database.run_due().result()
    assert len(rows(database, "note")) == 1


def test_nothing_of_views_is_written_down(tmp_path: Path):
    with running(SOURCE, tmp_path) as database:
        sql(database, "SELECT * FROM first_note")
        call(database, "write", "a")
        assert sql(database, "SELECT * FROM first_note") == ["a"]
    with Engine(tmp_path) as engine:
        again = engine.database("sample")
        assert sql(again, "SELECT * FROM first_note") == ["a"]
        engine.publish(program(SOURCE.replace("find(1)", "find(2)")), owner=OWNER, name="sample")
        assert sql(again, "SELECT * FROM first_note") == []


def test_many_threads(database: Database):
    def write(number: int) -> None:
        for place in range(10):
            call(database, "write", f"{number} {place}", caller=Caller(Identity.from_int(100 + number)))
            assert len(sql(database, "SELECT * FROM my_notes", Caller(Identity.from_int(100 + number)))) == place + 1

    threads = [Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        assert len(sql(database, "SELECT * FROM my_notes", Caller(Identity.from_int(100 + number)))) == 10
