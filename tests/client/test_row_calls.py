"""Callbacks of rows: each row is told to those who listen at that moment, whatever they do."""

from __future__ import annotations

import pytest

from stdbpy.client.connection_log import ConnectionLog
from stdbpy.client.deliveries import Deliveries
from stdbpy.client.event_bus import EventBus
from stdbpy.client.row_calls import steps_for
from stdbpy.protocol.cache import Listeners, TableChanges

CONTEXT = object()
ROWS = list(range(6))
KINDS = {
    "deleted": ("on_delete", ROWS),
    "updated": ("on_update", [(row, row + 0.5) for row in ROWS]),
    "inserted": ("on_insert", ROWS),
}


class Told:
    """The rows that callbacks of one kind of change are told of."""

    def __init__(self, kind: str) -> None:
        name, rows = KINDS[kind]
        listeners = Listeners()
        self.registry = getattr(listeners, name)
        self.calls: list[tuple[str, int]] = []
        self.failures: list[str] = []
        log = ConnectionLog("game")
        changes = TableChanges("player", len(rows), **{kind: rows})
        self.deliveries = Deliveries(lambda _: steps_for(changes, listeners, CONTEXT), log, EventBus(log), None)
        self.deliveries.on_error.append(lambda callback, error: self.failures.append(type(error).__name__))
        self.deliveries.add([changes])

    def listen(self, name, act=lambda row: None):
        def callback(context, row, new=None):
            assert context is CONTEXT
            assert new in (None, row + 0.5)
            self.calls.append((name, row))
            return act(row)

        self.registry.add(callback)
        return callback

    @property
    def rows(self) -> list[int]:
        return [row for _, row in self.calls]


@pytest.fixture(params=sorted(KINDS))
def told(request) -> Told:
    return Told(request.param)


def raises(error):
    def act(row):
        if row in (1, 5):
            raise error

    return act


def test_one_callback_is_told_of_all_rows(told):
    told.listen("a")
    told.deliveries.run()
    assert told.rows == ROWS


def test_several_are_told_of_a_row_before_the_next_one(told):
    told.listen("a")
    told.listen("b")
    told.deliveries.run()
    assert told.calls == [(name, row) for row in ROWS for name in "ab"]


@pytest.mark.parametrize("error", [ValueError, StopIteration])
def test_one_that_raises_is_told_of_the_rows_behind(told, error):
    told.listen("a", raises(error))
    told.deliveries.run()
    assert told.rows == ROWS
    assert told.failures == [error.__name__] * 2


@pytest.mark.parametrize("others", ["", "b"])
def test_an_interruption_leaves_the_rows_behind_to_the_next_run(told, others):
    told.listen("a", raises(KeyboardInterrupt))
    for name in others:
        told.listen(name)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            told.deliveries.run()
        assert not told.deliveries.interrupts.is_welcome
    told.deliveries.run()
    assert told.calls == [(name, row) for row in ROWS for name in "a" + others]
    assert not told.deliveries.is_running


def test_one_that_is_removed_meanwhile_is_told_no_more(told):
    callback = told.listen("a", lambda row: told.registry.remove(callback) if row == 2 else None)
    told.deliveries.run()
    assert told.rows == [0, 1, 2]


def test_one_that_raises_and_is_removed_meanwhile_is_told_no_more(told):
    def act(row):
        told.registry.remove(callback)
        raise ValueError

    callback = told.listen("a", act)
    told.deliveries.run()
    assert told.rows == [0]
    assert told.failures == ["ValueError"]


def test_those_that_come_and_go_meanwhile_are_told_of_the_rows_in_between(told):
    def act(row):
        if row == 1:
            others.append(told.listen("b"))
        if row == 4:
            told.registry.remove(others.pop())

    others = []
    told.listen("a", act)
    told.deliveries.run()
    assert told.calls == [("a", 0), ("a", 1), ("a", 2), ("b", 2), ("a", 3), ("b", 3), ("a", 4), ("b", 4), ("a", 5)]


def test_async_functions_are_refused_for_each_row(told):
    async def callback(*_):
        pass

    told.registry.add(callback)
    told.deliveries.run()
    assert told.failures == ["ClientError"] * len(ROWS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_one_row_is_told_to_all(kind):
    name, rows = KINDS[kind]
    listeners = Listeners()
    for callback in (print, repr):
        getattr(listeners, name).add(callback)
    steps = list(steps_for(TableChanges("player", 1, **{kind: rows[:1]}), listeners, CONTEXT))
    row = rows[0] if isinstance(rows[0], tuple) else (rows[0],)
    assert steps == [(print, (CONTEXT, *row)), (repr, (CONTEXT, *row))]
