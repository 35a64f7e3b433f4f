from __future__ import annotations

import json
from threading import Event

import pytest

from stdbpy.engine import Engine
from stdbpy.engine.schedules import LONGEST_DELAY, next_tick
from stdbpy.sats.values import Timestamp
from tests.engine.sample import Clock, call, rows, running

SOURCE = """
from datetime import timedelta


@table(name="job", scheduled="work")
class Job:
    id: u64 = column(primary_key=True, auto_inc=True)
    at: ScheduleAt
    what: str


@table(name="ran", public=True)
class Ran:
    what: str
    at: Timestamp
    sender: Identity


@reducer
def work(ctx: ReducerContext, job: Job) -> None:
    ctx.db.ran.insert(Ran(job.what, ctx.timestamp, ctx.sender))
    match job.what:
        case "refuses":
            raise ReducerError("no")
        case "fails":
            raise RuntimeError
        case "deletes itself":
            ctx.db.job.id.delete(job.id)
        case "slows down":
            ctx.db.job.id.update(Job(id=job.id, at=ScheduleAt.every(timedelta(seconds=100)), what="slow"))
        case "puts off":
            ctx.db.job.id.update(Job(id=job.id, at=ScheduleAt.at(ctx.timestamp + timedelta(seconds=5)), what="late"))
        case "starts another":
            ctx.db.job.insert(Job(id=0, at=ScheduleAt.at(ctx.timestamp), what="another"))


@reducer
def once(ctx: ReducerContext, what: str, seconds: f64) -> None:
    ctx.db.job.insert(Job(id=0, at=ScheduleAt.at(ctx.timestamp + timedelta(seconds=seconds)), what=what))


@reducer
def every(ctx: ReducerContext, what: str, seconds: f64) -> None:
    ctx.db.job.insert(Job(id=0, at=ScheduleAt.every(timedelta(seconds=seconds)), what=what))


@reducer
def move(ctx: ReducerContext, id: u64, seconds: f64) -> None:
    job = ctx.db.job.id.find(id)
    ctx.db.job.id.update(Job(id=id, at=ScheduleAt.every(timedelta(seconds=seconds)), what=job.what))


@reducer
def move_and_refuse(ctx: ReducerContext, id: u64, seconds: f64) -> None:
    move(ctx, id, seconds)
    raise ReducerError("no")


@reducer
def cancel(ctx: ReducerContext, id: u64) -> None:
    ctx.db.job.id.delete(id)
"""


class Scheduled:
    def __init__(self, database, clock):
        self.database = database
        self.clock = clock
        self.start = int(clock.now)

    def call(self, reducer, *args):
        return call(self.database, reducer, *args)

    def after(self, seconds):
        """Lets time pass; what ran since the beginning, and when."""
        self.clock.advance(seconds)
        self.database.run_due().result()
        return self.ran

    @property
    def ran(self):
        return [(what, (int(at) - self.start) / 1_000_000) for what, at, _ in rows(self.database, "ran")]

    @property
    def waiting(self):
        return [what for _, _, what in rows(self.database, "job")]


@pytest.fixture
def scheduled():
    clock = Clock()
    with running(SOURCE, clock=clock) as database:
        yield Scheduled(database, clock)


def test_a_row_with_a_time_runs_once_and_is_deleted(scheduled):
    scheduled.call("once", "a", 10)
    assert scheduled.after(9.9) == []
    assert scheduled.after(0.2) == [("a", 10.1)]
    assert scheduled.waiting == []
    assert scheduled.after(100) == [("a", 10.1)]


def test_a_time_in_the_past_is_due_at_once(scheduled):
    scheduled.call("once", "a", -10)
    assert scheduled.after(0) == [("a", 0)]


def test_an_interval_repeats_and_leaves_out_what_was_missed(scheduled):
    scheduled.call("every", "a", 10)
    assert scheduled.after(0) == []
    assert scheduled.after(10) == [("a", 10)]
    assert scheduled.after(35) == [("a", 10), ("a", 45)]
    # The next tick is counted from when the last one was due.
    assert scheduled.after(4) == [("a", 10), ("a", 45)]
    assert scheduled.after(1)[2:] == [("a", 50)]
    assert scheduled.waiting == ["a"]


def test_a_clock_that_is_set_back_does_not_stop_intervals(scheduled):
    scheduled.call("every", "tick", 10)
    scheduled.call("once", "at its time", 30)
    assert scheduled.after(10) == [("tick", 10)]
    assert len(scheduled.after(5)) == 1
    assert len(scheduled.after(-3600)) == 1
    assert scheduled.after(5)[1:] == [("tick", 20 - 3600)]
    assert scheduled.after(10)[2:] == [("tick", 30 - 3600)]
    assert "at its time" not in str(scheduled.after(10))
    assert ("at its time", 40) in scheduled.after(3600)


def test_what_is_scheduled_after_the_clock_was_set_back_waits_its_time(scheduled):
    scheduled.call("every", "before", 10)
    scheduled.clock.advance(-3600)
    scheduled.call("every", "after", 20)
    assert scheduled.after(9) == []
    assert scheduled.after(2) == [("before", 11 - 3600)]
    assert scheduled.after(10)[1:] == [("after", 21 - 3600), ("before", 21 - 3600)]


