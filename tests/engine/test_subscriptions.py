from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.engine import Caller, Database, worker
from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.delta import Commit
from stdbpy.engine.journal.journal import NoJournal
from stdbpy.engine.store.store import Store
from stdbpy.engine.subscriptions.events import (
    CallEnded,
    CallRefused,
    Ended,
    EndReason,
    Event,
    QueryAnswered,
    Subscribed,
    SubscriptionFailed,
    Unsubscribed,
    Updated,
)
from stdbpy.engine.subscriptions.subscriber import ConnectionOptions, Subscriber
from stdbpy.engine.subscriptions.subscriptions import Subscriptions
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import NotAllowed, StorageFailed
from stdbpy.sats.values import Timestamp
from tests.engine.sample import CONNECTED, ME, STRANGER, call, encoded, program, running
from tests.engine.schemas import U8, schema_of
from tests.examples_to_try import up_to

PATIENCE = 60
ALL = "SELECT * FROM person"
CONFIRMED, AT_ONCE = ConnectionOptions(confirmed=True), ConnectionOptions(confirmed=False)
WITHOUT_SETS = ConnectionOptions(by_set=False, takes_events=False)


class Box:
    """A mailbox to look into."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def put(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def take(self, count: int = 1) -> list[Event]:
        """The next events, when there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.events) >= count, PATIENCE), self.events
            taken, self.events = self.events[:count], self.events[count:]
            return taken

    def next(self) -> Any:
        return self.take()[0]


def connected(
    database: Database, caller: Caller = CONNECTED, options: ConnectionOptions = CONFIRMED
) -> tuple[DatabaseConnection, Box]:
    box = Box()
    return database.connect(caller, box, options).result(PATIENCE), box


def names(rows: Any) -> list[str]:
    """Of people's rows, which begin with an id and the name."""
    return sorted(row[12 : 12 + int.from_bytes(row[8:12], "little")].decode() for row in rows)


def changes(event: Any) -> list[tuple[object, list[str], list[str]]]:
    return [(set_id, names(rows.inserted), names(rows.deleted)) for set_id, rows in event.updates]


class HeldJournal(NoJournal):
    """One that waits to be told how writing ends."""

    def __init__(self) -> None:
        self.is_writing = threading.Event()
        self.go_on = threading.Event()
        self.fails = False

    def commit(self) -> None:
        self.is_writing.set()
        assert self.go_on.wait(PATIENCE)
        if self.fails:
            raise StorageFailed("the disk is full")


@contextmanager
def held(database: Database) -> Iterator[HeldJournal]:
    """With the database's next transactions run but not yet durable."""
    journal = HeldJournal()

    def put(_: Transaction) -> None:
        database._instance.journal = journal

    database.transact(put).result(PATIENCE)
    try:
        yield journal
    finally:
        journal.go_on.set()


