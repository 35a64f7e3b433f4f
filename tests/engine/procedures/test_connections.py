"""Procedures called by clients that stay connected."""

from __future__ import annotations

import logging
from queue import SimpleQueue

import pytest

from stdbpy.engine.subscriptions.events import Event, ProcedureEnded, Subscribed, Updated
from stdbpy.engine.subscriptions.subscriber import ConnectionOptions
from tests.engine.procedures import stage
from tests.engine.procedures.test_procedures import SOURCE, text
from tests.engine.sample import CONNECTED, running


class Box:
    """Where a client's events go."""

    def __init__(self) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()

    def put(self, event: Event) -> None:
        self.events.put(event)

    def next(self) -> Event:
        return self.events.get(timeout=stage.PATIENCE)


@pytest.fixture(autouse=True)
def _fresh_stage():
    stage.reset()
    yield
    stage.reset()


@pytest.fixture
def database():
    with running(SOURCE) as database:
        yield database


@pytest.fixture
def box():
    return Box()


@pytest.fixture
def connection(database, box):
    return database.connect(CONNECTED, box, ConnectionOptions()).result(stage.PATIENCE)


def test_what_a_transaction_did_is_told_before_what_the_procedure_returns(connection, box):
    connection.subscribe("s", 1, ["SELECT * FROM item"])
    connection.call_procedure("p", "insert", text("a"))
    subscribed, updated, ended = box.next(), box.next(), box.next()
    assert isinstance(subscribed, Subscribed)
    assert isinstance(updated, Updated)
    assert updated.request is None, "it is nobody's reducer"
    assert isinstance(ended, ProcedureEnded)
    assert (ended.request, ended.outcome.returned) == ("p", (1).to_bytes(8, "little"))


def test_others_answers_do_not_wait(connection, box):
    connection.call_procedure("slow", "wait", b"")
    stage.wait_for("waiting")
    connection.call_procedure("quick", "insert", text("a"))
    assert box.next().request == "quick"
    stage.happened("go on")
    assert box.next().request == "slow"


@pytest.mark.parametrize(
    ("procedure", "args", "error"),
    [("nope", b"", "No such procedure"), ("insert", b"\1", "invalid arguments for procedure insert: ")],
)
def test_calls_that_are_refused(connection, box, procedure, args, error):
    connection.call_procedure("p", procedure, args)
    ended = box.next()
    assert ended.outcome.error.startswith(error)
    assert (ended.outcome.timestamp, ended.outcome.duration_micros) == (0, 0)


def test_a_client_that_has_left_is_told_nothing(database, connection, box, caplog):
    with caplog.at_level(logging.WARNING):
        connection.call_procedure("p", "wait", b"")
        stage.wait_for("waiting")
        connection.close().result(stage.PATIENCE)
        stage.happened("go on")
        assert database.call_procedure("insert", text("b"), CONNECTED).result(stage.PATIENCE).error is None
    assert box.events.empty()
    assert caplog.records == []


def test_the_database_goes_while_a_procedure_runs(database, connection, box, caplog):
    with caplog.at_level(logging.WARNING):
        connection.call_procedure("p", "sleep", (3_600_000_000).to_bytes(8, "little"))
        stage.wait_for("sleeping")
        assert database.close(stage.PATIENCE)
        events = [box.next()]
        while not box.events.empty():
            events.append(box.next())
    assert any("closed" in event.outcome.error for event in events if isinstance(event, ProcedureEnded))
    assert caplog.records == []
