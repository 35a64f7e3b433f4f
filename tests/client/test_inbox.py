"""What waits to be taken in is in order, wakes who waits for it, and is bounded."""

from __future__ import annotations

import threading

from stdbpy.client import ReconnectPolicy, connect
from stdbpy.client.inbox import Inbox
from tests.client.live import eventually

LIMIT = 10_000
READ_AT_ONCE = 1 << 20
"""Bytes that sockets hand on before they notice that they are to pause."""


def test_order_and_waiting():
    inbox = Inbox(lambda: None)
    assert not inbox.wait(0.001)
    assert inbox.take() is None
    for arrival in (b"one", None, "two"):
        inbox.put(arrival)
    assert inbox.wait()
    assert [inbox.take() for _ in range(len(inbox))] == [b"one", None, "two"]


def test_who_waits_is_woken():
    inbox = Inbox(lambda: None)
    taken: list[object] = []

    def take() -> None:
        while len(taken) < 1000:
            inbox.wait()
            if inbox:
                taken.append(inbox.take())

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    for number in range(1000):
        inbox.put(b"%d" % number)
    thread.join(60)
    assert taken == [b"%d" % number for number in range(1000)]


def test_it_says_when_it_is_full_and_when_no_more():
    told: list[bool] = []
    inbox = Inbox(lambda: told.append(inbox.is_full), limit=5)
    for arrival in (b"123", "45", None, b"6", b"7"):
        inbox.put(arrival)
    assert told == [True]
    inbox.take()
    assert told == [True, False]
    inbox.put(b"890")
    while inbox:
        inbox.take()
    assert told == [True, False, True, False]


def test_without_ticks_little_is_read(chat, library):
    with (
        connect(chat.url, chat.database, delivery="tick", library=library) as db,
        connect(chat.url, chat.database) as other,
        db.subscribe("SELECT * FROM message"),
    ):
        db._inbox._limit = LIMIT
        for _ in range(600):
            other.send.send_message("x" * 5000)
        other.reducers.send_message("the last")
        eventually(lambda: db._link._is_held_back)
        assert db._inbox._size <= LIMIT + READ_AT_ONCE

        def has_all() -> bool:
            db.tick()
            return db.message.count() == 601

        eventually(has_all)
        eventually(lambda: not db._link._is_held_back)


def test_it_is_said_why_a_connection_ended_that_was_held_back(chat):
    with (
        connect(chat.url, chat.database, delivery="tick", reconnect=ReconnectPolicy(base=0.01)) as db,
        db.subscribe("SELECT * FROM message"),
    ):
        errors: list[object] = []
        db.on_disconnect(lambda connection, error: errors.append(error))
        db._inbox._limit = 0
        with connect(chat.url, chat.database) as other:
            other.reducers.send_message("x")
        eventually(lambda: db._link._is_held_back)
        db._io.call_soon(lambda: db._link._socket.close())
        eventually(lambda: db._link._socket is None)
        db.wait_until(lambda: bool(errors), 60)
        assert "tick()" in str(errors[0])
