"""Callbacks of subscriptions: none is missed, and who waits is woken behind them."""

from __future__ import annotations

import time

import pytest

from stdbpy.client import State
from stdbpy.errors import SubscriptionFailed
from stdbpy.testing import InMemoryDatabase
from tests.client.game import MODULE, DbConnection

TAKES = 0.05
"""Seconds that slow callbacks take."""


@pytest.fixture
def db():
    with InMemoryDatabase(MODULE) as database:
        yield database.connect(DbConnection, delivery="thread")


def test_late_callbacks_run_at_once(db):
    told = []
    subscription = db.subscribe("SELECT * FROM player")
    subscription.on_applied(lambda it: told.append(("applied", it)))
    subscription.on_error(lambda it, error: told.append(("error", it)))
    subscription.unsubscribe()
    subscription.on_ended(lambda it: told.append(("ended", it)))
    subscription.on_applied(lambda it: told.append(("applied again", it)))
    assert told == [("applied", subscription), ("ended", subscription)]


def test_late_callbacks_are_told_of_errors(db):
    subscription = db.subscribe("SELECT * FROM dragon", wait=False)
    with pytest.raises(SubscriptionFailed) as caught:
        subscription.wait_applied()
    told = []
    subscription.on_error(lambda it, error: told.append(error))
    assert told == [caught.value]
    assert db.state is State.CONNECTED


def test_waiting_ends_behind_callbacks(db):
    told = []

    def slowly(what):
        time.sleep(TAKES)
        told.append(what)

    subscription = db.subscribe("SELECT * FROM player", wait=False)
    subscription.on_applied(lambda _: slowly("applied"))
    subscription.on_ended(lambda _: slowly("ended"))
    subscription.wait_applied()
    assert told == ["applied"]
    subscription.unsubscribe()
    assert told == ["applied", "ended"]
