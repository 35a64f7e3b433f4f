"""Views as SQL and subscribers see them, over a module made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from stdbpy.engine.results import FATAL, Caller
from stdbpy.engine.store.index import Included
from stdbpy.engine.subscriptions.events import Subscribed
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import HostError, SqlError, ViewFailed
from stdbpy.module.host import Errno
from tests.engine.views.handmade import ANNA, BEN, OWNER, Database, ViewCode, thing, things, view


def scan(database: Database, table: str = "thing") -> ViewCode:
    return lambda tx, _sender: list(tx.scan(database.table[table]))


def by_id(database: Database, id: int) -> ViewCode:
    return lambda tx, _sender: list(tx.index_point(database.index["thing_by_0"], (id,)))


def of_sender(database: Database) -> ViewCode:
    return lambda tx, sender: list(tx.index_point(database.index["thing_by_1"], (sender,)))


@pytest.fixture
def everything() -> Database:
    database = Database(view("everything"))
    database.module.views["everything"] = scan(database)
    return database


@pytest.fixture
def mine() -> Database:
    database = Database(view("mine", anonymous=False))
    database.module.views["mine"] = of_sender(database)
    return database


class TestSql:
    def test_rows_are_those_of_this_moment(self, everything: Database):
        everything.insert(thing(1, 5))
        assert everything.rows("SELECT * FROM everything") == [(1, 5)]
        everything.insert(thing(2, 6))
        assert everything.rows("SELECT * FROM everything WHERE level = 6") == [(2, 6)]

    def test_runs_once_until_something_changes(self, everything: Database):
        for _ in range(3):
            everything.rows("SELECT * FROM everything")
        assert everything.runs() == [("everything", None)]
        everything.insert(thing(1), table="other")
        assert everything.runs() == []
        everything.insert(thing(1))
        assert everything.runs() == [("everything", None)]

    def test_each_sender_has_rows_of_their_own(self, mine: Database):
        mine.insert(thing(1, 5, ANNA), thing(2, 6, BEN))
        assert mine.rows("SELECT * FROM mine", ANNA) == [(1, 5)]
        assert mine.rows("SELECT * FROM mine", BEN) == [(2, 6)]
        assert mine.rows("SELECT * FROM mine", OWNER) == []

    def test_can_be_joined(self, everything: Database):
        everything.insert(thing(1, 5), thing(2, 6))
        everything.insert(thing(2, 9), table="other")
        assert everything.rows("SELECT o.* FROM everything e JOIN other o ON e.id = o.id") == [(2, 9)]

    def test_rows_cannot_be_changed(self, everything: Database):
        for text in (
            "DELETE FROM everything",
            "UPDATE everything SET level = 1",
            f"INSERT INTO everything (id, owner, level) VALUES (1, {ANNA.hex()}, 1)".replace("(1, ", "(1, 0x"),
        ):
            with pytest.raises(SqlError, match="is a view"):
                everything.rows(text)

    def test_rows_of_private_views_are_for_the_owner(self):
        database = Database(view("secret", public=False), secret=lambda _tx, _sender: [thing(1)])
        assert database.rows("SELECT * FROM secret") == [(1, 0)]
        with pytest.raises(SqlError, match="no such table"):
            database.rows("SELECT * FROM secret", ANNA)

    def test_same_rows_count_once(self):
        database = Database(view("twice"), twice=lambda _tx, _sender: [thing(1), thing(2), thing(1)])
        assert database.rows("SELECT * FROM twice") == [(1, 0), (2, 0)]

    def test_in_a_transaction_that_has_changed_something(self, everything: Database):
        from stdbpy.engine.sql import run_sql

        everything.insert(thing(1))

        def change_and_look(tx: Any) -> Any:
            tx.insert(everything.table["thing"], thing(2))
            rows = run_sql("SELECT * FROM everything", tx, caller=OWNER, is_owner=True)[0].rows
            assert sorted(row[0] for row in rows) == [1, 2]
            raise KeyError

        for _ in range(3):
            with pytest.raises(KeyError):
                everything.instance.transact(change_and_look)
        assert everything.rows("SELECT * FROM everything") == [(1, 0)]


class TestWhatIsRead:
    def runs_after(self, code: ViewCode, database: Database, change: bytes) -> bool:
        database.module.views["it"] = code
        database.rows("SELECT * FROM it")
        database.runs()
        database.insert(change)
        return bool(database.runs())

    @pytest.fixture
    def database(self) -> Database:
        database = Database(view("it"))
        database.insert(thing(1, 5, ANNA))
        return database

    def test_one_key(self, database: Database):
        assert not self.runs_after(by_id(database, 1), database, thing(2))
        database.delete(thing(1, 5))
        assert database.runs() == [("it", None)]

    def test_a_key_that_nothing_has(self, database: Database):
        assert self.runs_after(by_id(database, 2), database, thing(2))

    def test_a_range(self, database: Database):
        code: ViewCode = lambda tx, _: list(tx.index_range(database.index["thing_by_2"], (), Included(7), None))  # noqa: E731
        assert self.runs_after(code, database, thing(2, 1))

    def test_a_range_of_one_key(self, database: Database):
        point = Included(7)
        code: ViewCode = lambda tx, _: list(tx.index_range(database.index["thing_by_2"], (), point, point))  # noqa: E731
        assert not self.runs_after(code, database, thing(2, 1))
        database.insert(thing(3, 7))
        assert database.runs() == [("it", None)]

    def test_a_count(self, database: Database):
        code: ViewCode = lambda tx, _: [thing(tx.row_count(database.table["thing"]))]  # noqa: E731
        assert self.runs_after(code, database, thing(2))
        assert database.rows("SELECT * FROM it") == [(2, 0)]

    def test_changes_nothing_that_it_reads(self, everything: Database):
        everything.rows("SELECT * FROM everything")
        everything.runs()
        table = everything.table["thing"]
        everything.instance.transact(lambda tx: (tx.insert(table, thing(9)), tx.delete(table, thing(9))))
        assert everything.runs() == []

    def test_what_it_read_before_does_not_matter(self, database: Database):
        database.module.views["it"] = by_id(database, 2)
        database.rows("SELECT * FROM it")
        database.module.views["it"] = by_id(database, 3)
        database.insert(thing(2))
        database.runs()
        database.delete(thing(2))
        assert database.runs() == []
        database.insert(thing(3))
        assert database.runs() == [("it", None)]

    @pytest.mark.difference("changes that a view makes through its host")
    @pytest.mark.parametrize("operation", ["insert", "delete", "update", "clear", "view_id"])
    def test_nothing_can_be_changed(self, database: Database, operation: str):
        raised: list[HostError] = []

        def code(tx: Any, _sender: Any) -> list[bytes]:
            with pytest.raises(HostError) as error:
                getattr(tx, operation)(database.table["thing"], thing(2))
            raised.append(error.value)
            return []

        database.module.views["it"] = code
        database.rows("SELECT * FROM it")
        wanted = Errno.NO_SUCH_TABLE if operation == "view_id" else Errno.TRANSACTION_IS_READ_ONLY
        assert [error.code for error in raised] == [wanted]


class TestSubscriptions:
    def test_changes_are_told(self, everything: Database):
        client = everything.client()
        everything.insert(thing(1, 5))
        applied = client.subscribe("SELECT * FROM everything")
        assert isinstance(applied, Subscribed)
        assert things(applied.rows[0].rows) == [(1, 5)]
        everything.instance.transact(
            lambda tx: tx.update(everything.table["thing"], everything.index["thing_by_0"], thing(1, 6))
        )
        assert client.told() == [("everything", [(1, 6)], [(1, 5)])]

    def test_only_what_is_different_is_told(self, everything: Database):
        client = everything.client()
        everything.insert(thing(1), thing(2))
        client.subscribe("SELECT * FROM everything")
        everything.insert(thing(3))
        assert client.told() == [("everything", [(3, 0)], [])]

    def test_to_some_rows(self, everything: Database):
        client = everything.client()
        client.subscribe("SELECT * FROM everything WHERE level > 3")
        everything.insert(thing(1, 1), thing(2, 4))
        assert client.told() == [("everything", [(2, 4)], [])]

    def test_each_client_is_told_their_own(self, mine: Database):
        anna, ben = mine.client(ANNA), mine.client(BEN)
        anna.subscribe("SELECT * FROM mine")
        ben.subscribe("SELECT * FROM mine")
        mine.runs()
        mine.insert(thing(1, 5, BEN))
        assert (anna.told(), ben.told()) == ([], [("mine", [(1, 5)], [])])
        assert mine.runs() == [("mine", BEN)]

    def test_several_views_in_one_transaction(self):
        database = Database(view("a"), view("b"))
        database.module.views.update(a=scan(database), b=by_id(database, 2))
        client = database.client()
        client.subscribe("SELECT * FROM a", "SELECT * FROM b", "SELECT * FROM thing")
        database.insert(thing(2))
        assert len(client.events) == 1
        assert sorted(client.told()) == [(name, [(2, 0)], []) for name in ("a", "b", "thing")]

    def test_all_tables_include_views(self, everything: Database):
        everything.insert(thing(1))
        applied = everything.client().subscribe("SELECT * FROM *")
        assert isinstance(applied, Subscribed)
        assert {rows.table.name: len(rows.rows) for rows in applied.rows} == {"thing": 1, "other": 0, "everything": 1}

    def test_a_view_is_kept_for_a_while_after_its_last_use(self, everything: Database):
        client = everything.client()
        client.subscribe("SELECT * FROM everything")

        def runs_after(minutes: int) -> bool:
            everything.now += minutes * 60_000_000
            everything.instance.let_go()
            everything.runs()
            everything.insert(thing(int(everything.now)))
            return bool(everything.runs())

        assert runs_after(30)
        client.unsubscribe()
        assert runs_after(9)
        assert not runs_after(30)
        assert len(everything.rows("SELECT * FROM everything")) == 3

    def test_numbers_are_used_again(self, mine: Database):
        client = mine.client()
        for number in range(20):
            mine.rows("SELECT * FROM mine", type(ANNA).from_int(100 + number))
            mine.now += 21 * 60_000_000
            mine.instance.let_go()
        mine.client().subscribe("SELECT * FROM mine")
        client.leave()
        assert max(mine.instance.store.derived.tables) < (1 << 31) + 3


class TestFailures:
    """What 2.8.3 does, oddities included."""

    @pytest.fixture
    def strict(self) -> Database:
        """A view that fails unless there is a thing 1; it has read that by then."""
        database = Database(view("strict"))
        look = by_id(database, 1)

        def code(tx: Any, sender: Any) -> list[bytes]:
            rows = list(look(tx, sender))
            if not rows:
                raise ZeroDivisionError("no thing 1")
            return rows

        database.module.views["strict"] = code
        return database

    def test_asked_for_first(self, strict: Database):
        assert strict.rows("SELECT * FROM strict") == []
        assert strict.logged("Panic") == ["ZeroDivisionError('no thing 1')"]

    def test_changes_that_concern_one_that_has_failed_fail(self, strict: Database):
        applied = strict.client().subscribe("SELECT * FROM strict")
        assert isinstance(applied, Subscribed)
        assert applied.rows[0].rows == []
        with pytest.raises(ViewFailed, match="strict"):
            strict.insert(thing(1))
        strict.insert(thing(2))
        assert strict.rows("SELECT * FROM thing") == [(2, 0)]

    def test_one_that_has_failed_is_run_when_asked_for_again(self, strict: Database):
        code, strict.module.views["strict"] = strict.module.views["strict"], by_id(strict, 2)
        strict.module.views["strict"] = code
        strict.rows("SELECT * FROM strict")
        strict.module.views["strict"] = lambda tx, sender: list(tx.scan(strict.table["other"]))
        strict.rows("SELECT * FROM strict")
        strict.insert(thing(1))
        assert strict.rows("SELECT * FROM thing") == [(1, 0)]

    def test_a_change_that_makes_it_fail_fails(self, strict: Database):
        strict.insert(thing(1))
        client = strict.client()
        client.subscribe("SELECT * FROM strict")
        strict.module.to_do = lambda tx: tx.delete(strict.table["thing"], thing(1))
        outcome = strict.instance.call("do", b"", Caller(ANNA))
        assert (outcome.status, outcome.error, outcome.is_bug) == ("failed", FATAL, True)
        with pytest.raises(SqlError, match="fatal"):
            strict.rows("DELETE FROM thing")
        assert client.told() == []
        assert strict.rows("SELECT * FROM strict") == [(1, 0)]
        strict.instance.transact(lambda tx: tx.update(strict.table["thing"], strict.index["thing_by_0"], thing(1, 3)))
        assert client.told() == [("strict", [(1, 3)], [(1, 0)])]

    def test_two_rows_with_one_key(self):
        database = Database(view("keyed", key=True))
        database.module.views["keyed"] = lambda tx, _: [
            thing(1, tx.row_count(database.table["thing"])),
            thing(1, 7),
        ]
        assert database.rows("SELECT * FROM keyed") == [(1, 0)]
        database = Database(view("keyed", key=True))
        database.module.views["keyed"] = lambda tx, _: [thing(1), thing(1, tx.row_count(database.table["thing"]))]
        assert database.rows("SELECT * FROM keyed") == [(1, 0)]
        with pytest.raises(ViewFailed, match="keyed"):
            database.insert(thing(1))

    def test_keys_may_change_places(self):
        database = Database(view("keyed", key=True))

        def code(tx: Transaction, _sender: object) -> list[bytes]:
            levels = sorted(level for _, level in things(list(tx.scan(database.table["thing"]))))
            return [thing(place, level) for place, level in enumerate(levels)]

        database.module.views["keyed"] = code
        client = database.client()
        client.subscribe("SELECT * FROM keyed")
        database.insert(thing(1, 10), thing(2, 20))
        assert client.told() == [("keyed", [(0, 10), (1, 20)], [])]
        database.insert(thing(3, 15))
        assert client.told() == [("keyed", [(1, 15), (2, 20)], [(1, 20)])]


class TestQueries:
    def queried(self, text: str, **options: bool) -> Database:
        return Database(view("found", query=True, **options), found=lambda _tx, _sender: text)

    def test_rows(self):
        database = self.queried("SELECT * FROM thing WHERE level > 3")
        database.insert(thing(1, 1), thing(2, 4))
        client = database.client()
        client.subscribe("SELECT * FROM found")
        assert database.rows("SELECT * FROM found") == [(2, 4)]
        database.insert(thing(3, 9))
        database.delete(thing(2, 4))
        assert client.told() == [("found", [(3, 9)], []), ("found", [], [(2, 4)])]

    @pytest.mark.difference("code of a view that returns a query")
    def test_its_code_is_not_run_again(self):
        database = self.queried("SELECT * FROM thing WHERE level > 3")
        database.client().subscribe("SELECT * FROM found")
        assert database.runs() == [("found", None)]
        database.insert(thing(2, 4))
        assert database.runs() == []

    def test_joins(self):
        database = self.queried("SELECT t.* FROM thing t JOIN other o ON t.id = o.id WHERE o.level > 3")
        database.insert(thing(1, 1), thing(2, 4))
        client = database.client()
        client.subscribe("SELECT * FROM found")
        database.insert(thing(2, 5), table="other")
        assert client.told() == [("found", [(2, 4)], [])]
        database.delete(thing(2, 4))
        assert client.told() == [("found", [], [(2, 4)])]

    def test_no_query_gives_no_rows(self):
        assert self.queried("  ").rows("SELECT * FROM found") == []

    @pytest.mark.parametrize(
        "text",
        [
            "SELECT id FROM thing",
            "SELECT * FROM thing LIMIT 1",
            "SELECT * FROM thing WHERE owner = :sender",
            "SELECT * FROM found",
            "SELECT * FROM nothing",
            "DELETE FROM thing",
            "SELECT",
        ],
    )
    def test_what_no_view_may_return(self, text: str):
        database = self.queried(text)
        assert database.rows("SELECT * FROM found") == []
        assert len(database.logged("Error")) == 1
        database.insert(thing(1))

    def test_what_is_refused_at_a_change(self):
        database = Database(view("found"))
        database.module.views["found"] = lambda tx, _: (
            "SELECT * FROM nothing" if tx.row_count(database.table["thing"]) else []
        )
        database.rows("SELECT * FROM found")
        with pytest.raises(ViewFailed, match="nothing"):
            database.insert(thing(1))
