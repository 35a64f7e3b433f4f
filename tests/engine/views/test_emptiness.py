"""Whether a view has rows for anybody: known without looking at what there is for each client."""

from __future__ import annotations

from typing import Any

import pytest

from stdbpy.engine.store.store import Store
from stdbpy.engine.subscriptions.events import Subscribed
from stdbpy.errors import StorageFailed
from tests.engine.sample import OWNER
from tests.engine.views.handmade import ANNA, BEN, Database, thing, view
from tests.engine.views.test_updates import FailingDisk


@pytest.fixture
def database() -> Database:
    database = Database(view("mine", anonymous=False))
    table = database.table["thing"]

    def mine(tx: Any, sender: Any) -> list[bytes]:
        return [row for row in tx.scan(table) if bytes(sender)[::-1] in row]

    database.module.views["mine"] = mine
    return database


def is_void(database: Database) -> bool:
    applied = database.client(BEN).subscribe("SELECT * FROM mine")
    assert isinstance(applied, Subscribed)
    return applied.rows[0].is_void


def views_of(database: Database) -> list[Any]:
    store: Store = database.instance.store
    return [table for table in store.derived.tables.values() if table.name == "mine"]


def test_as_rows_come_and_go(database: Database):
    assert is_void(database)
    database.insert(thing(1, owner=ANNA))
    assert is_void(database), "nobody has asked for them"
    database.rows("SELECT * FROM mine", ANNA)
    assert not is_void(database)
    with pytest.raises(KeyError):
        database.instance.transact(lambda tx: [tx.clear(database.table["thing"]), {}["undo"]])
    assert not is_void(database)
    database.delete(thing(1, owner=ANNA))
    assert is_void(database)


def test_when_the_disk_refuses(database: Database):
    disk = database.instance.journal = FailingDisk()
    database.rows("SELECT * FROM mine", ANNA)
    database.instance.commit()
    disk.fails = True
    database.insert(thing(1, owner=ANNA))
    assert not is_void(database)
    with pytest.raises(StorageFailed):
        database.instance.commit()
    disk.fails = False
    database.insert(thing(2, owner=OWNER))
    database.instance.commit()  # before, clients are told of nothing that is not written down
    assert is_void(database)
    assert all(table.of_view.row_count == 0 for table in views_of(database))
