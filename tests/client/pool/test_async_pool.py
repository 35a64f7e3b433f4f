"""Pools under asyncio over databases and servers: the embedded one and the real ones."""

from __future__ import annotations

import asyncio

import pytest

from stdbpy.client import AsyncConnection
from stdbpy.client.pool import AsyncPool, BreakerPolicy, BreakerState, Endpoint, PoolPolicy
from stdbpy.errors import (
    CallTimeout,
    ClientError,
    ConnectFailed,
    ConnectionClosed,
    ConnectionLost,
    CredentialsRefused,
    NoConnectionAvailable,
    NoSuchDatabase,
    ReducerFailed,
    UsageError,
)
from tests.client.pool.policies import PATIENT, QUICK, WATCHFUL


def run(main) -> None:
    """Runs it, and sees to it that nothing is left."""

    async def watched() -> None:
        await main
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(watched())


async def until(holds) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.005)


def test_calls_spread_over_databases_as_one_identity(chat, second):
    async def main() -> None:
        endpoints = [Endpoint(place.url, place.database) for place in (chat, second)]
        async with AsyncPool(chat.async_class, endpoints, connections=2, at_least=4, token=chat.token) as pool:
            calls = [pool.reducers.send_message(f"{number}") for number in range(8)]
            assert [each.outstanding for each in pool.health()] == [4, 4]
            await asyncio.gather(*calls)
            counts, senders = [], set()
            for _ in endpoints:
                async with pool.connection() as db:
                    rows = await db.query("SELECT * FROM message")
                    counts.append((db.database, len(rows)))
                    senders |= {row.sender for row in rows}
            assert sorted(counts) == sorted((place.database, 4) for place in (chat, second))
            assert len(senders) == 1

    run(main())


def test_a_block_has_one_connection_which_counts_as_busier(chat):
    async def main() -> None:
        async with AsyncPool(AsyncConnection, [Endpoint(chat.url, chat.database)], connections=2, at_least=2) as pool:
            async with pool.connection() as first, pool.connection() as other:
                assert first is not other
                async with pool.connection() as third:
                    assert third is first
                assert pool.health()[0].outstanding == 2
            assert pool.health()[0].outstanding == 0

    run(main())


def test_what_prepare_subscribes_to_is_there_before_the_first_call(chat):
    async def main() -> None:
        told = []

        def prepare(db) -> None:
            db.message.on_insert(lambda _, row: told.append(row.text))
            db.subscribe("SELECT * FROM message", "SELECT * FROM user")

        endpoints = [Endpoint(chat.url, chat.database)]
        async with AsyncPool(chat.async_class, endpoints, prepare=prepare) as pool:
            async with pool.connection() as db:
                assert db.user.identity.find(db.identity).online
            await pool.reducers.send_message("hello")
            assert told == ["hello"]

    run(main())


def test_a_reducer_that_refuses_says_nothing_about_the_connection(chat):
    async def main() -> None:
        async with AsyncPool(chat.async_class, [Endpoint(chat.url, chat.database)], policy=WATCHFUL) as pool:
            for _ in range(10):
                with pytest.raises(ReducerFailed):
                    await pool.reducers.send_message("")
            [health] = pool.health()
            assert (health.breaker, health.failures, health.is_healthy) == (BreakerState.CLOSED, 0, True)

    run(main())


def test_each_connection_is_checked_through_the_database(chat):
    async def main() -> None:
        endpoints = [Endpoint(chat.url, chat.database)]
        async with AsyncPool(chat.async_class, endpoints, connections=2, at_least=2, policy=WATCHFUL) as pool:
            first = [member.checked_at for member in pool._roster.members]
            await until(lambda: all(member.checked_at not in (None, *first) for member in pool._roster.members))
            [health] = pool.health()
            assert 0 < health.round_trip < 5
            assert all(each.checked_ago < 5 for each in health.connections)

    run(main())


