"""What a shell shows of the things that a program has in its hands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stdbpy.client import Connection, Histogram
from stdbpy.testing import InMemoryDatabase
from tests.client import game as tables
from tests.client.game import MODULE, DbConnection, a_player


@pytest.fixture
def database() -> Iterator[InMemoryDatabase]:
    with InMemoryDatabase(MODULE) as database:
        yield database


@pytest.fixture(params=[DbConnection, Connection], ids=["generated", "at run time"])
def db(request, database) -> Connection:
    return database.connect(request.param)


def test_tables(database, db):
    assert repr(db.tables) == f"<NamedTables: {', '.join(sorted(db.tables))}>"
    assert repr(db.player) == "<table player: 0 rows>"
    db.subscribe(tables.player)
    database.insert(tables.player, a_player(1))
    assert repr(db.player) == repr(db.tables["player"]) == "<table player: 1 row>"


def test_calls(db):
    for calls, names in [(db.reducers, "level_up"), (db.procedures, "roll"), (db.send_procedures, "roll")]:
        assert repr(calls) == f"<{type(calls).__name__}: {names}>"


def test_streams(database, db):
    changes, transactions = db.player.changes(), db.transactions()
    db.subscribe(tables.player)
    database.insert(tables.player, a_player(1), a_player(2))
    assert repr(changes) == "<Changes of player: 2 not taken yet>"
    assert repr(transactions) == "<Transactions: 2 not taken yet>"
    changes.close()
    transactions.close()
    assert repr(changes) == "<Changes of player: 2 not taken yet, closed>"
    assert repr(transactions) == "<Transactions: 2 not taken yet, closed>"


def test_subscriptions(db):
    subscription = db.subscribe("SELECT * FROM player")
    assert repr(subscription) == f"<Subscription {subscription.query_set_id} applied: SELECT * FROM player>"
    refused = db.subscribe("SELECT * FROM dragon", wait=False)
    assert repr(refused) == f"<Subscription {refused.query_set_id} pending: SELECT * FROM dragon>"
    db.wait_until(lambda: refused.is_ended, 60)
    assert repr(refused) == f"<Subscription {refused.query_set_id} ended ({refused.error}): SELECT * FROM dragon>"


def test_histograms():
    histogram = Histogram()
    assert repr(histogram) == "<Histogram of nothing>"
    for milliseconds in (1, 1, 1, 40):
        histogram.add(milliseconds / 1000)
    assert repr(histogram) == "<Histogram of 4: half within 1 ms, 99 % within 40 ms, longest 40 ms>"
