"""The in-memory database, as users' unit tests have it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from stdbpy import Identity, ReducerError, RowNotFound, UniqueConstraintViolation
from stdbpy.client import Connection, ReconnectedEvent, ReducerEvent, SubscribeAppliedEvent, TransactionEvent
from stdbpy.errors import (
    ConnectionLost,
    EncodeError,
    NoSuchReducer,
    NoSuchTable,
    ProcedureFailed,
    QueryFailed,
    ReducerCrashed,
    ReducerFailed,
    SubscriptionFailed,
)
from stdbpy.testing import Call, InMemoryDatabase
from tests.client import game as tables
from tests.client.game import MODULE, AsyncDbConnection, DbConnection, Score, a_player

ADA = a_player(1, "Ada", level=3)
BOB = a_player(2, "Bob")


@pytest.fixture
def database() -> Iterator[InMemoryDatabase]:
    with InMemoryDatabase(MODULE) as database:
        yield database


@pytest.fixture
def db(database: InMemoryDatabase) -> DbConnection:
    connection = database.connect(DbConnection)
    connection.subscribe_to_all_tables()
    return connection


def seen(db: DbConnection) -> list[tuple[object, ...]]:
    """What callbacks of players are told from now on."""
    told: list[tuple[object, ...]] = []
    db.player.on_insert(lambda ctx, row: told.append(("insert", row.name, type(ctx.event))))
    db.player.on_delete(lambda ctx, row: told.append(("delete", row.name, type(ctx.event))))
    db.player.on_update(lambda ctx, old, new: told.append(("update", old.level, new.level, type(ctx.event))))
    return told


def test_what_is_fed_has_been_delivered(database, db):
    told = seen(db)
    database.insert(tables.player, ADA, BOB)
    assert (db.player.id.find(1), db.player.count()) == (ADA, 2)
    database.update(tables.player, a_player(1, "Ada", level=4))
    database.delete("player", BOB)
    assert told == [
        ("insert", "Ada", TransactionEvent),
        ("insert", "Bob", TransactionEvent),
        ("update", 3, 4, TransactionEvent),
        ("delete", "Bob", TransactionEvent),
    ]
    assert database.rows(tables.player) == [a_player(1, "Ada", level=4)]


def test_what_others_commit_meanwhile_stays(database, db):
    db.subscribe(tables.player)
    database.insert(tables.player, ADA)
    with database.transaction() as transaction:
        transaction.update(tables.player, a_player(1, "Ada", level=9))
        database.insert(tables.player, BOB)
    assert database.rows(tables.player) == [BOB, a_player(1, "Ada", level=9)]
    assert {player.name for player in db.player} == {"Ada", "Bob"}


def test_clients_see_what_they_subscribe_to(database):
    database.insert(tables.player, ADA)
    db = database.connect(DbConnection)
    told = seen(db)
    assert list(db.player) == []
    with db.subscribe(tables.player.where(lambda p: p.level > 2)):
        assert list(db.player) == [ADA]
        database.insert(tables.score, Score(1, 2, 3))
        assert len(db.score) == 0
    assert list(db.player) == []
    assert told[0] == ("insert", "Ada", SubscribeAppliedEvent)
    with db.subscribe(tables.player.right_semijoin(tables.score, lambda p, s: p.id == s.player_id)):
        assert list(db.score) == [Score(1, 2, 3)]
    with db.subscribe("SELECT score.* FROM player JOIN score ON player.id = score.player_id"):
        assert list(db.score) == [Score(1, 2, 3)]
    with db.subscribe(tables.player.right_semijoin(tables.player, lambda one, other: one.level == other.id)):
        assert list(db.player) == [ADA]


def test_a_transaction_is_told_at_once(database, db):
    counts: list[tuple[int, int]] = []
    db.player.on_insert(lambda ctx, row: counts.append((len(ctx.db.player), len(ctx.db.score))))
    with database.transaction() as transaction:
        transaction.insert(tables.player, ADA)
        transaction.insert(tables.score, Score(1, 1, 1))
        transaction.insert(tables.player, BOB)
        assert transaction.all(tables.player) == [ADA, BOB]
    assert counts == [(2, 1), (2, 1)]


def test_a_transaction_that_fails_changes_nothing(database, db):
    with pytest.raises(ZeroDivisionError), database.transaction() as transaction:
        transaction.insert(tables.player, ADA)
        raise ZeroDivisionError
    assert database.rows(tables.player) == list(db.player) == []


def test_a_transaction_that_comes_to_nothing_is_not_told(database, db):
    database.insert(tables.player, ADA)
    told = seen(db)
    with database.transaction() as transaction:
        transaction.delete(tables.player, ADA)
        transaction.insert(tables.player, ADA, ADA)
    assert told == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda tx: tx.insert(tables.player, a_player(1, "Eve")), UniqueConstraintViolation),
        (lambda tx: tx.insert(tables.player, a_player(9, "Ada")), UniqueConstraintViolation),
        (lambda tx: tx.update(tables.player, a_player(9)), RowNotFound),
        (lambda tx: tx.delete(tables.player, BOB), RowNotFound),
        (lambda tx: tx.update(tables.score, Score(1, 1, 1)), TypeError),
        (lambda tx: tx.update_by_key(tables.player, 9, level=4), RowNotFound),
        (lambda tx: tx.update_by_key(tables.player, 1, lvel=4), TypeError),
        (lambda tx: tx.update_by_key(tables.player, 1, level=-1), EncodeError),
        (lambda tx: tx.delete_by_key(tables.player, 1, 9), RowNotFound),
        (lambda tx: tx.delete_by_key(tables.score, 1), TypeError),
        (lambda tx: tx.insert(tables.score, Score(-1, 1, 1)), EncodeError),
        (lambda tx: tx.insert("plaeyr", ADA), NoSuchTable),
    ],
)
def test_rows_that_a_database_would_refuse(database, change, error):
    database.insert(tables.player, ADA)
    with pytest.raises(error), database.transaction() as transaction:
        change(transaction)


def test_rows_are_named_by_their_keys(database, db):
    database.insert(tables.player, ADA, BOB)
    told = seen(db)
    database.update_by_key(tables.player, 1, level=9)
    assert db.player.id.find(1) == a_player(1, "Ada", level=9)
    database.update_by_key("player", 2, name="Bert")
    database.delete_by_key(tables.player, 2, 1)
    assert database.rows(tables.player) == list(db.player) == []
    assert [what for what, *_ in told] == ["update", "update", "delete", "delete"]


def test_events_are_told_and_not_kept(database, db):
    told: list[Score] = []
    db.scored.on_insert(lambda ctx, row: told.append(row))
    database.insert(tables.scored, Score(1, 2, 3), Score(1, 2, 3))
    assert told == [Score(1, 2, 3)] * 2
    assert database.rows(tables.scored) == []


def test_calls_are_answered_by_functions(database, db):
    told = seen(db)
    database.insert(tables.player, ADA)

    @database.reducer("level_up")
    def level_up(transaction, player_id):
        transaction.update(tables.player, a_player(player_id, "Ada", level=4))

    db.reducers.level_up(player_id=1)
    assert db.player.id.find(1).level == 4
    database.delete(tables.player, a_player(1, "Ada", level=4))
    assert told[1:] == [("update", 3, 4, ReducerEvent), ("delete", "Ada", TransactionEvent)]
    assert database.calls == [Call("level_up", (1,), Identity.from_int(1))]


def test_other_clients_see_what_a_call_changes(database, db):
    other = database.connect(DbConnection)
    other.subscribe(tables.player)
    told = seen(other)
    database.reducer("level_up")(lambda transaction, player_id: transaction.insert(tables.player, ADA))
    db.reducers.level_up(1)
    other.tick()
    with database.transaction():
        pass
    assert told == [("insert", "Ada", TransactionEvent)]


def test_calls_are_refused_and_crash(database, db):
    @database.reducer("level_up")
    def level_up(transaction, player_id):
        transaction.insert(tables.player, ADA)
        if player_id == 1:
            raise ReducerError("no such player")
        raise KeyError(player_id)

    with pytest.raises(ReducerFailed, match="no such player") as refused:
        db.reducers.level_up(1)
    assert not isinstance(refused.value, ReducerCrashed)
    with pytest.raises(ReducerCrashed, match="KeyError: 2"):
        db.reducers.level_up(2)
    assert database.rows(tables.player) == []


def test_calls_that_nobody_answers(database, db):
    db.reducers.level_up(1)
    with pytest.raises(ProcedureFailed, match="what this procedure gives back"):
        db.procedures.roll(6)
    assert [call.name for call in database.calls] == ["level_up", "roll"]


def test_procedures(database, db):
    database.procedure("roll")(lambda sides: sides - 1)
    assert db.procedures.roll(6) == 5


def test_only_what_the_module_has_can_be_answered(database):
    with pytest.raises(NoSuchReducer, match="level_pu") as unknown:
        database.reducer("level_pu")
    assert unknown.value.hint == "Did you mean 'level_up'?"
    with pytest.raises(NoSuchReducer):
        database.procedure("level_up")


def test_queries(database, db):
    database.insert(tables.player, ADA)
    assert db.query(tables.player.where(lambda p: p.level > 3)).rows() == [ADA]
    with pytest.raises(QueryFailed, match="nope"):
        db.query("SELECT * FROM nope")
    with pytest.raises(SubscriptionFailed, match="nope"):
        db.subscribe("SELECT * FROM nope")
    with pytest.raises(SubscriptionFailed, match="does not understand"):
        db.subscribe("DELETE FROM player")


def test_what_callbacks_raise_is_raised_by_who_feeds(database, db):
    def failing(ctx, row):
        raise ValueError(row.name)

    db.player.on_insert(failing)
    with pytest.raises(ValueError, match="Ada"):
        database.insert(tables.player, ADA)
    with pytest.raises(BaseExceptionGroup) as several:
        database.insert(tables.player, BOB, a_player(3))
    assert len(several.value.exceptions) == 2


def test_feeding_inside_of_a_callback_is_delivered_behind_it(database, db):
    told: list[str] = []

    def greet(ctx, row):
        database.insert(tables.score, Score(row.id, 0, 0))
        told.append("player")

    db.player.on_insert(greet)
    db.score.on_insert(lambda ctx, row: told.append("score"))
    database.insert(tables.player, ADA)
    with database.transaction():
        pass
    assert told == ["player", "score"]


def test_a_lost_connection_comes_back_with_what_has_changed(database, db):
    database.insert(tables.player, ADA)
    told = seen(db)
    database.cut()
    assert told == []
    assert list(db.player) == [ADA]
    database.insert(tables.player, BOB)
    assert told == [("insert", "Bob", TransactionEvent)]
    assert db.stats().connections == 2


def test_a_connection_that_stays_lost(database):
    db = database.connect(DbConnection, reconnect=None)
    database.cut()
    with pytest.raises(ConnectionLost):
        db.reducers.level_up(1)
    database.insert(tables.player, ADA)


def test_rows_that_changed_while_the_connection_was_lost(database, db):
    told = seen(db)
    database.insert(tables.player, ADA)
    told.clear()
    with database._server.lock:
        for socket in database._server.sockets:
            socket.cut()
        transaction = database._server.tables.begin()
        transaction.insert(tables.player, BOB)
        database._server.tables.commit(transaction)
    with database.transaction():
        pass
    assert told == [("insert", "Bob", ReconnectedEvent)]


def test_identities(database):
    me = Identity.from_int(77)
    db = database.connect(DbConnection, identity=me)
    other = database.connect(DbConnection)
    assert db.identity == me != other.identity
    assert db.connection_id != other.connection_id


def test_callbacks_on_a_thread_of_the_connections_own(database):
    db = database.connect(DbConnection, delivery="thread")
    db.subscribe(tables.player)
    threads: list[int] = []
    db.player.on_insert(lambda ctx, row: threads.append(threading.get_ident()))
    database.insert(tables.player, ADA)
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


def test_without_generated_code(database):
    db = database.connect(Connection)
    db.subscribe_to_all_tables()
    database.insert(tables.player, ADA)
    assert db.tables["player"].id.find(1).name == "Ada"


def test_async():
    async def main() -> None:
        database = InMemoryDatabase(MODULE)
        async with database.connect_async(AsyncDbConnection) as db:
            told: list[str] = []
            db.player.on_insert(lambda ctx, row: told.append(row.name))
            async with db.subscribe(tables.player):
                database.insert(tables.player, ADA)
                await database.settled()
                assert told == ["Ada"]

                @database.reducer("level_up")
                def level_up(transaction, player_id):
                    transaction.update(tables.player, a_player(1, "Ada", level=9))

                await db.reducers.level_up(1)
                assert db.player.id.find(1).level == 9
                database.cut()
                await database.settled()
                assert db.player.id.find(1).level == 9
                assert db.stats().connections == 2
                found = await db.query(tables.player)
                assert [row.name for row in found] == ["Ada"]

                def failing(ctx, row):
                    raise ValueError(row.name)

                db.player.on_insert(failing)
                database.insert(tables.player, BOB)
                with pytest.raises(ValueError, match="Bob"):
                    await database.settled()

    asyncio.run(main())


def test_a_stream_of_changes_waits_for_calls_of_others(database, db):
    stream = db.player.changes(timeout=0.01)
    database.insert(tables.player, ADA)
    assert [change.row for change in stream] == [ADA]
