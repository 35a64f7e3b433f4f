"""Connections under asyncio, on the embedded server and both real ones."""

from __future__ import annotations

import asyncio
import threading

import pytest

from stdbpy.client import connect_async, examination
from stdbpy.errors import (
    CallTimeout,
    ClientError,
    ConnectFailed,
    ConnectionClosed,
    ConnectionLost,
    CredentialsRefused,
    NoSuchDatabase,
    ProtocolError,
    QueryFailed,
    ReducerFailed,
    SchemaMismatch,
    SubscriptionFailed,
    WouldDeadlock,
)
from stdbpy.protocol.events import ReducerEvent
from stdbpy.protocol.options import ReconnectPolicy
from tests.client.conftest import on_all_servers

pytestmark = on_all_servers


def run(main) -> None:
    """Runs it, and sees to it that nothing is left."""
    threads = threading.active_count()

    async def watched() -> None:
        await main
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(watched())
    assert threading.active_count() == threads


def test_a_call_is_done_when_its_rows_are_cached_and_told(chat, library):
    async def main() -> None:
        async with chat.async_class.connect(chat.url, chat.database, library=library) as db:
            told = []
            db.message.on_insert(lambda ctx, row: told.append((ctx.event, row.text)))
            async with db.subscribe("SELECT * FROM message", "SELECT * FROM user"):
                assert [user.identity for user in db.user] == [db.identity]
                await db.reducers.send_message("first")
                assert [message.text for message in db.message] == ["first"]
                [(event, text)] = told
                assert text == "first"
                assert isinstance(event, ReducerEvent)
                assert event.reducer == "send_message"
                assert event.args == ("first",)
                assert event.committed
            assert list(db.message) == []

    run(main())


def test_calls_in_one_go_are_done_in_order(chat):
    async def main() -> None:
        async with connect_async(chat.url, chat.database) as db, db.subscribe("SELECT * FROM message"):
            order = []
            calls = [db.reducers.send_message(text=str(number)) for number in range(200)]
            for number, call in enumerate(calls):
                call.add_done_callback(lambda _, number=number: order.append(number))
            await asyncio.gather(*calls)
            assert order == list(range(200))
            assert {message.text for message in db.message} == set(map(str, range(200)))

    run(main())


def test_a_cancelled_await_loses_nothing(chat):
    async def main() -> None:
        async with connect_async(chat.url, chat.database) as db, db.subscribe("SELECT * FROM message"):
            call = db.reducers.send_message("kept")
            waiting = asyncio.ensure_future(call)
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await call
            assert [message.text for message in db.message] == ["kept"]
            assert db.stats().calls_pending == 0

    run(main())


def test_what_a_reducer_refuses_is_raised(chat):
    async def main() -> None:
        async with connect_async(chat.url, chat.database) as db:
            with pytest.raises(ReducerFailed, match="Names must not be empty"):
                await db.reducers.set_name("")
            with pytest.raises(QueryFailed):
                await db.query("SELECT * FROM nothing")
            with pytest.raises(SubscriptionFailed):
                await db.subscribe("SELECT * FROM nothing")
            await db.reducers.set_name("Ada")
            assert [user.name for user in await db.query("SELECT * FROM user")] == ["Ada"]

    run(main())


def test_a_failure_that_nobody_asks_for_is_logged(chat, caplog):
    async def main() -> None:
        async with connect_async(chat.url, chat.database) as db:
            db.reducers.set_name("")
            await db.reducers.set_name("Ada")

    run(main())
    [record] = [record for record in caplog.records if record.name == "stdbpy.client"]
    assert "set_name" in record.getMessage()
    assert "Names must not be empty" in record.getMessage()
    assert record.database == chat.database


