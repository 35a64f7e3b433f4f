"""Random transactions and readers: what is kept of views is what they give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stdbpy.engine.store.index import Included
from stdbpy.engine.subscriptions.events import Subscribed, Updated
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.views.views import Views
from stdbpy.sats.values import Identity
from tests.engine.views.handmade import ANNA, BEN, ROW, Client, Database, ViewCode, thing, view
from tests.examples_to_try import up_to

PEOPLE = [ANNA, BEN]
VIEWS = ["all_of_level_3", "mine", "sums", "first", "high", "joined", "paired", "paired_mine", "owned"]
PERSONAL = ["mine", "paired_mine", "owned"]
OF_QUERIES = ["joined", "paired", "paired_mine", "owned"]
QUERIES = [
    *(f"SELECT * FROM {name}" for name in VIEWS),
    "SELECT * FROM mine WHERE level > 1",
    "SELECT o.* FROM mine m JOIN other o ON m.id = o.id",
    "SELECT m.* FROM mine m JOIN thing t ON m.id = t.id WHERE m.level = 2",
]

ids, levels = st.integers(0, 5), st.integers(0, 4)
changes = st.lists(
    st.tuples(
        st.sampled_from(["put", "drop"]), st.sampled_from(["thing", "other"]), ids, levels, st.sampled_from(PEOPLE)
    ),
    min_size=1,
    max_size=5,
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("change"), changes, st.booleans()),
        st.tuples(st.just("subscribe"), st.integers(0, 2), st.lists(st.sampled_from(QUERIES), max_size=3)),
        st.tuples(st.just("unsubscribe"), st.integers(0, 2), st.none()),
        st.tuples(st.just("look"), st.sampled_from(QUERIES), st.sampled_from(PEOPLE)),
        st.tuples(st.just("wait"), st.none(), st.none()),
    ),
    min_size=5,
    max_size=25,
)


def code_of(database: Database) -> dict[str, ViewCode]:
    things, index = database.table["thing"], database.index

    def mine(tx: Transaction, sender: Identity | None) -> list[bytes]:
        return list(tx.index_point(index["thing_by_1"], (sender,)))

    def sums(tx: Transaction, _sender: Identity | None) -> list[bytes]:
        totals: Counter[Identity] = Counter()
        for row in tx.scan(things):
            _, owner, level = ROW.decode(row)
            totals[owner] += level
        return [thing(PEOPLE.index(owner), total, owner) for owner, total in totals.items()]

    def first(tx: Transaction, _sender: Identity | None) -> list[bytes]:
        """Reads something else depending on what it has read."""
        for id in range(6):
            rows = list(tx.index_point(index["thing_by_0"], (id,)))
            if rows:
                return [*rows, thing(99, tx.row_count(database.table["other"]))]
        return []

    return {
        "all_of_level_3": lambda tx, _: list(tx.index_point(index["thing_by_2"], (3,))),
        "mine": mine,
        "sums": sums,
        "first": first,
        "high": lambda tx, _: list(tx.index_range(index["thing_by_2"], (), Included(2), None)),
        "joined": lambda _tx, _sender: "SELECT t.* FROM thing t JOIN other o ON t.level = o.level WHERE o.id > 1",
        "paired": lambda _tx, _sender: "SELECT t.* FROM thing t JOIN other o ON t.id = o.id WHERE o.level > 1",
        "paired_mine": lambda _tx, sender: (
            f"SELECT t.* FROM thing t JOIN other o ON t.id = o.id WHERE o.owner = {written(sender)}"
        ),
        "owned": lambda _tx, sender: f"SELECT * FROM thing WHERE owner = {written(sender)}",
    }


def written(identity: Identity | None) -> str:
    assert identity is not None
    return f"0x{identity.hex()}"


class Follower:
    """A client that keeps what it is told, as a client cache does."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self.identity = identity
        self.client: Client = database.client(identity)
        self.sets: dict[int, dict[str, Counter[bytes]]] = {}
        self.queries: dict[int, list[str]] = {}

    def subscribe(self, set_id: int, queries: Sequence[str]) -> None:
        if set_id in self.sets:
            return
        applied = self.client.subscribe(*queries, set_id=set_id)
        assert isinstance(applied, Subscribed), applied
        self.queries[set_id] = list(dict.fromkeys(queries))
        rows = self.sets[set_id] = {}
        for told in applied.rows:
            rows.setdefault(told.table.name, Counter()).update(told.rows)

    def unsubscribe(self, set_id: int) -> None:
        if self.sets.pop(set_id, None) is not None:
            self.client.unsubscribe(set_id)

    def hear(self) -> None:
        events: list[Any] = self.client.events
        self.client.events = []
        for event in events:
            assert isinstance(event, Updated)
            for set_id, told in event.updates:
                rows = self.sets[set_id].setdefault(told.table.name, Counter())
                rows.update(told.inserted)
                rows.subtract(told.deleted)

    def check(self, database: Database) -> None:
        for set_id, rows in self.sets.items():
            wanted: dict[str, Counter[bytes]] = {}
            for query in self.queries[set_id]:
                fresh = database.client(self.identity)
                applied = fresh.subscribe(query)
                assert isinstance(applied, Subscribed)
                for told in applied.rows:
                    wanted.setdefault(told.table.name, Counter()).update(told.rows)
                fresh.leave()
            assert {name: +count for name, count in rows.items() if +count} == {
                name: count for name, count in wanted.items() if count
            }
            assert all(number >= 0 for count in rows.values() for number in count.values())