class TestSubscribing:
    def test_rows_then_changes_then_the_end(self):
        with running() as database:
            call(database, "add", "ann", 20)
            connection, box = connected(database)
            connection.subscribe("one", 1, [ALL, "SELECT * FROM person WHERE age > 30"])
            subscribed = box.next()
            assert (subscribed.request, subscribed.set_id) == ("one", 1)
            assert [names(rows.rows) for rows in subscribed.rows] == [["ann"], []]
            call(database, "add", "bob", 40)
            call(database, "remove", "ann")
            first, second = box.take(2)
            assert changes(first) == [(1, ["bob"], []), (1, ["bob"], [])]
            assert (first.commit.reducer, first.commit.caller) == ("add", ME)
            assert changes(second) == [(1, [], ["ann"])]
            connection.unsubscribe("two", 1, with_rows=True)
            ended = box.next()
            assert isinstance(ended, Unsubscribed)
            assert [names(rows.rows) for rows in ended.rows or ()] == [["bob"], ["bob"]]

    def test_a_transaction_is_one_event(self):
        with running() as database:
            connection, box = connected(database)
            connection.subscribe("one", 1, [ALL])
            box.next()
            database.sql(
                "INSERT INTO person (id, name, age) VALUES (0, 'a', 1), (0, 'b', 1)", ME, is_owner=True
            ).result()
            assert changes(box.next()) == [(1, ["a", "b"], [])]

    def test_calls_are_told_with_their_own_changes(self):
        with running() as database:
            connection, box = connected(database)
            other, others_box = connected(database)
            for each, its_box in ((connection, box), (other, others_box)):
                each.subscribe("s", 1, [ALL])
                its_box.next()
            connection.call("c", "add", encoded(database, "add", "ann", 20))
            ended = box.next()
            assert isinstance(ended, CallEnded)
            assert (ended.request, ended.outcome.status, changes(ended)) == ("c", "committed", [(1, ["ann"], [])])
            updated = others_box.next()
            assert isinstance(updated, Updated)
            assert updated.request == "c", "v1 tells others the caller's number"
            assert box.events == []

    def test_calls_that_want_no_answer(self):
        with running() as database:
            connection, box = connected(database)
            connection.subscribe("s", 1, [ALL])
            box.next()
            connection.call("c", "add", encoded(database, "add", "ann", 20), wants_answer=False)
            assert isinstance(box.next(), Updated)
            connection.call("c", "add_then_refuse", encoded(database, "add_then_refuse", "bob"), wants_answer=False)
            connection.call("d", "nope", b"", wants_answer=False)
            assert isinstance(box.next(), CallRefused), "the refusal said nothing"

    def test_sharing_one_evaluation(self):
        """Clients that ask the same are given the same object, whose bytes are made once."""
        with running() as database:
            clients = [connected(database, Caller(STRANGER)) for _ in range(3)]
            for connection, box in clients:
                connection.subscribe("s", 1, [ALL])
                box.next()
            call(database, "add", "ann", 20)
            told = [box.next().updates[0][1] for _, box in clients]
            assert told[0] is told[1] is told[2]

    def test_what_the_sender_decides_is_not_shared(self):
        source = """
@table(name="person", public=True)
class Person:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str
    who: Identity

@reducer
def add(ctx: ReducerContext, name: str) -> None:
    ctx.db.person.insert(Person(id=0, name=name, who=ctx.sender))
"""
        with running(source) as database:
            mine, my_box = connected(database, ME)
            theirs, their_box = connected(database, CONNECTED)
            for connection, box in ((mine, my_box), (theirs, their_box)):
                connection.subscribe("s", 1, ["SELECT * FROM person WHERE who = :sender"])
                box.next()
            call(database, "add", "owner's", caller=ME)
            call(database, "add", "stranger's", caller=CONNECTED)
            assert changes(my_box.next()) == [(1, ["owner's"], [])]
            assert changes(their_box.next()) == [(1, ["stranger's"], [])]


class TestRowLevelSecurity:
    SOURCE = """
client_visibility_filter("SELECT * FROM person WHERE who = :sender")
client_visibility_filter("SELECT * FROM person WHERE name = 'everybody'")
client_visibility_filter("SELECT friend.* FROM friend JOIN person ON friend.id = person.id")

@table(name="person", public=True)
class Person:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str
    who: Identity

@table(name="friend", public=True)
class Friend:
    id: u64 = column(primary_key=True)

@reducer
def add(ctx: ReducerContext, name: str) -> None:
    ctx.db.person.insert(Person(id=0, name=name, who=ctx.sender))
"""

    def test_clients_are_told_of_what_they_may_see(self):
        with running(self.SOURCE) as database:
            owner, owners_box = connected(database, ME)
            client, clients_box = connected(database, CONNECTED)
            for connection, box in ((owner, owners_box), (client, clients_box)):
                connection.subscribe("s", 1, [ALL])
                box.next()
            for name, who in (("owner's", ME), ("everybody", ME), ("stranger's", CONNECTED)):
                call(database, "add", name, caller=who)
            assert [changes(event) for event in owners_box.take(3)] == [
                [(1, [name], [])] for name in ("owner's", "everybody", "stranger's")
            ]
            assert [changes(event) for event in clients_box.take(2)] == [
                [(1, [name], [])] for name in ("everybody", "stranger's")
            ]
            client.subscribe("s", 2, [ALL])
            found = clients_box.next()
            assert sorted(name for rows in found.rows for name in names(rows.rows)) == ["everybody", "stranger's"]

    def test_a_table_behind_rules_cannot_be_joined_to_another(self):
        with running(self.SOURCE) as database:
            client, box = connected(database, CONNECTED)
            client.subscribe("s", 1, ["SELECT * FROM friend"])
            refused = box.next()
            assert isinstance(refused, SubscriptionFailed)
            assert "`person` has rules for who may read it" in refused.error
            client.query("q", "SELECT * FROM friend")
            assert box.next().rows is not None