def test_a_callback_that_raises_keeps_no_other_from_running(chat, caplog):
    async def main() -> None:
        async with connect_async(chat.url, chat.database) as db, db.subscribe("SELECT * FROM message"):
            told, failed = [], []

            @db.message.on_insert
            def breaks(ctx, row):
                raise ValueError(row.text)

            @db.message.on_insert
            async def breaks_later(ctx, row):
                raise KeyError(row.text)

            db.message.on_insert(lambda ctx, row: told.append(row.text))
            await db.reducers.send_message("one")
            db.on_callback_error(lambda callback, error: failed.append((callback, type(error))))
            await db.reducers.send_message("two")
            await asyncio.sleep(0)
            assert told == ["one", "two"]
            assert failed[-2:] == [(breaks, ValueError), (breaks_later, KeyError)]
            assert db.stats().callbacks_failed >= 3

    run(main())
    assert "breaks failed" in caplog.text
    assert "ValueError: one" in caplog.text


def test_a_callback_may_call_and_close(chat):
    async def main() -> None:
        db = await connect_async(chat.url, chat.database)
        sub = await db.subscribe("SELECT * FROM message")
        closed = asyncio.Event()
        db.on_disconnect(lambda connection, error: closed.set())

        @db.message.on_insert
        async def _(ctx, row):
            if row.text == "ping":
                await ctx.reducers.send_message("pong")
            else:
                assert {message.text for message in ctx.db.message} == {"ping", "pong"}
                await ctx.connection.close()

        await db.reducers.send_message("ping")
        await closed.wait()
        assert sub.is_ended
        await db.close()

    run(main())


def test_after_close(chat, library):
    async def main() -> None:
        db = await connect_async(chat.url, chat.database, library=library)
        await db.subscribe("SELECT * FROM user")
        call = db.reducers.set_name("Ada")
        await db.close()
        with pytest.raises(ConnectionClosed):
            await call
        for use in (lambda: db.reducers.set_name("x"), lambda: db.subscribe("x"), lambda: db.query("x")):
            with pytest.raises(ConnectionClosed):
                use()
        assert len(db.user) == 1
        await db.close()

    run(main())


def test_changes_and_their_end(chat):
    async def main() -> None:
        async with connect_async(chat.url, chat.database) as db, db.subscribe("SELECT * FROM message"):
            changes = db.message.changes()
            db.reducers.send_message("a")
            change = await anext(changes)
            assert change.row.text == "a"
            assert [change async for change in db.message.changes(timeout=0.02)] == []
            ended = asyncio.ensure_future(anext(changes, None))
            await asyncio.sleep(0)
            await db.close()
            assert await ended is None

    run(main())


def test_use_from_elsewhere_says_so(chat):
    async def main() -> None:
        async with connect_async(chat.url, chat.database) as db:

            def in_a_thread() -> None:
                with pytest.raises(ClientError, match="a thread without an event loop"):
                    db.reducers.set_name("x")

            def in_another_loop() -> None:
                async def use() -> None:
                    with pytest.raises(ClientError, match="another event loop"):
                        await db.close()
                    await call

                asyncio.run(use())

            await asyncio.to_thread(in_a_thread)
            call = db.reducers.set_name("Ada")
            with pytest.raises(WouldDeadlock, match="cannot be waited for"):
                call.result()
            await asyncio.to_thread(in_another_loop)

    asyncio.run(main())


def test_connections_that_do_not_come_about(chat, library):
    async def main() -> None:
        made = chat.async_class
        with pytest.raises(ConnectFailed, match="nothing answers there"):
            await made.connect("http://127.0.0.1:1", chat.database, library=library)
        with pytest.raises(NoSuchDatabase) as caught:
            await made.connect(chat.url, "no-such-database", library=library)
        assert caught.value.hint
        for cls in (made, None):
            connect = connect_async if cls is None else cls.connect
            with pytest.raises(CredentialsRefused) as refused:
                await connect(chat.url, chat.database, token="a.b.c", library=library, check_schema=False)
            assert "a.b.c" not in str(refused.value)

    run(main())


def test_a_server_that_says_nothing(chat, proxy):
    async def main() -> None:
        proxy.freeze()
        with pytest.raises(ConnectFailed, match=r"within 0\.2 seconds"):
            await chat.async_class.connect(proxy.url, chat.database, connect_timeout=0.2)
        attempt = asyncio.ensure_future(chat.async_class.connect(proxy.url, chat.database)._made())
        await asyncio.sleep(0.05)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt

    run(main())


