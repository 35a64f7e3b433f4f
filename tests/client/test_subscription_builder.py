"""The official clients' way of subscribing, on connections of both kinds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from stdbpy.errors import UsageError
from stdbpy.testing import InMemoryDatabase
from tests.client import game as tables
from tests.client.game import MODULE, AsyncDbConnection, DbConnection, a_player

WITHIN = 60.0


@pytest.fixture
def database() -> Iterator[InMemoryDatabase]:
    with InMemoryDatabase(MODULE) as database:
        database.insert(tables.player, a_player(1, "Ada"))
        yield database


def test_callbacks_run_where_those_of_the_connection_do(database):
    db = database.connect(DbConnection, delivery="thread")
    told, is_told = [], threading.Event()

    def applied(subscription):
        told.append((subscription, db.player.count(), threading.current_thread() is threading.main_thread()))
        is_told.set()

    for _ in range(20):  # however soon the answer comes
        told.clear()
        is_told.clear()
        subscription = db.subscription_builder().on_applied(applied).subscribe(tables.player, "SELECT * FROM score")
        assert is_told.wait(WITHIN)
        assert subscription.queries == ('SELECT * FROM "player"', "SELECT * FROM score")
        assert told == [(subscription, 1, False)]
        subscription.unsubscribe()


def test_refused_queries_are_told(database):
    db = database.connect(DbConnection)
    told = []
    builder = db.subscription_builder().on_applied(lambda it: told.append("applied"))
    builder.on_error(lambda it, error: told.append((it, error)))
    subscription = builder.subscribe("SELECT * FROM dragon")
    assert told == []
    db.wait_until(lambda: subscription.is_ended, WITHIN)
    assert told == [(subscription, subscription.error)]


def test_all_tables(database):
    db = database.connect(DbConnection)
    told = []
    db.subscription_builder().on_applied(told.append).on_applied(told.append).subscribe_to_all_tables()
    db.wait_until(lambda: bool(told), WITHIN)
    assert len(told) == 2
    assert db.player.count() == 1


def test_a_query_is_needed(database):
    with pytest.raises(UsageError, match="needs a query"):
        database.connect(DbConnection).subscription_builder().subscribe()


def test_under_asyncio(database):
    async def main() -> None:
        async with database.connect_async(AsyncDbConnection) as db:
            applied = asyncio.Event()
            refused = asyncio.get_running_loop().create_future()
            db.subscription_builder().on_applied(lambda it: applied.set()).subscribe_to_all_tables()
            async with asyncio.timeout(WITHIN):
                await applied.wait()
            assert db.player.count() == 1
            builder = db.subscription_builder().on_error(lambda it, error: refused.set_result(error))
            subscription = builder.subscribe("SELECT * FROM dragon")
            async with asyncio.timeout(WITHIN):
                assert await refused is subscription.error

    asyncio.run(main())
