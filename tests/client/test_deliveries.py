"""Callbacks run in order, whatever one of them does; what is told of it is bounded."""

from __future__ import annotations

import logging

import pytest

from stdbpy.client.connection_log import ConnectionLog
from stdbpy.client.deliveries import Deliveries
from stdbpy.client.event_bus import KEPT, EventBus
from stdbpy.client.stats import Histogram


def deliveries_of(steps) -> Deliveries:
    """Delivers numbers; ``steps(number)`` gives callbacks."""
    log = ConnectionLog("game")
    return Deliveries(lambda number: ((callback, (number,)) for callback in steps(number)), log, EventBus(log), None)


def test_a_callback_that_raises_is_reported_and_the_rest_runs(caplog):
    told = []

    def fails(number):
        raise ValueError(f"number {number}")

    deliveries = deliveries_of(lambda number: [told.append, fails, told.append])
    deliveries.add([1, 2])
    deliveries.run()
    assert told == [1, 1, 2, 2]
    assert deliveries.failed == 2
    assert [record.exc_info[1].args for record in caplog.records] == [("number 1",), ("number 2",)]


def test_who_wants_to_know_of_failures_is_told_instead_of_the_log(caplog):
    failures = []
    deliveries = deliveries_of(lambda number: [lambda number: 1 / 0])
    deliveries.on_error.append(lambda callback, error: failures.append(type(error)))
    deliveries.add([1])
    deliveries.run()
    assert failures == [ZeroDivisionError]
    assert caplog.records == []


def test_an_interruption_loses_nothing():
    told = []

    def interrupted(number):
        if number == 1:
            raise KeyboardInterrupt

    deliveries = deliveries_of(lambda number: [told.append, interrupted, told.append])
    deliveries.add([1, 2])
    with pytest.raises(KeyboardInterrupt):
        deliveries.run()
    assert told == [1]
    assert deliveries.is_running
    deliveries.run()
    assert told == [1, 1, 2, 2]
    assert not deliveries.is_running


def test_what_a_callback_brings_about_is_told_behind_it():
    told = []

    def brings_more(number):
        if number == 1:
            deliveries.add([2])
            assert deliveries.is_here
            deliveries.run()
        told.append(number)

    deliveries = deliveries_of(lambda number: [brings_more, told.append])
    deliveries.add([1])
    deliveries.run()
    assert told == [1, 1, 2, 2]
    assert not deliveries.is_here


def test_the_log_says_whose_and_does_not_repeat_itself(caplog, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("stdbpy.client.connection_log.time.monotonic", lambda: now[0])
    log = ConnectionLog("100% game")
    log.known_as("c200abcdef0123")
    with caplog.at_level(logging.INFO, logger="stdbpy.client"):
        for number in range(20):
            log.warning("it is %d", number)
        log.info("another")
        now[0] = 10.0
        log.warning("it is %d", 20)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        *(f"[100% game c200abcd] it is {number}" for number in range(5)),
        "[100% game c200abcd] another",
        "[100% game c200abcd] it is 20 (and 15 more like it)",
    ]
    assert {(record.database, record.identity) for record in caplog.records} == {("100% game", "c200abcd")}


def test_the_bus_tells_and_keeps_the_last(caplog):
    bus = EventBus(ConnectionLog("game"))
    told = []

    def breaks(happening):
        raise ValueError

    assert not bus.wants_details
    bus.listen(breaks)
    leave = bus.listen(told.append)
    assert bus.wants_details
    for number in range(KEPT + 10):
        bus.publish("rows_changed", number=number)
    leave()
    leave()
    bus.publish("disconnected")
    assert [happening.details["number"] for happening in told] == list(range(KEPT + 10))
    assert len(bus.history()) == KEPT
    assert bus.history()[-1].kind == "disconnected"
    assert "a listener of the event bus failed" in caplog.text


def test_latencies():
    histogram = Histogram()
    assert histogram.quantile(0.5) == 0.0
    for _ in range(98):
        histogram.add(0.0009)
    histogram.add(0.3)
    histogram.add(100.0)
    assert len(histogram) == 100
    assert histogram.quantile(0.5) == 0.001
    assert histogram.quantile(0.99) == 0.5
    assert histogram.quantile(1.0) == histogram.greatest == 100.0
    assert histogram.total == pytest.approx(98 * 0.0009 + 100.3)
    twin = histogram.copy()
    histogram.add(1.0)
    assert len(twin) == 100
