"""Time in a database under test stands still, and passes when the test says so."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from stdbpy.errors import ReducerCrashed
from stdbpy.sats.values import TimeDuration, Timestamp
from stdbpy.testing import Module, ModuleDatabase


def texts(db: ModuleDatabase) -> list[str]:
    return [row.text for row in db.rows("note")[1:]]


def test_it_stands_still(db: ModuleDatabase) -> None:
    assert db.time == Timestamp.parse("2025-01-01T00:00:00Z")
    db.advance(1.5)
    db.advance(timedelta(minutes=1))
    db.advance(TimeDuration.of(hours=1))
    assert db.time == Timestamp.parse("2025-01-01T01:01:01.5Z")
    db.time = Timestamp.parse("2020-02-02T00:00:00Z")
    db.call("tick_every", 5)
    assert {record.time for record in db.logs if record.message == "begun"} == set()
    assert db.tables.timer.one(1).at.value == TimeDuration.of(seconds=5)


@pytest.mark.parametrize("by", [-5, -0.001, timedelta(days=-1), TimeDuration.of(seconds=-1)])
def test_it_is_not_put_back_by_advancing(db: ModuleDatabase, by: float | timedelta | TimeDuration) -> None:
    before = db.time
    with pytest.raises(ValueError, match="puts the clock forward only"):
        db.advance(by)
    assert db.time == before


def test_it_is_put_forward_by_a_span_alone(db: ModuleDatabase) -> None:
    span: Any = "1h"
    with pytest.raises(TypeError, match=r"^advance takes seconds or a timedelta, not '1h'"):
        db.advance(span)


def test_a_beginning_of_ones_own(module: Module) -> None:
    moment = Timestamp.parse("1999-12-31T23:59:59Z")
    with module.database(time=moment) as db:
        assert db.time == moment
        assert db.logs[0].time == moment


def test_each_tick_at_its_time(db: ModuleDatabase) -> None:
    db.reducers.tick_every(20)
    db.advance(59)
    assert texts(db) == ["00:20 tick", "00:40 tick"]
    db.advance(1)
    assert texts(db)[2:] == ["01:00 tick"]


def test_setting_the_clock_runs_nothing_before_it_is_asked_to(db: ModuleDatabase) -> None:
    db.reducers.tick_every(20)
    db.time += timedelta(seconds=70)
    assert texts(db) == []
    db.run_due()
    db.run_due()
    assert texts(db) == ["01:10 tick"]


def test_scheduled_procedures_sleep_by_the_clock(db: ModuleDatabase) -> None:
    db.reducers.collect_in(5)
    db.advance(4)
    assert texts(db) == []
    db.advance(12)
    assert texts(db) == ["00:15 collected, begun 00:05"]
    db.advance(100)
    assert texts(db)[1:] == ["00:25 collected, begun 00:05"]
    assert len(db.tables.job) == 0


def test_other_schedules_wait_for_a_procedure(db: ModuleDatabase) -> None:
    db.reducers.tick_every(4)
    db.reducers.collect_in(5)
    db.advance(28)
    assert texts(db) == [
        "00:04 tick",
        "00:15 collected, begun 00:05",
        "00:25 collected, begun 00:05",
        "00:25 tick",
        "00:28 tick",
    ]


def test_the_sleep_of_a_procedure_that_is_called_takes_no_time(db: ModuleDatabase) -> None:
    before = db.time
    db.reducers.tick_every(600)
    assert db.procedures.nap(3600) == "slept for 3600"
    assert db.time == before + timedelta(hours=1)
    assert len(texts(db)) == 6


def test_a_bug_in_a_schedule_is_raised(db: ModuleDatabase) -> None:
    db.reducers.fail_later()
    with pytest.raises(ReducerCrashed, match=r"'break_down' has a bug: LookupError: out of luck") as crash:
        db.advance(1)
    assert isinstance(crash.value.__cause__, LookupError)
    assert db.bugs == []
    assert len(db.tables.bomb) == 0


def test_a_database_that_is_closed_while_a_procedure_sleeps(module: Module) -> None:
    with module.database() as db:
        db.connect(as_="alice")
        db.reducers.collect_in(0)
        db.run_due()
        began = monotonic()
    assert monotonic() - began < 8, "it was waited for"
    assert db.bugs == []


def test_schedules_without_end(db: ModuleDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stdbpy.testing.timekeeping.MOST_STEPS", 5)
    db.reducers.tick_every(1)
    with pytest.raises(AssertionError, match="5 schedules fell due"):
        db.advance(60)
