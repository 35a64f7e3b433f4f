"""A reducer that runs for long is told of, once for each call."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from threading import Event
from time import perf_counter_ns

import pytest

from stdbpy.engine import Database
from stdbpy.engine.overdue import LONG, OverdueReducers
from tests.engine.sample import ME, running

HELD = """
import threading

@reducer
def hold(ctx: ReducerContext) -> None:
    ctx.log.info("begun")
    threading.held_by_test.wait(60)  # here
"""


class Later:
    """A clock that is ahead."""

    seconds = 0.0

    def __call__(self) -> int:
        return perf_counter_ns() + int(self.seconds * 1e9)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(threading, "held_by_test", Event(), raising=False)
    with running(HELD) as database:
        yield database
        release().set()


def release() -> Event:
    return threading.__dict__["held_by_test"]


def begin(database: Database) -> None:
    with database.logs.follow() as lines:
        call = database.call("hold", b"", ME)
        assert "begun" in next(lines)
    assert not call.done()


def told(database: Database) -> list[str]:
    return [line for line in database.logs.tail() if "has run for" in line]


def test_once_for_each_call(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    now = Later()
    overdue = OverdueReducers(lambda: [database], now)
    overdue.look()
    begin(database)
    overdue.look()
    assert told(database) == []
    now.seconds = LONG + 1
    with caplog.at_level(logging.WARNING):
        overdue.look()
        overdue.look()
    [line] = told(database)
    assert "Reducer hold has run for 11 s (" in line
    assert "sample.py:" in line
    assert "everything else of this database waits for it" in line
    assert '"level":"Warn"' in line
    [record] = caplog.records
    assert "Database sample: reducer hold has run for 11 s" in record.getMessage()

    release().set()
    database.run_due().result(60)
    overdue.look()
    assert len(told(database)) == 1
    release().clear()
    begin(database)
    overdue.look()
    assert len(told(database)) == 2


def test_not_while_somebody_debugs(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    now = Later()
    now.seconds = LONG + 1
    monkeypatch.setattr("stdbpy.engine.overdue.is_debugged", lambda: True)
    begin(database)
    OverdueReducers(lambda: [database], now).look()
    assert told(database) == []
