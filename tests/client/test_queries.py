"""Queries as SQL, and what is refused where it is built."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy import ConnectionId, Identity, Timestamp
from stdbpy.client.query import SENDER, Columns, OpaqueColumn, QueryTable, Source, SqlType
from stdbpy.errors import InvalidQuery
from stdbpy.query.columns import Column
from tests.client import game as tables
from tests.client.game import Player

ME = Identity.from_int(0xAB)


def condition(build) -> str:
    sql = tables.player.where(build).sql
    return sql.removeprefix('SELECT * FROM "player" WHERE ').replace('"player".', "")


def test_unknown_columns_have_a_hint():
    with pytest.raises(AttributeError, match=r"the table has no column 'levle'\. Did you mean 'level'\?$"):
        tables.player.where(lambda p: p.levle > 10)
    with pytest.raises(AttributeError, match=r"the table has no column 'xyzzy'$"):
        tables.player.where(lambda p: p.xyzzy)


def test_a_table_is_the_query_for_its_rows():
    assert tables.player.sql == 'SELECT * FROM "player"'
    assert str(tables.player) == tables.player.sql
    assert (tables.player.table, tables.player.row_type) == ("player", Player)


@pytest.mark.parametrize(
    ("build", "sql"),
    [
        (lambda p: p.level > 10, '"level" > 10'),
        (lambda p: p.level > 10, '"level" > 10'),
        (lambda p: p.x >= -5, '"x" >= -5'),
        (lambda p: p.name == "O'Neil", "\"name\" = 'O''Neil'"),
        (lambda p: p.name != "\\", "\"name\" <> '\\'"),
        (lambda p: p.online == False, '"online" = FALSE'),  # noqa: E712
        (lambda p: p.online, '"online" = TRUE'),
        (lambda p: ~p.online, '"online" <> TRUE'),
        (lambda p: p.luck <= 0.1, '"luck" <= 0.1'),
        (lambda p: p.luck > 3, '"luck" > 3.0'),
        (lambda p: p.luck < 1e23, '"luck" < 100000000000000000000000'),
        (lambda p: p.luck < -1e-7, '"luck" < -0.0000001'),
        (lambda p: p.luck == float("inf"), '"luck" = 1e999'),
        (lambda p: p.health == 0.1, '"health" = 0.10000000149011612'),
        (lambda p: p.badge == b"\x01\xff", '"badge" = 0x01ff'),
        (lambda p: p.badge == b"", '"badge" = 0x'),
        (lambda p: p.owner == ME, f'"owner" = 0x{ME.hex()}'),
        (lambda p: p.owner != SENDER, '"owner" <> :sender'),
        (lambda p: p.badge == SENDER, '"badge" = :sender'),
        (lambda p: p.connection == ConnectionId.from_int(7), f'"connection" = 0x{7:032x}'),
        (lambda p: p.seen < Timestamp(1_500_000), "\"seen\" < '1970-01-01T00:00:01.500000+00:00'"),
        (lambda p: p.token == uuid.UUID(int=5), "\"token\" = '00000000-0000-0000-0000-000000000005'"),
        (lambda p: p.x == p.y, '"x" = "y"'),
        (lambda p: p.id == p.level, '"id" = "level"'),
        (lambda p: p.id.is_in(1), '"id" = 1'),
        (lambda p: p.id.is_in(1, 2), '"id" = 1 OR "id" = 2'),
        (lambda p: p.id.between(1, 5), '"id" >= 1 AND "id" <= 5'),
        (lambda p: (p.x > 1) & (p.y > 2) & (p.id > 3), '"x" > 1 AND "y" > 2 AND "id" > 3'),
        (lambda p: (p.x > 1) & ((p.y > 2) | p.online), '"x" > 1 AND ("y" > 2 OR "online" = TRUE)'),
        (lambda p: ~((p.x > 1) & ((p.y == 2) | p.online)), '"x" <= 1 OR ("y" <> 2 AND "online" <> TRUE)'),
        (lambda p: ~~(p.x < 1), '"x" < 1'),
    ],
)
def test_conditions(build, sql):
    assert condition(build) == sql


def test_conditions_of_several_wheres_all_hold():
    both = tables.player.where(lambda p: (p.x > 1) | (p.y > 1)).where(lambda p: p.online)
    assert both.sql.endswith('WHERE ("player"."x" > 1 OR "player"."y" > 1) AND "player"."online" = TRUE')


def test_semijoins():
    strong = tables.player.where(lambda p: p.level > 10)
    rich = tables.score.where(lambda s: s.points > 5)
    on = '"player" JOIN "score" ON "player"."id" = "score"."player_id"'
    assert strong.left_semijoin(rich, lambda p, s: p.id == s.player_id).where(lambda p: p.x == 1).sql == (
        f'SELECT "player".* FROM {on} WHERE "player"."level" > 10 AND "score"."points" > 5 AND "player"."x" = 1'
    )
    right = strong.right_semijoin(tables.score, lambda p, s: p.id == s.player_id).where(lambda s: s.points == 1)
    on = '"score" JOIN "player" ON "player"."id" = "score"."player_id"'
    assert right.sql == f'SELECT "score".* FROM {on} WHERE "player"."level" > 10 AND "score"."points" = 1'
    assert right.table == "score"


def test_a_table_can_be_joined_with_itself():
    pupils = tables.player.left_semijoin(tables.player, lambda pupil, mentor: pupil.level == mentor.id)
    assert pupils.sql == (
        'SELECT "player".* FROM "player" JOIN "player" AS "player_2" ON "player"."level" = "player_2"."id"'
    )
    mentors = tables.player.right_semijoin(tables.player, lambda pupil, mentor: pupil.level == mentor.id)
    assert mentors.where(lambda m: m.x > 1).sql == (
        'SELECT "player_2".* FROM "player" AS "player_2" JOIN "player" ON "player"."level" = "player_2"."id" '
        'WHERE "player_2"."x" > 1'
    )


@pytest.mark.parametrize(
    "build",
    [
        lambda p: p.level > 3 and p.x > 3,
        lambda p: p.level > 3 or p.x > 3,
        lambda p: 3 < p.level < 5,
        lambda p: p.level in (1, 2),
        lambda p: not p.online,
        lambda p: p.online and p.level > 3,
        lambda p: p.level > 3 & p.online,
        lambda p: p.level & p.online,
        lambda p: ~p.level,
        lambda p: p.level,
        lambda p: True,
        lambda p: None,
        lambda p: p.level == -1,
        lambda p: p.level == 2**32,
        lambda p: p.level == 1.0,
        lambda p: p.level == "1",
        lambda p: p.level == True,  # noqa: E712
        lambda p: p.level == None,  # noqa: E711
        lambda p: p.rank.is_in(1, 256),
        lambda p: p.rank.is_in(),
        lambda p: p.level == p.x,
        lambda p: p.level == p.guild,
        lambda p: p.guild == p.level,
        lambda p: p.guild == None,  # noqa: E711
        lambda p: p.guild != 3,
        lambda p: p.online == 1,
        lambda p: p.luck == float("nan"),
        lambda p: p.luck == 10**400,
        lambda p: p.luck == 2**53 + 1,
        lambda p: p.luck == "1",
        lambda p: p.health == 1e39,
        lambda p: p.name == b"Ada",
        lambda p: p.name == "\ud800",
        lambda p: p.badge == "Ada",
        lambda p: p.owner == b"Ada",
        lambda p: p.owner < SENDER,
        lambda p: p.level == SENDER,
        lambda p: p.connection == ME,
        lambda p: p.seen == 3,
        lambda p: p.seen == Timestamp(-(2**63)),
        lambda p: p.token == "x",
    ],
)
def test_what_spacetimedb_does_not_have_is_refused_when_built(build):
    with pytest.raises(InvalidQuery):
        tables.player.where(build)


def test_refusals_say_what_to_do_instead():
    with pytest.raises(InvalidQuery) as chained:
        tables.player.where(lambda p: 3 < p.level < 5)
    assert "Use & for and" in chained.value.hint
    with pytest.raises(InvalidQuery) as unfit:
        tables.player.where(lambda p: p.level == -1)
    assert str(unfit.value) == "player.level is a u32, which cannot be compared with -1"
    assert unfit.value.hint == "It holds numbers from 0 to 4294967295"


@pytest.mark.parametrize(
    "join",
    [
        lambda: tables.player.left_semijoin(tables.score, lambda p, s: p.id == s.points),
        lambda: tables.player.left_semijoin(tables.score, lambda p, s: p.x == s.player_id),
        lambda: tables.player.left_semijoin(tables.score, lambda p, s: p.owner == s.player_id),
        lambda: tables.player.left_semijoin(tables.score, lambda p, s: p.id != s.player_id),
        lambda: tables.player.left_semijoin(tables.score, lambda p, s: p.id == 3),
        lambda: tables.player.left_semijoin(tables.score, lambda p, s: p.id == p.level),
        lambda: tables.player.left_semijoin(tables.score, lambda p, s: p.id == s.player_id and p.level == 3),
        lambda: tables.player.left_semijoin(tables.scored, lambda p, e: p.id == e.player_id),
        lambda: tables.scored.right_semijoin(tables.player, lambda e, p: p.id == e.player_id),
        lambda: tables.scored.left_semijoin(tables.player.where(lambda p: p.id == 3), lambda e, p: p.id == e.player_id),
        lambda: tables.player.where(lambda p: p.online).right_semijoin(tables.scored, lambda p, e: p.id == e.player_id),
        lambda: tables.player.left_semijoin(tables.score, lambda p, s: p.id == a_column_of(tables.veteran)),
        lambda: tables.player.left_semijoin(
            tables.player.where(lambda p: p.level > 3), lambda p, other: p.id == other.level
        ),
    ],
)
def test_joins_that_servers_refuse_are_refused_when_built(join):
    with pytest.raises(InvalidQuery):
        join()


def test_an_event_table_may_be_the_one_whose_rows_are_asked_for():
    joined = tables.scored.left_semijoin(tables.player, lambda e, p: e.player_id == p.id)
    assert joined.sql == 'SELECT "scored".* FROM "scored" JOIN "player" ON "scored"."player_id" = "player"."id"'
    assert tables.player.right_semijoin(tables.scored, lambda p, e: p.id == e.player_id).table == "scored"


def a_column_of(table):
    seen = []
    table.where(lambda columns: seen.append(columns) or columns.id == 1)
    return seen[0].id


def test_columns_of_another_table_are_refused():
    other = a_column_of(tables.veteran)
    with pytest.raises(InvalidQuery, match="columns of two tables"):
        tables.player.where(lambda p: p.rank.is_in(1) & (p.x == p.y) & (p.level > other))
    with pytest.raises(InvalidQuery, match="not on columns of player alone"):
        tables.player.where(lambda p: other == 3)
    with pytest.raises(InvalidQuery, match="not on columns of player alone"):
        tables.player.where(lambda p: (p.level > 3) & (other == 3))


def test_conditions_are_no_keys_and_have_a_readable_form():
    seen = []
    tables.player.where(lambda p: seen.append(p) or p.level > 3)
    [columns] = seen
    assert repr(columns.level) == "<column player.level>"
    assert repr(columns.level > 3) == '<condition "player"."level" > 3>'
    assert {columns.level: 1}[columns.level] == 1
    assert repr(SENDER) == "SENDER"


def test_long_queries_are_refused_and_long_chains_become_trees():
    some = tables.player.where(lambda p: p.id.is_in(*range(1000))).sql
    assert some.count(" OR ") == 999
    assert max(len(part.split(" OR ")) for part in some.split(")")) <= 201
    with pytest.raises(InvalidQuery, match="bytes of SQL"):
        tables.player.where(lambda p: p.name == "a" * 60_000)


def test_deep_conditions_are_refused():
    def nested(p):
        condition = p.x > 0
        for number in range(100):
            condition = (condition & (p.x > number)) | (p.y > number)
        return condition

    with pytest.raises(InvalidQuery, match="nested"):
        tables.player.where(nested)


@given(st.text(), st.text(), st.text())
def test_nothing_gets_out_of_its_quotes(table, column, text):
    class OneColumn(Columns):
        def __init__(self, source: Source) -> None:
            self.it: Column[OneColumn, str] = Column(source, column, SqlType.STRING)

    query = QueryTable(table, Player, OneColumn).where(lambda t: t.it == text)
    assert outside_quotes(query.sql) == "SELECT * FROM @ WHERE @.@ = @"


def outside_quotes(sql: str) -> str:
    """SQL with each quoted part replaced by ``@``."""
    text, position = "", 0
    while position < len(sql):
        mark = sql[position]
        if mark not in "\"'":
            text += mark
            position += 1
            continue
        end = position + 1
        while sql[end] != mark or sql[end + 1 : end + 2] == mark:
            end += 2 if sql[end] == mark else 1
        text += "@"
        position = end + 1
    return text


def test_opaque_columns_have_no_operators():
    column = OpaqueColumn(Source("player", "player"), "guild")
    for use in (lambda: column == 1, lambda: column < 1, lambda: ~column, lambda: column & 1, lambda: bool(column)):
        with pytest.raises(InvalidQuery, match="options"):
            use()


def test_columns_of_the_same_type_join_whichever_side_they_are_on():
    forth = tables.player.left_semijoin(tables.score, lambda p, s: p.id == s.player_id)
    back = tables.player.left_semijoin(tables.score, lambda p, s: s.player_id == p.id)
    assert forth.sql.split(" ON ")[0] == back.sql.split(" ON ")[0]