class TestDurability:
    def test_confirmed_reads_wait_for_the_disk(self):
        with running() as database:
            patient, patients_box = connected(database, options=CONFIRMED)
            hasty, hastys_box = connected(database, options=AT_ONCE)
            for connection, box in ((patient, patients_box), (hasty, hastys_box)):
                connection.subscribe("s", 1, [ALL])
                box.next()
            with held(database) as journal:
                called = database.call("add", encoded(database, "add", "ann", 20), ME)
                assert isinstance(hastys_box.next(), Updated)
                assert journal.is_writing.wait(PATIENCE)
                assert patients_box.events == []
                assert not called.done()
                journal.go_on.set()
                assert isinstance(patients_box.next(), Updated)

    def test_rows_at_first_wait_as_well(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(worker, "GROUP_SECONDS", PATIENCE)
        with running() as database:
            connection, box = connected(database)
            with held(database) as journal:
                begun, go_on = threading.Event(), threading.Event()

                def wait(tx: Transaction) -> None:
                    begun.set()
                    assert go_on.wait(PATIENCE)
                    tx.insert(tx.table_id("person") or 0, bytes(8) + b"\x03\x00\x00\x00ann" + bytes(4))

                database.transact(wait)
                assert begun.wait(PATIENCE)
                connection.subscribe("s", 1, [ALL])
                go_on.set()
                assert journal.is_writing.wait(PATIENCE)
                assert box.events == []
                journal.go_on.set()
                subscribed = box.next()
                assert [names(rows.rows) for rows in subscribed.rows] == [["ann"]]
            assert box.events == [], "what was there at first is not told again"

    def test_what_the_disk_refuses(self):
        """Calls are refused, what others did was never told, and who was told too early has to start anew."""
        with running() as database:
            caller, callers_box = connected(database)
            patient, patients_box = connected(database)
            hasty, hastys_box = connected(database, options=AT_ONCE)
            clients = ((caller, callers_box), (patient, patients_box), (hasty, hastys_box))
            for connection, box in clients:
                connection.subscribe("s", 1, [ALL])
                box.next()
            with held(database) as journal:
                journal.fails = True
                caller.call("c", "add", encoded(database, "add", "ann", 20))
                assert isinstance(hastys_box.next(), Updated)
                journal.go_on.set()
                refused = callers_box.next()
                assert isinstance(refused, CallRefused)
                assert (refused.request, refused.error) == ("c", "the disk is full")
                assert hastys_box.next() == Ended(EndReason.STORAGE_FAILED)
                journal.fails = False
                call(database, "add", "bob", 20)
            for box in (callers_box, patients_box):
                assert changes(box.next()) == [(1, ["bob"], [])]
            assert patients_box.events == hastys_box.events == []

    def test_connections_that_could_not_be_written_down(self):
        source = """
@table(name="person", public=True)
class Person:
    name: str

@client_connected
def hello(ctx: ReducerContext) -> None:
    ctx.db.person.insert(Person(name="hello"))
"""
        with running(source) as database:
            with held(database) as journal:
                journal.fails = True
                journal.go_on.set()
                with pytest.raises(StorageFailed):
                    connected(database)
                journal.fails = False
            assert not database._instance.subscriptions._subscribers

    def test_refusals_are_told_whatever_the_disk_does(self):
        with running() as database:
            connection, box = connected(database)
            with held(database) as journal:
                journal.fails = True
                connection.call("c", "add", encoded(database, "add", "ann", 20))
                assert journal.is_writing.wait(PATIENCE)
                connection.subscribe("s", 1, ["SELECT * FROM nope"])
                journal.go_on.set()
                assert isinstance(box.next(), CallRefused)
                assert isinstance(box.next(), SubscriptionFailed)
            assert box.events == []

    def test_clients_that_were_refused_end_though_the_disk_fails(self):
        with running() as database:
            connection, box = connected(database)
            with held(database) as journal:
                journal.fails = True
                journal.go_on.set()
                are_queued = threading.Event()
                database.transact(lambda _: are_queued.wait(PATIENCE))
                connection.call("c", "add", encoded(database, "add", "ann", 20))
                connection.subscribe("s", 1, [ALL])
                connection.refuse("what is this")
                are_queued.set()
                assert box.next() == Ended(EndReason.STORAGE_FAILED)


class TestEnds:
    def test_of_the_database(self):
        with running() as database:
            _, box = connected(database)
        assert box.events == [Ended(EndReason.DATABASE_GONE)]

    def test_what_was_asked_for_before_is_done(self):
        with running() as database:
            connection, _ = connected(database)
            connection.call("c", "add", encoded(database, "add", "ann", 20))
            connection.close().result(PATIENCE)
            assert [row[1] for row in _people(database)] == ["ann"]

    def test_clients_that_the_module_turns_away(self):
        source = """
@client_connected
def hello(ctx: ReducerContext) -> None:
    raise ReducerError("not you")
"""
        with running(source) as database, pytest.raises(NotAllowed, match="not you"):
            connected(database)

    def test_a_failing_evaluation_ends_its_sets_alone(self, monkeypatch: pytest.MonkeyPatch):
        with running() as database:
            connection, box = connected(database)
            connection.subscribe("s", 1, ["SELECT * FROM person WHERE age > 3"])
            connection.subscribe("s", 2, [ALL])
            [first, _] = box.take(2)
            assert isinstance(first, Subscribed)
            live = database._instance.subscriptions._live
            broken = next(iter(live)).query
            monkeypatch.setattr(broken, "changes", None)
            call(database, "add", "ann", 20)
            failed, updated = box.take(2)
            assert isinstance(failed, SubscriptionFailed)
            assert (failed.request, failed.set_id) == (None, 1)
            assert changes(updated) == [(2, ["ann"], [])]

    def test_a_failing_evaluation_ends_all_sets_of_clients_that_know_none(self, monkeypatch: pytest.MonkeyPatch):
        """Protocol v1 has one message for it, which means all of them."""
        with running() as database:
            connection, box = connected(database, options=WITHOUT_SETS)
            connection.subscribe("s", 1, [ALL])
            connection.subscribe("s", 2, ["SELECT * FROM person WHERE age > 3"])
            connection.subscribe("s", 3, ["SELECT * FROM person WHERE age > 3"])
            box.take(3)
            _, broken = database._instance.subscriptions._live
            monkeypatch.setattr(broken.query, "changes", None)
            call(database, "add", "ann", 20)
            assert isinstance(box.next(), SubscriptionFailed)
            connection.subscribe("s", 1, [ALL])
            assert isinstance(box.next(), Subscribed), "the number is free"
            assert box.events == []

    def test_nothing_is_told_of_a_set_that_a_failing_evaluation_has_ended(self, monkeypatch: pytest.MonkeyPatch):
        with running() as database:
            connection, box = connected(database)
            connection.subscribe("s", 1, [ALL, "SELECT * FROM person WHERE age > 3"])
            connection.subscribe("s", 2, ["SELECT * FROM person WHERE age > 4"])
            box.take(2)
            _, broken, _ = database._instance.subscriptions._live
            monkeypatch.setattr(broken.query, "changes", None)
            call(database, "add", "ann", 20)
            failed, updated = box.take(2)
            assert isinstance(failed, SubscriptionFailed)
            assert (failed.request, failed.set_id) == (None, 1)
            assert changes(updated) == [(2, ["ann"], [])]


class TestOtherVersionsOfTheModule:
    def test_sets_go_on_or_end(self):
        source = """
@table(name="person", public=True)
class Person:
    id: u64 = column(primary_key=True)
    name: str

@table(name="pet", public=True)
class Pet:
    name: str

@reducer
def add(ctx: ReducerContext, name: str) -> None:
    ctx.db.person.insert(Person(id=0, name=name))
"""
        without_pets = source.replace('@table(name="pet", public=True)\nclass Pet:\n    name: str\n', "")
        with running(source) as database:
            from stdbpy.engine.programs import load_program
            from stdbpy.engine.update_plan import Agreement

            connection, box = connected(database)
            connection.subscribe("s", 1, [ALL])
            box.next()
            packed = program(source + "\n@reducer\ndef more(ctx: ReducerContext) -> None:\n    pass\n")
            database.update(packed, load_program(packed), Agreement()).result(PATIENCE)
            call(database, "add", "ann")
            assert changes(box.next()) == [(1, ["ann"], [])]
            packed = program(without_pets)
            database.update(packed, load_program(packed), Agreement()).result(PATIENCE)
            assert box.next() == Ended(EndReason.DATABASE_GONE)


def _people(database: Database) -> list[tuple[Any, ...]]:
    return database.sql(ALL, ME, is_owner=True).result(PATIENCE)[0].rows


# --- without a database --------------------------------------------------------------------------


def a_store(*, is_event: bool = False) -> Store:
    schema = schema_of(("t", {"n": U8}, ()))
    [table] = schema.tables
    return Store(replace(schema, tables=(replace(table, is_event=is_event, is_public=True),)))


def commit(store: Store, subscriptions: Subscriptions, inserts: list[int], deletes: Sequence[int] = ()) -> None:
    tx = Transaction(store)
    number = store.table_id("t") or 0
    for value in deletes:
        tx.delete(number, bytes([value]))
    for value in inserts:
        tx.insert(number, bytes([value]))
    delta = tx.commit()
    if delta:
        subscriptions.happened(Commit(delta, Timestamp(0)))
    subscriptions.confirmed()


class TestEventTables:
    def test_rows_are_told_once(self):
        store, subscriptions, box = a_store(is_event=True), Subscriptions(), Box()
        subscriber = Subscriber(ME, is_owner=True, mailbox=box, options=CONFIRMED)
        subscriptions.add(subscriber)
        subscriptions.subscribe(subscriber, "r", 1, ["SELECT * FROM t WHERE n > 3"], store, all_rows=False)
        for _ in range(2):
            commit(store, subscriptions, [3, 4])
        subscribed, *updates = box.events
        assert [rows.rows for rows in subscribed.rows] == [[]]
        assert [rows.inserted for update in updates for _, rows in update.updates] == [[b"\x04"]] * 2

    def test_are_refused_to_who_does_not_know_them(self):
        store, subscriptions, box = a_store(is_event=True), Subscriptions(), Box()
        subscriber = Subscriber(ME, is_owner=True, mailbox=box, options=WITHOUT_SETS)
        subscriptions.add(subscriber)
        subscriptions.subscribe(subscriber, "r", 1, ["SELECT * FROM t"], store, all_rows=False)
        subscriptions.subscribe(subscriber, "r", 2, ["SELECT * FROM *"], store, all_rows=False)
        subscriptions.confirmed()
        refused, empty = box.events
        assert isinstance(refused, SubscriptionFailed)
        assert isinstance(empty, Subscribed)
        assert empty.rows == []


QUERIES = ["SELECT * FROM t", "SELECT * FROM t WHERE n > 3", "SELECT * FROM t WHERE n = 2 OR n = 5"]
FITS = {QUERIES[0]: lambda n: True, QUERIES[1]: lambda n: n > 3, QUERIES[2]: lambda n: n in {2, 5}}

steps = st.lists(
    st.one_of(
        st.tuples(st.just("subscribe"), st.integers(0, 2), st.sets(st.sampled_from(QUERIES))),
        st.tuples(st.just("unsubscribe"), st.integers(0, 2), st.none()),
        st.tuples(st.just("commit"), st.lists(st.integers(0, 6)), st.lists(st.integers(0, 6))),
    ),
    max_size=20,
)


@up_to(150)
@given(steps, st.booleans())
def test_a_client_has_the_rows_of_its_sets(taken: list[tuple[str, Any, Any]], by_set: bool):
    """Whatever it subscribes to, and whatever happens: rows counted by set, or once for each query that
    any of them has where the client knows no sets."""
    store, subscriptions, box = a_store(), Subscriptions(), Box()
    subscriber = Subscriber(ME, is_owner=True, mailbox=box, options=ConnectionOptions(by_set=by_set))
    subscriptions.add(subscriber)
    sets: dict[int, set[str]] = {}
    kept: dict[tuple[object, bytes], int] = {}
    rows: set[int] = set()

    def count(set_id: object, row: bytes, by: int) -> None:
        key = (set_id if by_set else None, row)
        kept[key] = kept.get(key, 0) + by
        assert kept[key] >= 0
        if not kept[key]:
            del kept[key]

    for kind, first, second in taken:
        match kind:
            case "subscribe":
                subscriptions.subscribe(subscriber, "r", first, sorted(second), store, all_rows=False)
                sets.setdefault(first, second)
            case "unsubscribe":
                subscriptions.unsubscribe(subscriber, "r", first, store, with_rows=True)
                sets.pop(first, None)
            case _:
                commit(store, subscriptions, first, second)
                rows = (rows - set(second)) | set(first)
        subscriptions.confirmed()
        events, box.events = box.events, []
        for event in events:
            match event:
                case Subscribed(_, set_id, found) | Unsubscribed(_, set_id, found):
                    for row in (row for part in found or () for row in part.rows):
                        count(set_id, row, 1 if isinstance(event, Subscribed) else -1)
                case Updated(_, _, updates):
                    for set_id, changed in updates:
                        for row in changed.inserted:
                            count(set_id, row, 1)
                        for row in changed.deleted:
                            count(set_id, row, -1)
        held_by = sets.items() if by_set else [(None, set().union(*sets.values()))]
        expected = {
            (set_id, bytes([n])): sum(FITS[query](n) for query in queries)
            for set_id, queries in held_by
            for n in rows
            if any(FITS[query](n) for query in queries)
        }
        assert kept == expected


def test_queries_once() -> None:
    with running() as database:
        connection, box = connected(database)
        connection.query("q", ALL)
        connection.query("q", "SELECT * FROM nope")
        found, refused = box.take(2)
        assert isinstance(found, QueryAnswered)
        assert found.rows is not None
        assert isinstance(refused, QueryAnswered)
        assert refused.rows is None
        assert refused.error
