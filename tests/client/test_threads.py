"""Connections that several threads use at once, Ctrl-C, forks, and streams that nobody reads any more."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from stdbpy.client import ReconnectPolicy
from stdbpy.client.io_thread import IoThread
from stdbpy.errors import ClientError, ConnectionClosed
from stdbpy.protocol.cache.listeners import Registry
from stdbpy.testing import InMemoryDatabase
from tests.client.game import MODULE, AsyncDbConnection, DbConnection, Score
from tests.client.live import eventually


@pytest.fixture
def database() -> Iterator[InMemoryDatabase]:
    with InMemoryDatabase(MODULE) as database:
        yield database


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def feed(database: InMemoryDatabase, *players: int) -> None:
    """Transactions that nobody waits to be delivered."""
    for player in players:
        transaction = database._server.tables.begin()
        transaction.insert("score", Score(player, 1, 1))
        database._server.commit(transaction)


def in_thread(function) -> threading.Thread:
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread


# --- ticks -----------------------------------------------------------------------------------


def test_who_waits_gets_its_answer_though_another_thread_begins_to_tick(database, hasty):
    db = database.connect(DbConnection)
    over = threading.Event()

    def play() -> None:
        while not over.is_set():
            db.tick()

    def work() -> None:
        for _ in range(200):
            db.tick()  # takes the ticks over, and waits while the other one does so
            db.reducers.level_up(1)

    game, worker = in_thread(play), in_thread(work)
    worker.join(60)
    over.set()
    game.join()
    assert not worker.is_alive()


def test_ticks_of_several_threads_keep_the_order(database, hasty):
    db = database.connect(DbConnection)
    db.subscribe_to_all_tables()
    told: list[int] = []
    db.score.on_insert(lambda ctx, row: told.append(row.player_id))

    def play(_: int) -> None:
        while len(told) < 500:
            db.tick()

    with ThreadPoolExecutor(4) as threads:
        playing = threads.map(play, range(4))
        feed(database, *range(500))
        list(playing)
    assert told == list(range(500))


def test_who_waits_takes_over_from_a_thread_that_has_ended(database):
    db = database.connect(DbConnection)
    in_thread(db.tick).join()
    worker = in_thread(lambda: db.reducers.level_up(1))
    worker.join(60)
    assert not worker.is_alive()
    in_thread(db.tick).join()
    db.subscribe_to_all_tables(timeout=60)


def test_who_waits_takes_over_from_a_thread_that_ends_meanwhile(database):
    db = database.connect(DbConnection)
    over = threading.Event()

    def play() -> None:
        db.tick()
        over.wait(60)

    playing = in_thread(play)
    eventually(lambda: db._ticker is playing)
    worker = in_thread(lambda: db.reducers.level_up(1))
    eventually(lambda: db._watchers)
    over.set()
    worker.join(60)
    assert not worker.is_alive()


def test_the_log_says_who_waits_for_ticks_that_do_not_come(database, monkeypatch, caplog):
    monkeypatch.setattr("stdbpy.client.sync_connection.TICKS_WITHIN", 0.0)
    monkeypatch.setattr("stdbpy.client.sync_connection.LOOKS_EVERY", 0.01)
    db = database.connect(DbConnection)
    worker = in_thread(lambda: db.reducers.level_up(1))
    eventually(lambda: caplog.records)
    db.tick()
    eventually(lambda: db.tick() or not worker.is_alive())
    assert "'MainThread' has not called" in caplog.records[0].message


# --- closing ---------------------------------------------------------------------------------


def test_close_while_another_thread_waits_and_there_is_no_socket(database):
    db = database.connect(DbConnection, reconnect=ReconnectPolicy(base=100, cap=100))
    for socket in database._server.sockets:
        socket.cut()
    db.wait_until(lambda: not db.is_connected, 60)
    waits = threading.Event()
    raised: list[BaseException] = []

    def is_ready() -> bool:
        waits.set()
        return False

    def wait() -> None:
        db.tick()
        with pytest.raises(ConnectionClosed) as caught:
            db.wait_until(is_ready, None)
        raised.append(caught.value)

    waiting = in_thread(wait)
    assert waits.wait(60)
    db.close()
    waiting.join(60)
    assert raised


def test_several_threads_close_at_once(database, hasty):
    other = database.connect(DbConnection)
    for _ in range(10):
        db = database.connect(DbConnection)
        together = threading.Barrier(4)

        def close(db=db, together=together) -> None:
            together.wait()
            db.close()

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _, close=close: close(), range(4)))
    assert IoThread._shared is not None
    assert IoThread._shared._users == 1
    other.reducers.level_up(1)


def test_what_closing_tells_is_told_though_the_thread_is_quick(database, monkeypatch):
    db = database.connect(DbConnection, delivery="thread")
    db.subscribe_to_all_tables()
    told: list[object] = []
    inside, may_end = threading.Event(), threading.Event()
    db.on_disconnect(lambda connection, error: told.append(error))

    @db.score.on_insert
    def _(ctx, row):
        inside.set()
        may_end.wait(60)

    feed(database, 1)
    assert inside.wait(60)
    put = db._inbox.put

    def put_late(arrival):
        if arrival is None:  # the session is closed; the thread sees that first
            may_end.set()
            db._thread.join(60)
        put(arrival)

    monkeypatch.setattr(db._inbox, "put", put_late)
    db.close()
    assert told == [None]


# --- Ctrl-C ----------------------------------------------------------------------------------


def test_ctrl_c_while_a_message_is_applied_waits_for_its_end(database, monkeypatch):
    db = database.connect(DbConnection)
    db.subscribe_to_all_tables()
    told: list[int] = []
    db.score.on_insert(lambda ctx, row: told.append(row.player_id))
    receive = db._session.receive

    def interrupted(frame: bytes) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        receive(frame)

    feed(database, 1)
    eventually(lambda: len(db._inbox))
    monkeypatch.setattr(db._session, "receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        db.tick()
    assert (told, db.score.count()) == ([1], 1)
    with pytest.raises(KeyboardInterrupt):
        db.reducers.level_up(1)
    monkeypatch.undo()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    feed(database, 2)
    db.reducers.level_up(1)
    assert told == [1, 2]


# --- forks -----------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Python since 3.12: there are threads
def test_a_fork_waits_for_who_holds_the_lock(database):
    db = database.connect(DbConnection, delivery="thread")
    held, tries = threading.Event(), threading.Event()

    def hold() -> None:
        with db.lock:
            held.set()
            tries.wait(0.1)

    holder = in_thread(hold)
    held.wait()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(10)
        try:
            db.reducers.level_up(1)
        except ClientError:
            os._exit(0)
        os._exit(1)
    holder.join()
    assert os.waitpid(child, 0)[1] == 0
    db.reducers.level_up(1)


# --- callbacks and calls ---------------------------------------------------------------------


def test_callbacks_are_added_and_removed_by_any_thread(hasty):
    registry: Registry = Registry()

    def come_and_go(_: int) -> None:
        for _ in range(500):

            def callback() -> None: ...

            registry.add(callback)
            registry.remove(callback)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(come_and_go, range(4)))
    assert len(registry) == 0


def test_several_threads_wait_for_one_call(database, hasty):
    db = database.connect(DbConnection, delivery="thread")
    for _ in range(50):
        call = db.send.level_up(1)
        told = threading.Event()
        call.add_done_callback(lambda _, told=told: told.set())
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _, call=call: call.result(60), range(4)))
        assert told.wait(60)


# --- streams ---------------------------------------------------------------------------------


def test_streams_that_are_let_go_take_nothing_with_them(database):
    db = database.connect(DbConnection)
    db.subscribe_to_all_tables()
    for stream in (db.transactions(timeout=0), db.score.changes(timeout=0)):
        list(stream)
    del stream
    gc.collect()
    assert db._hooks.on_transaction == []
    assert not db._session.cache.tables["score"].listeners.on_insert


@pytest.mark.parametrize("delivery", ["thread", "tick"])
@pytest.mark.parametrize("kind", ["changes", "transactions"])
def test_closing_a_stream_ends_who_waits_for_it(database, delivery, kind):
    db = database.connect(DbConnection, delivery=delivery)
    stream = db.score.changes() if kind == "changes" else db.transactions()
    read: list[list[object]] = []

    def wait() -> None:
        if delivery == "tick":
            db.tick()
        read.append(list(stream))

    waiting = in_thread(wait)
    eventually(lambda: db._watchers or (delivery == "tick" and db._deliveries.interrupts.is_welcome))
    stream.close()
    waiting.join(60)
    assert read == [[]]


def test_closing_a_stream_ends_who_awaits_it(database):
    async def main() -> None:
        async with database.connect_async(AsyncDbConnection) as db:
            for stream in (db.score.changes(), db.transactions()):

                async def read(stream=stream) -> list[object]:
                    return [each async for each in stream]

                reading = asyncio.create_task(read())
                while not db._watchers:
                    await asyncio.sleep(0)
                stream.close()
                assert await asyncio.wait_for(reading, 60) == []

    asyncio.run(main())


# --- asyncio ---------------------------------------------------------------------------------


def test_who_looks_at_an_idle_table_again_and_again_leaves_nothing(database):
    async def main() -> None:
        async with database.connect_async(AsyncDbConnection) as db:
            for _ in range(20):
                assert [change async for change in db.score.changes(timeout=0.0001)] == []
            assert db._watchers == []

    asyncio.run(main())


def test_a_subscription_that_is_given_up_while_it_is_entered_ends(database):
    async def main() -> None:
        async with database.connect_async(AsyncDbConnection) as db:
            subscription = db.subscribe("SELECT * FROM score")

            async def enter() -> None:
                async with subscription:
                    raise AssertionError

            entering = asyncio.create_task(enter())
            await asyncio.sleep(0)
            entering.cancel()
            with pytest.raises(asyncio.CancelledError):
                await entering
            await asyncio.wait_for(subscription.unsubscribe(), 60)
            assert db.stats().subscriptions == 0

    asyncio.run(main())


def test_a_call_that_is_refused_in_another_thread_is_not_made(database):
    async def main() -> None:
        async with database.connect_async(AsyncDbConnection) as db:
            with pytest.raises(ClientError, match="used from a thread without an event loop"):
                await asyncio.to_thread(db.reducers.level_up, 1)
            await db.reducers.level_up(2)
            assert [call.args for call in database.calls] == [(2,)]

    asyncio.run(main())


def test_a_callback_that_meets_a_cancelled_task_fails_like_any_other(database):
    async def main() -> None:
        async with database.connect_async(AsyncDbConnection) as db:
            await db.subscribe("SELECT * FROM score")
            told: list[int] = []
            failed: list[BaseException] = []
            db.on_callback_error(lambda callback, error: failed.append(error))

            @db.score.on_insert
            def _(ctx, row):
                raise asyncio.CancelledError

            db.score.on_insert(lambda ctx, row: told.append(row.player_id))
            feed(database, 1, 2)
            await db.query("SELECT * FROM score")
            assert told == [1, 2]
            assert [type(error) for error in failed] == [asyncio.CancelledError] * 2
        database._failed.clear()

    asyncio.run(main())
