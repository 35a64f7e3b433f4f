"""Procedures that schedules run: when, how often, and what waits for them."""

from __future__ import annotations

import pytest

from stdbpy.engine import Engine
from tests.engine.procedures import stage
from tests.engine.sample import OWNER, Clock, call, program, rows, running

SOURCE = """
from tests.engine.procedures import stage


@table(name="alarm", scheduled="ring")
class Alarm:
    id: u64 = column(primary_key=True, auto_inc=True)
    at: ScheduleAt
    name: str


@table(name="reminder", scheduled="remind")
class Reminder:
    id: u64 = column(primary_key=True, auto_inc=True)
    at: ScheduleAt


@table(name="seen", public=True)
class Seen:
    id: u64 = column(primary_key=True, auto_inc=True)
    what: str
    when: Timestamp


@procedure
def ring(ctx: ProcedureContext, alarm: Alarm) -> None:
    with ctx.transaction() as tx:
        alarms = tx.db.alarm.count()
        tx.db.seen.insert(Seen(id=0, what=f"{alarm.name}, {alarms} left", when=ctx.timestamp))
    if alarm.name == "slow":
        stage.happened("ringing")
        stage.wait_for("go on")
    if alarm.name == "broken":
        raise KeyError("broken")
    if alarm.name == "again":
        with ctx.transaction() as tx:
            row = tx.db.alarm.id.find(alarm.id)
            tx.db.alarm.id.update(Alarm(id=row.id, at=ScheduleAt.every(TimeDuration(100_000_000)), name="rewritten"))
    stage.happened(f"rang {alarm.name}")


@reducer
def remind(ctx: ReducerContext, reminder: Reminder) -> None:
    ctx.db.seen.insert(Seen(id=0, what="reminder", when=ctx.timestamp))


@reducer
def alarm_in(ctx: ReducerContext, micros: i64, name: str) -> None:
    ctx.db.alarm.insert(Alarm(id=0, at=ScheduleAt.at(ctx.timestamp + micros), name=name))


@reducer
def alarm_every(ctx: ReducerContext, micros: i64, name: str) -> None:
    ctx.db.alarm.insert(Alarm(id=0, at=ScheduleAt.every(TimeDuration(micros)), name=name))


@reducer
def reminder_in(ctx: ReducerContext, micros: i64) -> None:
    ctx.db.reminder.insert(Reminder(id=0, at=ScheduleAt.at(ctx.timestamp + micros)))
"""

SECOND = 1_000_000


@pytest.fixture(autouse=True)
def _fresh_stage():
    stage.reset()
    yield
    stage.reset()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(clock):
    with running(SOURCE, clock=clock) as database:
        yield database


def seen(database) -> list[str]:
    return [what for _, what, _ in rows(database, "seen")]


def look(database) -> None:
    """Lets the database see what is due."""
    database.run_due().result(stage.PATIENCE)


def settle(database, name: str) -> None:
    """Waits until a procedure has come to its end, which the database has noticed."""
    stage.wait_for(name)
    for _ in range(1000):
        if database.transact(lambda _tx: database._instance.due._awaited is None).result(stage.PATIENCE):
            return
    raise AssertionError(f"{name}, and nobody noticed")


def test_a_row_with_a_time_is_gone_before_its_procedure_runs(database, clock):
    call(database, "alarm_in", 5 * SECOND, "a")
    clock.advance(4)
    look(database)
    assert seen(database) == []
    clock.advance(1)
    look(database)
    settle(database, "rang a")
    assert seen(database) == ["a, 0 left"]
    clock.advance(100)
    look(database)
    assert seen(database) == ["a, 0 left"]


def test_a_row_with_an_interval_runs_again_and_again(database, clock):
    call(database, "alarm_every", 10 * SECOND, "a")
    start = int(clock.now)
    for _ in range(3):
        stage.reset()
        clock.advance(10)
        look(database)
        settle(database, "rang a")
    times = [int(when) - start for _, _, when in rows(database, "seen")]
    assert times == [10 * SECOND, 20 * SECOND, 30 * SECOND]


def test_a_broken_procedure_does_not_run_again_for_its_row(database, clock):
    call(database, "alarm_in", SECOND, "broken")
    call(database, "alarm_in", 2 * SECOND, "a")
    clock.advance(1)
    look(database)
    clock.advance(1)
    look(database)
    settle(database, "rang a")
    assert seen(database) == ["broken, 1 left", "a, 0 left"]
    assert any("KeyError" in line for line in database.logs.tail())


def test_other_schedules_wait_for_a_procedure_that_runs(database, clock):
    """As on the real server, which runs one scheduled function of a database at a time."""
    call(database, "alarm_in", SECOND, "slow")
    call(database, "reminder_in", SECOND)
    call(database, "reminder_in", 2 * SECOND)
    clock.advance(5)
    look(database)
    stage.wait_for("ringing")
    look(database)
    assert seen(database) == ["slow, 0 left"]
    stage.happened("go on")
    settle(database, "rang slow")
    look(database)
    assert seen(database) == ["slow, 0 left", "reminder", "reminder"]


def test_a_row_that_the_procedure_has_written_again(database, clock):
    call(database, "alarm_every", 10 * SECOND, "again")
    clock.advance(10)
    look(database)
    settle(database, "rang again")
    clock.advance(99)
    look(database)
    assert seen(database) == ["again, 1 left"]
    clock.advance(1)
    look(database)
    settle(database, "rang rewritten")
    assert seen(database) == ["again, 1 left", "rewritten, 1 left"]


def test_an_update_does_not_wait_for_a_scheduled_procedure(clock):
    with Engine(None, clock=clock) as engine:
        engine.publish(program(SOURCE), owner=OWNER, name="sample")
        database = engine.database("sample")
        call(database, "alarm_in", SECOND, "slow")
        clock.advance(1)
        look(database)
        stage.wait_for("ringing")
        engine.publish(program(SOURCE + "\n# other code"), owner=OWNER, name="sample")
        call(database, "reminder_in", SECOND)
        clock.advance(1)
        look(database)
        assert seen(database) == ["slow, 0 left", "reminder"]
        stage.happened("go on")
        stage.wait_for("rang slow")


def test_what_is_due_when_the_database_is_opened(tmp_path, clock):
    with Engine(tmp_path, clock=clock) as engine:
        engine.publish(program(SOURCE), owner=OWNER, name="sample")
        call(engine.database("sample"), "alarm_in", 5 * SECOND, "a")
    clock.advance(10)
    with Engine(tmp_path, clock=clock) as engine:
        database = engine.database("sample")
        look(database)
        settle(database, "rang a")
        assert seen(database) == ["a, 0 left"]
    with Engine(tmp_path, clock=clock) as engine:
        assert seen(engine.database("sample")) == ["a, 0 left"]