def test_another_schema_is_told(chat, monkeypatch):
    monkeypatch.setattr(examination, "GOOD_FOR", 0.0)

    async def main() -> None:
        made = chat.async_class
        async with made.connect(chat.url, chat.database):
            pass
        chat.publish("sdk_test")
        with pytest.raises(SchemaMismatch) as caught:
            await made.connect(chat.url, chat.database)
        assert "reducer send_message" in {problem.where for problem in caught.value.problems}
        assert "stdbpy generate" in caught.value.hint

    run(main())


def test_a_lost_connection_comes_back(chat, proxy, library):
    async def main() -> None:
        made = chat.async_class.connect(
            proxy.url, chat.database, library=library, reconnect=ReconnectPolicy(base=0.01, cap=0.05)
        )
        async with made as db, db.subscribe("SELECT * FROM message"):
            lost, back = asyncio.Event(), asyncio.Event()
            db.on_disconnect(lambda connection, error: lost.set())
            db.on_reconnect(lambda connection: back.set())
            await db.reducers.send_message("before")
            identity, told = db.identity, []
            db.message.on_insert(lambda ctx, row: told.append(row.text))
            async with connect_async(chat.url, chat.database) as other:
                proxy.refuse()
                proxy.cut()
                await lost.wait()
                with pytest.raises(ConnectionLost) as caught:
                    await db.reducers.send_message("away")
                assert caught.value.may_have_run is False
                await other.reducers.send_message("meanwhile")
                proxy.refuse(False)
                await back.wait()
                await db.reducers.send_message("after")
            assert told == ["meanwhile", "after"]
            assert {message.text for message in db.message} == {"before", "meanwhile", "after"}
            assert db.identity == identity
            assert db.stats().connections == 2

    run(main())


def test_a_peer_that_is_dead(chat, proxy, library):
    async def main() -> None:
        options = {"ping_interval": 0.05, "ping_timeout": 0.1, "library": library, "reconnect": None}
        async with chat.async_class.connect(proxy.url, chat.database, **options) as db:
            lost = asyncio.get_running_loop().create_future()
            db.on_disconnect(lambda connection, error: lost.set_result(error))
            proxy.freeze()
            call = db.reducers.set_name("x")
            error = await asyncio.wait_for(lost, 60)
            assert isinstance(error, ConnectionLost)
            with pytest.raises(ConnectionLost) as caught:
                await call
            assert caught.value.may_have_run
            proxy.thaw()

    run(main())


def test_a_call_without_answer_in_time(chat, proxy):
    async def main() -> None:
        async with chat.async_class.connect(proxy.url, chat.database, call_timeout=0.1) as db:
            proxy.freeze()
            call = db.reducers.set_name("x")
            with pytest.raises(CallTimeout, match="set_name"):
                await call
            proxy.thaw()
            await call

    run(main())


def test_a_message_that_is_too_great(chat, library):
    async def main() -> None:
        options = {"library": library, "max_message_size": 20_000}
        async with chat.async_class.connect(chat.url, chat.database, **options) as db:
            await db.subscribe("SELECT * FROM message")
            with pytest.raises(ConnectionLost):
                await db.reducers.send_message("x" * 30_000)
            assert isinstance(db.error, ProtocolError)
            assert "20000" in str(db.error)
            assert "max_message_size" in db.error.hint

    run(main())


@pytest.mark.parametrize("compression", ["gzip", "brotli"])
def test_compression(chat, compression):
    async def main() -> None:
        async with chat.async_class.connect(chat.url, chat.database, compression=compression) as db:
            for _ in range(4):
                await db.reducers.send_message("long " * 2000)
            async with db.subscribe("SELECT * FROM message"):
                assert [len(message.text) for message in db.message] == [10_000] * 4
            assert db.stats().bytes_in < 40_000

    run(main())


@pytest.mark.parametrize(
    "options", [{"confirmed": True}, {"confirmed": False}, {"light": True}, {"protocols": ["v1.bsatn.spacetimedb"]}]
)
def test_options_of_the_server(chat, options):
    async def main() -> None:
        made = chat.async_class.connect(chat.url, chat.database, **options)
        async with made as db, db.subscribe("SELECT * FROM message"):
            await db.reducers.send_message("x")
            assert [message.text for message in db.message] == ["x"]

    run(main())