def apply(database: Database, what: Sequence[tuple[str, str, int, int, Identity]], fails: bool) -> None:
    def work(tx: Transaction) -> None:
        for operation, table, id, level, owner in what:
            for row in list(tx.index_point(database.index[f"{table}_by_0"], (id,))):
                tx.delete(database.table[table], row)
            if operation == "put":
                tx.insert(database.table[table], thing(id, level, owner))
        if fails:
            raise KeyError

    try:
        database.instance.transact(work)
    except KeyError:
        assert fails


@up_to(120)
@given(steps)
def test_what_is_kept_is_what_views_give(steps: list[tuple[str, Any, Any]]):
    database = Database(*(view(name, anonymous=name not in PERSONAL, query=name in OF_QUERIES) for name in VIEWS))
    database.module.views.update(code_of(database))
    database.insert(thing(1, 3), thing(2, 2, BEN))
    database.insert(thing(2, 3), thing(3, 3, BEN), table="other")
    followers = [Follower(database, person) for person in PEOPLE]
    for follower in followers:
        for query in QUERIES:
            database.instance.sql(query, follower.client.subscriber.caller, False)
    for number, (kind, first, second) in enumerate(steps):
        follower = followers[number % 2]
        match kind:
            case "change":
                apply(database, first, second)
            case "subscribe":
                follower.subscribe(first, second)
            case "unsubscribe":
                follower.unsubscribe(first)
            case "look":
                database.instance.sql(first, follower.client.subscriber.caller, False)
            case "wait":
                database.now += 11 * 60_000_000
                database.instance.let_go()
        for each in followers:
            each.hear()
        assert_as_if_run_now(database)
    for each in followers:
        each.check(database)


def assert_as_if_run_now(database: Database) -> None:
    """The rows of all live views are those that a new database with the same tables gives."""
    kept = views_of(database)
    anew = Database(*database.module.schema.views)
    anew.module.views.update(code_of(anew))
    for table in ("thing", "other"):
        anew.insert(*database.instance.store.tables[database.table[table]].rows, table=table)
    for name in VIEWS:
        for person in PEOPLE if name in PERSONAL else [None]:
            if kept.is_live(name, person):
                wanted = views_of(anew).table(name, person, Transaction(anew.instance.store))
                assert set(kept.present_table(name, person).rows) == set(wanted.rows)


def views_of(database: Database) -> Views:
    views = database.instance.store.views
    assert isinstance(views, Views)
    return views