def test_rows_run_in_the_order_in_which_they_are_due(scheduled):
    scheduled.call("once", "third", 3)
    scheduled.call("once", "first", 1)
    scheduled.call("once", "second", 2)
    scheduled.call("once", "also third", 3)
    assert [what for what, _ in scheduled.after(10)] == ["first", "second", "third", "also third"]


def test_the_database_is_the_caller(scheduled):
    scheduled.call("once", "a", 0)
    scheduled.after(0)
    [(_, _, sender)] = rows(scheduled.database, "ran")
    assert sender == scheduled.database.identity


@pytest.mark.parametrize("what", ["refuses", "fails"])
def test_a_failing_run_is_undone_and_its_row_is_treated_as_ever(scheduled, what):
    scheduled.call("once", what, 0)
    scheduled.call("every", what, 7)
    assert scheduled.after(7) == []
    assert scheduled.waiting == [what]
    scheduled.after(7)
    levels = {"refuses": ["Error"], "fails": ["Panic", "Error"]}[what]
    lines = map(json.loads, scheduled.database.logs.tail())
    assert [line["level"] for line in lines if line["function"] == "work"] == levels * 3


def test_a_deleted_row_does_not_run(scheduled):
    scheduled.call("once", "a", 10)
    scheduled.call("cancel", 1)
    assert scheduled.after(20) == []


def test_an_updated_row_is_due_anew(scheduled):
    scheduled.call("every", "a", 10)
    scheduled.after(5)
    scheduled.call("move", 1, 20)
    assert scheduled.after(19) == []
    assert scheduled.after(1) == [("a", 25)]


def test_writing_a_row_again_as_it_is_starts_its_interval_again(scheduled):
    scheduled.call("every", "a", 10)
    scheduled.after(8)
    scheduled.call("move", 1, 10)
    assert scheduled.after(9) == []
    assert scheduled.after(1) == [("a", 18)]


def test_an_update_that_was_undone_changes_no_schedule(scheduled):
    scheduled.call("every", "a", 10)
    scheduled.call("move_and_refuse", 1, 1000)
    assert scheduled.after(10) == [("a", 10)]


def test_a_run_may_delete_its_own_row(scheduled):
    scheduled.call("every", "deletes itself", 10)
    scheduled.after(10)
    assert scheduled.waiting == []
    assert len(scheduled.after(100)) == 1


def test_a_run_may_change_its_own_interval(scheduled):
    scheduled.call("every", "slows down", 10)
    assert scheduled.after(10) == [("slows down", 10)]
    assert len(scheduled.after(99)) == 1
    assert scheduled.after(1)[1:] == [("slow", 110)]


@pytest.mark.parametrize("how", ["once", "every"])
def test_a_row_to_which_its_run_has_given_a_later_time_is_deleted(scheduled, how):
    """SpacetimeDB 2.8.3 looks at the row after the run, finds a time in it, and deletes it, whether it
    had a time or an interval before: tried with a module that does so."""
    scheduled.call(how, "puts off", 10)
    scheduled.after(10)
    assert scheduled.waiting == []
    assert scheduled.after(100) == [("puts off", 10)]


def test_a_run_may_schedule_another(scheduled):
    scheduled.call("once", "starts another", 1)
    scheduled.after(1)
    assert [what for what, _ in scheduled.after(0)] == ["starts another", "another"]


def test_what_is_too_far_ahead_is_refused(scheduled):
    assert scheduled.call("once", "a", LONGEST_DELAY / 1_000_000 - 1).status == "committed"
    assert scheduled.call("once", "b", LONGEST_DELAY / 1_000_000).status == "failed"
    assert "two years" in scheduled.database.logs.tail(1)[0]
    assert scheduled.waiting == ["a"]


def test_rows_written_with_sql_are_scheduled(scheduled):
    def put(tx):
        [row] = tx.scan(tx.table_id("job"))
        tx.clear(tx.table_id("job"))
        tx.insert(tx.table_id("job"), row)

    scheduled.call("once", "a", 10)
    scheduled.database.transact(put).result()
    assert scheduled.after(10) == [("a", 10)]


def test_schedules_go_on_after_a_restart(tmp_path):
    clock = Clock()
    with running(SOURCE, tmp_path, clock) as database:
        before = Scheduled(database, clock)
        before.call("once", "missed", 10)
        before.call("once", "still to come", 100)
        before.call("every", "tick", 30)
    clock.advance(50)
    with Engine(tmp_path, clock=clock) as engine:
        after = Scheduled(engine.database("sample"), clock)
        after.start = before.start
        assert after.after(0) == [("missed", 50)]
        # An interval starts again when the database is opened.
        assert after.after(30)[1:] == [("tick", 80)]
        assert after.after(20)[2:] == [("still to come", 100)]


def test_real_time_runs_schedules_by_itself():
    with running(SOURCE) as database:
        done = Event()
        database.on_commit(lambda commit: commit.reducer == "work" and done.set())
        call(database, "once", "a", 0.02)
        assert done.wait(60)
        assert [what for what, _, _ in rows(database, "ran")] == ["a"]


@pytest.mark.parametrize(
    ("last", "interval", "now", "expected"),
    [(1000, 100, 1000, 1100), (1000, 100, 1350, 1400), (1000, 100, 1300, 1400), (1000, -100, 900, 1100), (5, 0, 99, 5)],
)
def test_ticks(last, interval, now, expected):
    assert next_tick(Timestamp(last), interval, Timestamp(now)) == expected
