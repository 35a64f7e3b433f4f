"""Pools of threads: the embedded server and the real ones."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from stdbpy.client import Connection
from stdbpy.client.pool import BreakerState, Endpoint, Pool
from stdbpy.errors import ConnectFailed, ConnectionClosed, NoSuchDatabase, ReducerFailed, WouldDeadlock
from tests.client.live import eventually
from tests.client.pool.policies import QUICK, WATCHFUL


def messages(pool: Pool, place):
    """Those of one of the pool's databases."""
    connections = [member.connection for member in pool._roster.members]
    db = next(connection for connection in connections if connection.database == place.database)
    return db.query("SELECT * FROM message")


def test_threads_share_a_pool(chat, second):
    threads = threading.active_count()
    endpoints = [Endpoint(place.url, place.database) for place in (chat, second)]
    with Pool(chat.sync_class, endpoints, connections=2, at_least=4) as pool:
        with ThreadPoolExecutor(8) as executor:
            list(executor.map(lambda number: pool.reducers.send_message(f"{number}"), range(200)))
        counts = [len(messages(pool, place)) for place in (chat, second)]
        assert sum(counts) == 200
        assert all(count > 20 for count in counts)
        assert pool.send.send_message("one more").result() is None
        with pytest.raises(ReducerFailed):
            pool.reducers.send_message("")
        assert sum(each.outstanding for each in pool.health()) == 0
    eventually(lambda: threading.active_count() == threads)


def test_a_pool_of_threads_prepares_its_connections(chat):
    endpoints = [Endpoint(chat.url, chat.database)]

    def prepare(db) -> None:
        db.subscribe("SELECT * FROM user", wait=False)

    with Pool(chat.sync_class, endpoints, prepare=prepare) as pool, pool.connection() as db:
        assert db.user.identity.find(db.identity).online


def test_a_pool_of_threads_survives_a_server_that_is_gone_for_a_while(chat, proxy):
    endpoints = [Endpoint(chat.url, chat.database), Endpoint(proxy.url, chat.database)]
    with Pool(chat.sync_class, endpoints, at_least=2, policy=WATCHFUL, reconnect=QUICK) as pool:
        proxy.refuse()
        proxy.cut()
        eventually(lambda: pool.health()[1].breaker is not BreakerState.CLOSED)
        for number in range(20):
            pool.reducers.send_message(f"{number}")
        proxy.refuse(False)
        eventually(lambda: pool.health()[1].is_healthy)


def test_a_pool_of_threads_drains(chat):
    pool = Pool(chat.sync_class, [Endpoint(chat.url, chat.database)], connections=2, at_least=2).open()
    calls = [pool.send.send_message(f"{number}") for number in range(100)]
    assert pool.drain(20) == 0
    assert [call.result() for call in calls] == [None] * 100
    with pytest.raises(ConnectionClosed):
        pool.reducers.send_message("too late")
    pool.close()


def test_waiting_calls_inside_of_callbacks_are_refused(chat):
    caught = []

    def prepare(db) -> None:
        @db.message.on_insert
        def _(ctx, row) -> None:
            try:
                pool.reducers.send_message("from a callback")
            except WouldDeadlock as error:
                caught.append(error)

        db.subscribe("SELECT * FROM message", wait=False)

    with Pool(chat.sync_class, [Endpoint(chat.url, chat.database)], prepare=prepare) as pool:
        pool.reducers.send_message("hello")
        assert len(caught) == 1
        assert len(pool.query("SELECT * FROM message")) == 1, "what is refused is not sent"


def test_a_prepare_that_waits_does_not_hang_the_program(chat):
    pool = Pool(
        chat.sync_class,
        [Endpoint(chat.url, chat.database)],
        prepare=lambda db: db.subscribe("SELECT * FROM user"),
        connect_timeout=0.2,
    )
    with pytest.raises(ConnectFailed, match="in time"):
        pool.open()


def test_opening_a_pool_of_threads_fails_with_the_reason(chat):
    with pytest.raises(NoSuchDatabase):
        Pool(chat.sync_class, [Endpoint(chat.url, "nobody-has-this")]).open()
    with pytest.raises(NoSuchDatabase):
        Pool(Connection, [Endpoint(chat.url, "nobody-has-this")]).open()
