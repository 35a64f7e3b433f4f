"""A connection that ends for good is told, and an error in the log unless the program itself is told."""

from __future__ import annotations

import logging

import pytest

from stdbpy.client import ReconnectPolicy
from stdbpy.errors import NoSuchDatabase
from stdbpy.protocol.reconnecting import Stop
from stdbpy.testing import InMemoryDatabase
from tests.client.game import MODULE, DbConnection


@pytest.mark.parametrize(("is_told", "level"), [(False, logging.ERROR), (True, logging.INFO)])
def test_the_level_of_an_end(caplog, is_told, level):
    caplog.set_level(logging.INFO, "stdbpy.client")
    told = []
    with InMemoryDatabase(MODULE) as database:
        db = database.connect(DbConnection, reconnect=None)
        if is_told:
            db.on_disconnect(lambda _, error: told.append(error))
        database.cut()
        assert db.error is not None
    [record] = [record for record in caplog.records if "not trying again" in record.message]
    assert record.levelno == level
    assert told == ([db.error] if is_told else [])


def test_a_connection_that_does_not_come_back(caplog, monkeypatch):
    told = []
    with InMemoryDatabase(MODULE) as database:
        db = database.connect(DbConnection, reconnect=ReconnectPolicy(base=100, cap=100))
        db.on_disconnect(lambda *_: told.append("lost"))
        db.on_closed(lambda _, error: told.append(error))
        for socket in database._server.sockets:
            socket.cut()
        db.wait_until(lambda: not db.is_connected, 60)
        assert told == ["lost"]
        assert isinstance(db._session.lost("", status=404), Stop)
        db.look_again()
        db.tick()
    assert isinstance(db.error, NoSuchDatabase)
    assert told == ["lost", db.error]


def test_the_log_says_that_a_connection_does_not_come_back(caplog):
    with InMemoryDatabase(MODULE) as database:
        db = database.connect(DbConnection, reconnect=ReconnectPolicy(base=100, cap=100))
        db.on_disconnect(lambda *_: None)
        for socket in database._server.sockets:
            socket.cut()
        db.wait_until(lambda: not db.is_connected, 60)
        db._session.lost("", status=404)
        db.look_again()
        db.tick()
    [record] = [record for record in caplog.records if "not trying again" in record.message]
    assert record.levelno == logging.ERROR


def test_closing_is_told_once():
    told = []
    with InMemoryDatabase(MODULE) as database:
        db = database.connect(DbConnection)
        db.on_closed(lambda *told_of: told.append(told_of))
        db.close()
        db.close()
    assert told == [(db, None)]
