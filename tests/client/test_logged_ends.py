"""A connection that ends for good is an error in the log, unless the program itself is told."""

from __future__ import annotations

import logging

import pytest

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
