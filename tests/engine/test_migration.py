"""Publishing over a database that has rows: what is carried over, and what is refused."""

from __future__ import annotations

from textwrap import dedent

import pytest

from stdbpy.engine import Agreement, Engine
from stdbpy.errors import MigrationRefused
from tests.engine.sample import ME, OWNER, call, program, rows

BEFORE = """
@table(name="thing", public=True)
class Thing:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str


@reducer
def add(ctx: ReducerContext, name: str) -> None:
    ctx.db.thing.insert(Thing(id=0, name=name))


@reducer
def clear(ctx: ReducerContext) -> None:
    for thing in list(ctx.db.thing.iter()):
        ctx.db.thing.id.delete(thing.id)
"""

WITH_COLUMN = BEFORE.replace("    name: str\n\n", "    name: str\n    level: u32 = column(default=7)\n\n").replace(
    "name=name)", "name=name, level=1)"
)
WITH_INDEX = BEFORE.replace("name: str\n\n", 'name: str = column(index="btree")\n\n')
WITH_UNIQUE = BEFORE.replace("name: str\n\n", "name: str = column(unique=True)\n\n")
WITHOUT_KEY = BEFORE.replace("column(primary_key=True, auto_inc=True)", 'column(index="btree")').replace(
    "ctx.db.thing.id.delete(thing.id)", "ctx.db.thing.delete(thing)"
)
WITH_TABLE = BEFORE + dedent("""
    @table(name="pet")
    class Pet:
        name: str = column(primary_key=True)
""")
PRIVATE = BEFORE.replace(", public=True", "")


class Published:
    """A database on disk, which is opened again after each step to see that all of it was written."""

    def __init__(self, folder):
        self.folder = folder
        self.engine = Engine(folder)

    def publish(self, source, **options):
        self.engine.publish(program(source), owner=OWNER, name="sample", **options)
        before = self.things
        self.engine.close()
        self.engine = Engine(self.folder)
        assert self.things == before
        return self

    def call(self, reducer, *args):
        outcome = call(self.database, reducer, *args)
        assert outcome.status == "committed", self.database.logs.tail(1)
        return self

    @property
    def database(self):
        return self.engine.database("sample")

    @property
    def things(self):
        return rows(self.database, "thing")

    def refused(self, source, match, **options):
        before, schema = self.things, self.database.schema
        with pytest.raises(MigrationRefused, match=match) as refused:
            self.engine.publish(program(source), owner=OWNER, name="sample", **options)
        assert refused.value.hint
        assert (self.things, self.database.schema) == (before, schema)
        self.call("add", "after the refusal")


@pytest.fixture
def published(tmp_path):
    published = Published(tmp_path)
    published.publish(BEFORE).call("add", "a").call("add", "b")
    yield published
    published.engine.close()


def test_a_new_table(published):
    published.publish(WITH_TABLE).call("add", "c")
    assert rows(published.database, "pet") == []
    assert [name for _, name in published.things] == ["a", "b", "c"]


def test_a_new_column_gets_its_default_in_rows_that_are_there(published):
    published.publish(WITH_COLUMN).call("add", "c")
    assert published.things == [(1, "a", 7), (2, "b", 7), (4097, "c", 1)]
    found = published.database.transact(
        lambda tx: list(tx.index_point(tx.table(tx.table_id("thing")).indexes[0].id, (2,)))
    ).result()
    assert len(found) == 1


def test_a_new_column_breaks_clients_which_can_be_forbidden(published):
    published.refused(WITH_COLUMN, "Clients", agreement=Agreement(break_clients=False))
    published.publish(WITH_TABLE, agreement=Agreement(break_clients=False))


def test_a_new_index_finds_rows_that_are_there(published):
    published.publish(WITH_INDEX)
    found = published.database.sql("SELECT id FROM thing WHERE name = 'b'", ME, is_owner=True).result()
    assert found[0].rows == [(2,)]
    [index] = [index for index in published.database.schema.tables_by_name["thing"].indexes if index.columns == (1,)]
    rows_found = published.database.transact(lambda tx: list(tx.index_range(tx.index_id(index.name), ("b",)))).result()
    assert len(rows_found) == 1
    published.publish(BEFORE).call("add", "c")
    assert len(published.things) == 3


def test_a_new_unique_constraint_is_checked(published):
    published.publish(WITH_UNIQUE)
    assert call(published.database, "add", "a").status == "failed"
    published.publish(BEFORE).call("add", "a")
    published.refused(WITH_UNIQUE, "unique by name")


def test_a_key_can_go_and_its_numbers_with_it(published):
    published.publish(WITHOUT_KEY).call("add", "c")
    assert published.things[-1] == (0, "c")


def test_numbering_a_column_that_has_such_numbers_is_refused(published):
    published.publish(WITHOUT_KEY).call("clear").call("add", "zero")
    # 0 is none of the numbers that a sequence gives out.
    published.publish(BEFORE).call("add", "first")
    assert published.things == [(0, "zero"), (1, "first")]
    published.publish(WITHOUT_KEY)
    published.refused(BEFORE, "numbered")


def test_a_table_is_removed_if_it_is_empty(published):
    published.publish(WITH_TABLE)
    published.publish(BEFORE)
    no_things = "@table(name='other')\nclass Other:\n    x: u8\n"
    published.refused(no_things, "would be removed, and it has 2 rows")
    assert published.call("clear").things == []
    published.engine.publish(program(no_things), owner=OWNER, name="sample")
    assert published.database.schema.tables_by_name.keys() == {"other"}


def test_access_can_change(published):
    published.publish(PRIVATE)
    assert published.database.schema.tables_by_name["thing"].is_public is False
    assert published.things == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            BEFORE.replace("    name: str\n\n", "    name: u64\n\n").replace("name=name)", "name=1)"),
            "type would change",
        ),
        (BEFORE.replace("    name: str\n\n", "\n").replace(", name=name", ""), "removed"),
        (
            BEFORE.replace("    name: str\n\n", "    name: str\n    level: u32\n\n").replace(
                "=name)", "=name, level=1)"
            ),
            "default",
        ),
        (
            BEFORE.replace('"thing", public=True', '"thing", public=True, scheduled="run"')
            .replace(
                "    name: str\n\n",
                "    name: str\n    at: ScheduleAt = column(default=ScheduleAt.every(TimeDuration(1)))\n\n",
            )
            .replace("=name)", "=name, at=ScheduleAt.every(TimeDuration(1)))")
            + "\n@reducer\ndef run(ctx: ReducerContext, thing: Thing) -> None:\n    pass\n",
            "schedule",
        ),
    ],
)
def test_what_is_refused(published, source, reason):
    published.refused(source, reason)


def test_numbers_go_on_across_updates(tmp_path):
    """Without a restart there is no gap."""
    with Engine(tmp_path) as engine:
        for source, name in ((BEFORE, "a"), (WITH_INDEX, "b"), (WITH_UNIQUE, "c"), (BEFORE, "d")):
            engine.publish(program(source), owner=OWNER, name="sample")
            assert call(engine.database("sample"), "add", name).status == "committed"
        assert rows(engine.database("sample"), "thing") == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_the_log_says_what_was_done(published):
    published.publish(WITH_TABLE)
    lines = "".join(published.database.logs.tail())
    assert "Add table pet" in lines
