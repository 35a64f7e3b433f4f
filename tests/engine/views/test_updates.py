"""Views when the module is replaced, when the disk fails, and in mounted modules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from stdbpy.engine import deployment
from stdbpy.engine.delta import Delta
from stdbpy.engine.host import ViewResult, ViewRows
from stdbpy.engine.journal.journal import NoJournal
from stdbpy.engine.store.sequence import Numbers
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.update_plan import Agreement
from stdbpy.errors import MigrationRefused, SqlError, StorageFailed
from stdbpy.sats.values import Identity
from stdbpy.schema.model import ModuleSchema, Submodule, View
from tests.engine.views.handmade import ANNA, BEN, Client, Database, Handmade, ViewCode, schema_with, thing, view


def above(database: Database, level: int) -> ViewCode:
    """The things above a level; which tables it reads it finds by name, as modules do."""

    def code(tx: Transaction, _sender: Identity | None) -> list[bytes]:
        id = tx.table_id("thing")
        assert id is not None
        return [row for row in tx.scan(id) if row[-4] > level]

    return code


def update(database: Database, schema: ModuleSchema, number: int = 2, **code: ViewCode) -> Handmade:
    module = Handmade(schema, code)
    deployment.update(database.instance, b"%d" % number, module, Agreement())
    database.module = module
    return module


@pytest.fixture
def database() -> Database:
    database = Database(view("high"))
    database.module.views["high"] = above(database, 3)
    database.insert(thing(1, 2), thing(2, 5), thing(3, 9))
    return database


@pytest.fixture
def client(database: Database) -> Client:
    client = database.client()
    client.subscribe("SELECT * FROM high")
    return client


class TestUpdates:
    def test_the_difference_is_told(self, database: Database, client: Client):
        module = update(database, database.module.schema, high=above(database, 7))
        assert client.told() == [("high", [], [(2, 5)])]
        assert module.ran == [("high", None)]
        database.insert(thing(4, 8), thing(5, 6))
        assert client.told() == [("high", [(4, 8)], [])]

    def test_nothing_is_told_where_nothing_is_different(self, database: Database, client: Client):
        update(database, database.module.schema, high=above(database, 3))
        assert client.told() == []

    def test_with_another_schema(self, database: Database, client: Client):
        update(database, schema_with(view("high"), view("low")), high=above(database, 1), low=above(database, 0))
        assert client.told() == [("high", [(1, 2)], [])]
        assert database.rows("SELECT * FROM low") == [(1, 2), (2, 5), (3, 9)]
        database.delete(thing(3, 9))
        assert client.told() == [("high", [], [(3, 9)])]

    def test_of_views_that_nobody_is_subscribed_to(self, database: Database):
        database.rows("SELECT * FROM high")
        module = update(database, database.module.schema, high=above(database, 7))
        assert database.rows("SELECT * FROM high") == [(3, 9)]
        assert module.ran == [("high", None)]

    def test_what_the_version_before_has_read_does_not_matter(self, database: Database, client: Client):
        module = update(database, database.module.schema, high=lambda _tx, _sender: [])
        client.told()
        module.ran.clear()
        database.insert(thing(4, 9))
        assert module.ran == []

    def test_one_that_fails_in_the_new_version_refuses_it(self, database: Database, client: Client):
        def failing(_tx: Transaction, _sender: Identity | None) -> list[bytes]:
            raise ZeroDivisionError

        before = database.module
        with pytest.raises(MigrationRefused, match="fails in the new version"):
            update(database, database.module.schema, high=failing)
        assert database.module is before
        assert client.told() == []
        database.insert(thing(4, 4))
        assert client.told() == [("high", [(4, 4)], [])]
        update(database, database.module.schema, number=3, high=above(database, 8))
        assert client.told() == [("high", [], [(2, 5), (4, 4)])]

    def test_one_that_had_failed_does_not_matter_any_more(self, database: Database):
        def failing(tx: Transaction, sender: Identity | None) -> list[bytes]:
            above(database, 1)(tx, sender)
            raise ZeroDivisionError

        database.module.views["high"] = failing
        database.rows("SELECT * FROM high")
        module = update(database, database.module.schema, high=above(database, 7))
        assert module.ran == []
        database.insert(thing(4, 9))
        assert database.rows("SELECT * FROM high") == [(3, 9), (4, 9)]

    def test_one_that_had_failed_has_no_rows_until_it_is_asked_for(self, database: Database):
        def failing(tx: Transaction, sender: Identity | None) -> list[bytes]:
            raise ZeroDivisionError

        database.module.views["high"] = failing
        client = database.client()
        client.subscribe("SELECT * FROM high")
        module = update(database, database.module.schema, high=above(database, 3))
        database.delete(thing(2, 5))
        assert module.ran == []
        assert client.told() == [], "what goes it has not been told of"
        assert database.rows("SELECT * FROM high") == [(3, 9)]
        database.insert(thing(4, 9))
        assert client.told() == [("high", [(4, 9)], [])]

    def test_one_that_is_gone(self, database: Database, client: Client):
        update(database, schema_with())
        assert type(client.events[-1]).__name__ == "Ended"
        with pytest.raises(SqlError, match="no such table"):
            database.rows("SELECT * FROM high")

    def test_one_that_becomes_personal_ends_connections(self, database: Database, client: Client):
        update(database, schema_with(view("high", anonymous=False)), high=above(database, 3))
        assert type(client.events[-1]).__name__ == "Ended"
        assert database.rows("SELECT * FROM high", ANNA) == [(2, 5), (3, 9)]


class FailingDisk(NoJournal):
    fails = False

    def note(self, delta: Delta, taken: Collection[Numbers]) -> None:
        assert all(changes.table.name != "high" for changes in delta if changes.table.is_durable)

    def commit(self) -> None:
        if self.fails:
            raise StorageFailed("full")


def test_a_group_that_is_undone(database: Database):
    disk = database.instance.journal = FailingDisk()
    database.rows("SELECT * FROM high")
    database.instance.commit()
    database.insert(thing(4, 4))
    database.insert(thing(5, 5))
    database.delete(thing(2, 5))
    assert database.rows("SELECT * FROM high") == [(3, 9), (4, 4), (5, 5)]
    disk.fails = True
    with pytest.raises(StorageFailed):
        database.instance.commit()
    disk.fails = False
    assert database.rows("SELECT * FROM high") == [(2, 5), (3, 9)]
    database.delete(thing(3, 9))
    assert database.rows("SELECT * FROM high") == [(2, 5)]


def test_views_of_mounted_modules():
    """Their names are the database's, and their numbers go on behind those of the modules before."""
    inner = schema_with(view("mine", anonymous=False), view("all"))
    outer = schema_with(view("a"), view("all"), view("b", anonymous=False))
    innermost = replace(schema_with(view("deep"), view("mine", anonymous=False)), reducers=())
    inner = replace(inner, reducers=(), submodules=(Submodule("sub", "sub", innermost),))
    schema = replace(outer, submodules=(Submodule("lib", "lib", inner), Submodule("more", "more", innermost)))
    asked: list[tuple[int, bool, Identity | None]] = []

    class Mounted(Handmade):
        def call_view(
            self, number: int, view: View, sender: Identity | None, args: bytes, tx: Transaction
        ) -> ViewResult:
            asked.append((number, view.is_anonymous, sender))
            id = tx.table_id("lib.sub.thing")
            assert id is not None
            return ViewRows(list(tx.scan(id)))

    database = Database()
    update(database, schema)
    deployment.update(database.instance, b"3", Mounted(schema, {}), Agreement())
    store = database.instance.store
    for name in ("a", "all", "b", "lib.mine", "lib.all", "lib.sub.deep", "lib.sub.mine", "more.deep", "more.mine"):
        database.rows(f"SELECT * FROM {name}", BEN)
    assert asked == [
        (0, True, None),
        (1, True, None),
        (0, False, BEN),
        (1, False, BEN),
        (2, True, None),
        (3, True, None),
        (2, False, BEN),
        (4, True, None),
        (3, False, BEN),
    ]
    client = database.client(BEN)
    client.subscribe("SELECT * FROM lib.sub.mine")
    table = store.table_id("lib.sub.thing")
    assert table is not None
    database.instance.transact(lambda tx: tx.insert(table, thing(1)))
    assert client.told() == [("lib.sub.mine", [(1, 0)], [])]
