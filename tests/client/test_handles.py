"""Handles of tables: rows, indexes, callbacks, streams."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy import above, at_least, at_most, below, between
from stdbpy.client import TransactionEvent
from stdbpy.client.tables import Deleted, Inserted, Updated
from stdbpy.errors import ConnectionLost, WouldDeadlock
from stdbpy.testing import InMemoryDatabase
from tests.client import game as tables
from tests.client.game import MODULE, AsyncDbConnection, DbConnection, Score, a_player

ADA = a_player(1, "Ada", level=3)


@pytest.fixture
def database() -> Iterator[InMemoryDatabase]:
    with InMemoryDatabase(MODULE) as database:
        yield database


@pytest.fixture
def db(database: InMemoryDatabase) -> DbConnection:
    connection = database.connect(DbConnection)
    connection.subscribe_to_all_tables()
    return connection


# --- rows and indexes ------------------------------------------------------------------------


def test_rows(database, db):
    assert not list(db.player)
    assert db.player
    database.insert(tables.player, ADA, a_player(2))
    assert len(db.player) == db.player.count() == 2
    assert {row.id for row in db.player} == {row.id for row in db.player.iter()} == {1, 2}
    assert repr(db.player) == "<table player: 2 rows>"


def test_an_iteration_goes_over_the_rows_of_the_moment_in_which_it_began(database, db):
    database.insert(tables.player, ADA, a_player(2))
    rows = iter(db.player)
    next(rows)
    database.insert(tables.player, a_player(3))
    assert len(list(rows)) == 1


def test_unique_indexes(database, db):
    find, find_name, find_place = db.player.id.find, db.player.name.find, db.player.place.find
    assert find(1) is find_name("Ada") is find_place(1, -1) is None
    database.insert(tables.player, ADA)
    assert find(1) == find_name("Ada") == find_place(1, -1) == ADA
    database.update(tables.player, a_player(1, "Eve"))
    assert find_name("Ada") is None
    assert find_name("Eve") == a_player(1, "Eve") == find_place(1, -1)
    database.cut()
    assert find(1) == find_name("Eve") == db.player.id.find(1)
    database.delete(tables.player, a_player(1, "Eve"))
    assert find(1) is find_name("Eve") is find_place(1, -1) is None
    assert repr(db.player.place) == "<unique index over x, y>"


def test_a_primary_key_is_found_by_a_look_into_a_dictionary(db):
    assert type(db.player.id.find) is type({}.get)


BOUNDS = {
    "all": (lambda a, b: at_least(0), lambda level, a, b: True),
    "equal": (lambda a, b: a, lambda level, a, b: level == a),
    "between": (lambda a, b: between(a, b), lambda level, a, b: a <= level <= b),
    "above": (lambda a, b: above(a), lambda level, a, b: level > a),
    "below": (lambda a, b: below(a), lambda level, a, b: level < a),
    "at most": (lambda a, b: at_most(a), lambda level, a, b: level <= a),
    "open": (lambda a, b: above(a) & below(b), lambda level, a, b: a < level < b),
    "range": (lambda a, b: range(a, b), lambda level, a, b: a <= level < b),
}


@given(
    levels=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12, unique=True),
    low=st.integers(0, 5),
    high=st.integers(0, 5),
    kind=st.sampled_from(sorted(BOUNDS)),
)
def test_ordered_indexes(levels, low, high, kind):
    key, holds = BOUNDS[kind]
    with InMemoryDatabase(MODULE) as database:
        db = database.connect(DbConnection)
        db.subscribe_to_all_tables()
        half = len(levels) // 2
        for part in (levels[:half], levels[half:]):  # the second time the index is there already
            database.insert(tables.score, *(Score(player, level, 0) for player, level in part))
            db.score.by_player.filter(0)
            db.score.by_player.filter(at_least(0))
        rows = sorted(levels)
        found = [(row.player_id, row.level) for row in db.score.by_player.filter(key(low, high))]
        assert found == [row for row in rows if holds(row[0], low, high)]
        found = [(row.player_id, row.level) for row in db.score.by_player.filter(2, key(low, high))]
        assert found == [row for row in rows if row[0] == 2 and holds(row[1], low, high)]


def test_wrong_keys(db):
    with pytest.raises(TypeError, match="takes values for player_id, level, but 3 were given"):
        db.score.by_player.filter(1, 2, 3)
    with pytest.raises(TypeError, match="but 0 were given"):
        db.score.by_player.filter()
    with pytest.raises(ValueError, match="leaves out"):
        db.score.by_player.filter(range(0, 10, 2))
    with pytest.raises(TypeError):
        db.player.place.find([1], 2)
    assert db.player.id.find("1") is None


# --- callbacks -------------------------------------------------------------------------------


def test_callbacks_and_their_removal(database, db):
    told: list[object] = []

    @db.player.on_insert
    def inserted(ctx, row):
        told.append(("insert", row.id, ctx.db.player.id.find(row.id) is row))

    @db.player.on_update
    def updated(ctx, old, new):
        told.append(("update", old.level, new.level))

    @db.player.on_delete
    def deleted(ctx, row):
        told.append(("delete", row.id, type(ctx.event)))

    def everything() -> list[object]:
        told.clear()
        database.insert(tables.player, ADA)
        database.update(tables.player, a_player(1, "Ada", level=4))
        database.delete(tables.player, a_player(1, "Ada", level=4))
        return list(told)

    assert everything() == [("insert", 1, True), ("update", 3, 4), ("delete", 1, TransactionEvent)]
    db.player.remove_on_insert(inserted)
    db.player.remove_on_update(updated)
    assert everything() == [("delete", 1, TransactionEvent)]
    db.player.remove_on_delete(deleted)
    assert everything() == []
    with pytest.raises(ValueError, match="is none of the callbacks"):
        db.player.remove_on_delete(deleted)


def test_a_callback_may_remove_itself_and_add_others(database, db):
    told: list[str] = []

    def once(ctx, row):
        told.append("once")
        db.score.remove_on_insert(once)
        db.score.on_insert(lambda ctx, row: told.append("later"))

    db.score.on_insert(once)
    database.insert(tables.score, Score(1, 1, 1))
    database.insert(tables.score, Score(1, 1, 2))
    assert told == ["once", "later"]


# --- streams ---------------------------------------------------------------------------------


def test_streams(database, db):
    stream = db.player.changes(timeout=0)
    newer = a_player(1, "Ada", level=4)
    database.insert(tables.player, ADA)
    database.update(tables.player, newer)
    database.delete(tables.player, newer)
    match list(stream):
        case [Inserted(first), Updated(old, new), Deleted(last, event)]:
            assert (first, old, new, last) == (ADA, ADA, newer, newer)
            assert isinstance(event, TransactionEvent)
        case other:
            raise AssertionError(other)
    database.insert(tables.player, ADA)
    assert [change.row for change in stream] == [ADA], "a stream that ended for want of changes goes on"


def test_a_stream_waits_for_the_next_change(database):
    db = database.connect(DbConnection, delivery="thread")
    db.subscribe(tables.scored, tables.score)
    stream = db.scored.changes(timeout=60)
    feeding = threading.Timer(0.01, lambda: database.insert(tables.scored, Score(1, 2, 3)))
    feeding.start()
    assert next(stream).row == Score(1, 2, 3)
    feeding.join()
    closing = threading.Timer(0.01, db.close)
    closing.start()
    assert list(stream) == []
    closing.join()


def test_a_stream_that_nobody_reads_any_more_listens_no_more(database, db):
    listeners = db._session.cache.tables["player"].listeners
    for _ in db.player.changes(timeout=0):
        pass
    gc.collect()
    assert not listeners.on_insert
    with db.player.changes() as stream:
        assert listeners.on_insert
        assert listeners.on_delete
        assert listeners.on_update
        database.insert(tables.player, ADA)
    assert not listeners.on_insert
    assert not listeners.on_delete
    assert not listeners.on_update
    assert [change.row for change in stream] == [ADA], "what came before it was closed can be read"


def test_a_stream_raises_what_the_connection_gave_up_for(database):
    db = database.connect(DbConnection, reconnect=None)
    db.subscribe(tables.player)
    stream = db.player.changes(timeout=1)
    database.cut()
    with pytest.raises(ConnectionLost, match="cut the connection"):
        next(stream)


def test_streams_do_not_wait_inside_of_callbacks(database, db):
    def waiting(ctx, row):
        next(db.score.changes())

    db.player.on_insert(waiting)
    with pytest.raises(WouldDeadlock):
        database.insert(tables.player, ADA)


def test_streams_under_asyncio():
    async def main() -> None:
        database = InMemoryDatabase(MODULE)
        async with database.connect_async(AsyncDbConnection) as db:
            await db.subscribe(tables.player)
            stream = db.player.changes(timeout=60)
            with pytest.raises(WouldDeadlock):
                next(stream)
            reading = asyncio.create_task(anext(stream))
            await asyncio.sleep(0)
            database.insert(tables.player, ADA)
            assert (await reading).row == ADA
            cancelled = asyncio.create_task(anext(stream))
            await asyncio.sleep(0)
            cancelled.cancel()
            database.insert(tables.player, a_player(2))
            assert (await anext(stream)).row.id == 2
            assert [change async for change in db.player.changes(timeout=0)] == []
            rest = asyncio.create_task(anext(stream, None))
            await asyncio.sleep(0)
            await db.close()
            assert await rest is None

    asyncio.run(main())


def test_a_synchronous_stream_is_not_for_asyncio(db):
    async def main() -> None:
        await anext(db.player.changes())

    with pytest.raises(WouldDeadlock):
        asyncio.run(main())


def test_event_tables(database, db):
    told: list[Score] = []
    callback = db.scored.on_insert(lambda ctx, row: told.append(row))
    database.insert(tables.scored, Score(1, 1, 1))
    db.scored.remove_on_insert(callback)
    database.insert(tables.scored, Score(2, 2, 2))
    assert told == [Score(1, 1, 1)]
    assert not hasattr(db.scored, "on_delete")
