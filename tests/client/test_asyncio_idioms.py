"""Calls go into what asyncio has for awaiting several things."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from stdbpy.errors import ReducerError, ReducerFailed
from stdbpy.testing import InMemoryDatabase
from tests.client import game as tables
from tests.client.game import MODULE, AsyncDbConnection, a_player


def run(main: Callable[[AsyncDbConnection], Awaitable[None]]) -> None:
    async def connected() -> None:
        with InMemoryDatabase(MODULE) as database:

            @database.reducer("level_up")
            def level_up(transaction, player_id):
                if player_id != 1:
                    raise ReducerError("There is no such player.")
                [player] = transaction.all(tables.player)
                transaction.update(tables.player, a_player(1, "Ada", level=player.level + 1))

            database.insert(tables.player, a_player(1, "Ada"))
            async with database.connect_async(AsyncDbConnection) as db, asyncio.timeout(60):
                await db.subscribe(tables.player)
                await main(db)

    asyncio.run(connected())


def test_gather_wait_for_and_as_completed():
    async def main(db: AsyncDbConnection) -> None:
        await asyncio.gather(db.reducers.level_up(1), db.reducers.level_up(1))
        await asyncio.wait_for(db.reducers.level_up(1), timeout=60)
        for call in asyncio.as_completed([db.reducers.level_up(1), db.reducers.level_up(1)]):
            await call
        assert db.player.id.find(1).level == 6
        told = await asyncio.gather(db.reducers.level_up(1), db.reducers.level_up(2), return_exceptions=True)
        assert [type(each) for each in told] == [type(None), ReducerFailed]

    run(main)


def test_tasks():
    async def main(db: AsyncDbConnection) -> None:
        first = asyncio.ensure_future(db.reducers.level_up(1))
        second = asyncio.create_task(db.query("SELECT * FROM player").outcome())
        done, _ = await asyncio.wait([first, second])
        assert done == {first, second}
        assert [row.level for row in second.result()] == [2]

    run(main)


def test_task_groups():
    async def main(db: AsyncDbConnection) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(db.reducers.level_up(1).outcome())
            group.create_task(db.reducers.level_up(1).outcome())
        assert db.player.id.find(1).level == 3
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.TaskGroup() as group:
                group.create_task(db.reducers.level_up(2).outcome())
        assert caught.group_contains(ReducerFailed, match="no such player")

    run(main)