def test_calls_go_on_over_the_others_when_a_server_is_gone_and_come_back_with_it(chat, proxy):
    async def main() -> None:
        endpoints = [Endpoint(chat.url, chat.database), Endpoint(proxy.url, chat.database)]
        async with AsyncPool(chat.async_class, endpoints, at_least=2, policy=PATIENT, reconnect=QUICK) as pool:
            near, far = pool.health()
            assert far.is_healthy
            proxy.refuse()
            proxy.cut()
            await until(lambda: not pool.health()[1].is_healthy)
            for number in range(20):
                await pool.reducers.send_message(f"{number}")
            await until(lambda: pool.health()[1].breaker is not BreakerState.CLOSED)
            near, far = pool.health()
            assert near.failures == 0
            assert far.failures >= 3
            assert isinstance(far.last_error, ConnectionLost | ConnectFailed)
            proxy.refuse(False)
            await until(lambda: pool.health()[1].is_healthy)
            assert len({id(pool._choose()) for _ in range(4)}) == 2

    run(main())


def test_an_endpoint_that_says_nothing_any_more_gets_no_calls(chat, proxy):
    async def main() -> None:
        endpoints = [Endpoint(proxy.url, chat.database), Endpoint(chat.url, chat.database)]
        async with AsyncPool(chat.async_class, endpoints, at_least=2, policy=WATCHFUL) as pool:
            proxy.freeze()
            await until(lambda: not pool.health()[0].is_healthy)
            assert isinstance(pool.health()[0].last_error, CallTimeout)
            for number in range(10):
                await pool.reducers.send_message(f"{number}")
            proxy.thaw()
            await until(lambda: pool.health()[0].is_healthy)

    run(main())


def test_calls_that_are_given_up_count_while_the_server_answers_nothing(chat, proxy):
    async def main() -> None:
        policy = PoolPolicy(breaker=BreakerPolicy(failures=3, open_for=60), check_interval=60, check_timeout=60)
        endpoints = [Endpoint(proxy.url, chat.database)]
        async with AsyncPool(chat.async_class, endpoints, policy=policy, call_timeout=0.05) as pool:
            await until(lambda: pool.health()[0].connections[0].checked_ago is not None)
            proxy.freeze()
            for _ in range(4):
                with pytest.raises(CallTimeout):
                    await pool.reducers.send_message("lost")
            [health] = pool.health()
            assert health.breaker is BreakerState.OPEN
            with pytest.raises(NoConnectionAvailable) as raised:
                pool.reducers.send_message("not sent")
            assert not raised.value.may_have_run
            proxy.thaw()
            await pool.close()

    run(main())


def test_a_block_can_wait_for_a_connection_and_by_default_does_not(chat, proxy):
    async def main() -> None:
        endpoints = [Endpoint(proxy.url, chat.database)]
        async with AsyncPool(chat.async_class, endpoints, policy=WATCHFUL, reconnect=QUICK) as pool:
            proxy.refuse()
            proxy.cut()
            await until(lambda: not pool.health()[0].is_healthy)
            with pytest.raises(NoConnectionAvailable):
                async with pool.connection():
                    pass
            with pytest.raises(NoConnectionAvailable):
                async with pool.connection(timeout=0.01):
                    pass
            proxy.refuse(False)
            async with pool.connection(timeout=20) as db:
                await db.reducers.send_message("back")

    run(main())


def test_a_database_that_is_not_there_is_tried_again_until_it_is(chat, publish_chat):
    """As after a server that keeps nothing was started anew."""

    async def main() -> None:
        endpoints = [Endpoint(chat.url, chat.database), Endpoint(chat.url, chat.database + "-late")]
        async with AsyncPool(chat.async_class, endpoints, policy=WATCHFUL, reconnect=QUICK) as pool:
            await until(lambda: pool.health()[1].failures >= 3)
            assert isinstance(pool.health()[1].last_error, NoSuchDatabase)
            await asyncio.to_thread(publish_chat, chat.database + "-late")
            await until(lambda: pool.health()[1].is_healthy)

    run(main())


def test_draining_waits_for_calls_and_blocks_and_takes_no_more(chat):
    async def main() -> None:
        pool = AsyncPool(chat.async_class, [Endpoint(chat.url, chat.database)], connections=2, at_least=2)
        await pool.open()
        entered, leave = asyncio.Event(), asyncio.Event()

        async def block() -> None:
            async with pool.connection() as db:
                entered.set()
                await leave.wait()
                await db.reducers.send_message("from the block")

        task = asyncio.create_task(block())
        await entered.wait()
        calls = [pool.reducers.send_message(f"{number}") for number in range(50)]
        draining = asyncio.create_task(pool.drain(20))
        await asyncio.gather(*calls)
        with pytest.raises(ConnectionClosed):
            pool.reducers.send_message("too late")
        assert not draining.done()
        leave.set()
        await task
        assert await draining == 0
        assert all(not member.is_connected for member in pool._roster.members)
        with pytest.raises(ConnectionClosed, match="was closed"):
            await pool.open()

    run(main())


def test_draining_gives_up_after_its_time(chat, proxy):
    async def main() -> None:
        async with AsyncPool(chat.async_class, [Endpoint(proxy.url, chat.database)]) as pool:
            await until(lambda: pool.health()[0].connections[0].checked_ago is not None)
            proxy.freeze()
            call = pool.reducers.send_message("lost")
            draining = asyncio.create_task(pool.drain(0.05))
            await until(lambda: call.done)
            proxy.thaw()
            assert await draining == 1
            with pytest.raises(ConnectionClosed) as raised:
                await call
            assert raised.value.may_have_run

    run(main())


def test_who_is_cancelled_while_draining_leaves_nothing_open(chat, proxy):
    async def main() -> None:
        pool = await AsyncPool(chat.async_class, [Endpoint(proxy.url, chat.database)]).open()
        await until(lambda: pool.health()[0].connections[0].checked_ago is not None)
        proxy.freeze()
        call = pool.reducers.send_message("lost")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), pool:
                pass
        with pytest.raises(ConnectionClosed):
            await call

    run(main())


def test_opening_fails_with_the_reason_and_leaves_nothing(chat):
    async def main() -> None:
        with pytest.raises(NoSuchDatabase):
            await AsyncPool(chat.async_class, [Endpoint(chat.url, "nobody-has-this")]).open()
        with pytest.raises(NoSuchDatabase):
            await AsyncPool(AsyncConnection, [Endpoint(chat.url, "nobody-has-this")]).open()
        with pytest.raises(CredentialsRefused):
            await AsyncPool(chat.async_class, [Endpoint(chat.url, chat.database, token="forged")]).open()
        nobody = [Endpoint("http://127.0.0.1:9", chat.database)]
        with pytest.raises(ConnectFailed, match="nothing answers there"):
            await AsyncPool(chat.async_class, nobody, connect_timeout=0.1).open()
        with pytest.raises(ClientError, match="prepare"):
            await AsyncPool(chat.async_class, [Endpoint(chat.url, chat.database)], prepare=lambda db: 1 / 0).open()

    run(main())


def test_one_endpoint_that_works_is_enough_to_open(chat):
    async def main() -> None:
        endpoints = [Endpoint("http://127.0.0.1:9", "a"), Endpoint(chat.url, chat.database)]
        async with AsyncPool(AsyncConnection, endpoints) as pool:
            await pool.reducers.send_message("over the one that works")
            assert [each.is_healthy for each in pool.health()] == [False, True]

    run(main())


def test_a_pool_says_what_is_wrong_with_its_use():
    with pytest.raises(UsageError):
        AsyncPool(AsyncConnection, [])
    with pytest.raises(UsageError):
        AsyncPool(AsyncConnection, [Endpoint("http://127.0.0.1:9", "a")], connections=0)
    assert "not open" in repr(AsyncPool(AsyncConnection, [Endpoint("http://127.0.0.1:9", "a")]))
    with pytest.raises(ClientError, match="not open"):
        _ = AsyncPool(AsyncConnection, [Endpoint("http://127.0.0.1:9", "a")]).reducers
