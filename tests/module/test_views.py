"""Views: their rows, what they may read, and what their context has."""

from __future__ import annotations

import re

import pytest

from stdbpy.errors import EncodeError, HostError
from stdbpy.sats.types import ArrayType, TypeRef, as_option
from tests.module.running import ANN, BOB, load_code, run

PLAYERS = """
    from collections.abc import Iterator, Sequence
    from dataclasses import dataclass

    @table
    class Player:
        id: u64 = auto_inc(primary_key=True)
        owner: Identity = column(unique=True)
        level: u32 = column(index="btree")
        tags: list[str] = column(default=[])

    @dataclass
    class Level:
        level: u32
        players: u64

    @reducer
    def add(ctx, owner: Identity, level: u32):
        ctx.db.player.insert(Player(owner=owner, level=level))
"""


def test_rows_that_depend_on_who_asks():
    game = run(f"""{PLAYERS}
    @view(public=True)
    def my_player(ctx: ViewContext) -> Player | None:
        return ctx.db.player.owner.find(ctx.sender)
    """)
    game.call("add", BOB, 3)
    assert game.view("my_player", sender=BOB) == [(1, BOB, 3, [])]
    assert game.view("my_player", sender=ANN) == []


@pytest.mark.parametrize("annotation", ["list[Player]", "Iterator[Player]", "Sequence[Player]", "'list[Player]'"])
def test_many_rows_are_given_as_any_iterable(annotation):
    game = run(f"""{PLAYERS}
    @view
    def strong(ctx: AnonymousViewContext) -> {annotation}:
        yield from ctx.db.player.level.filter(at_least(2))
    """)
    for owner, level in [(ANN, 1), (BOB, 2)]:
        game.call("add", owner, level)
    assert game.view("strong") == [(2, BOB, 2, [])]


def test_rows_of_a_class_of_their_own():
    game = run(f"""{PLAYERS}
    @view
    def levels(ctx: AnonymousViewContext) -> list[Level]:
        return [Level(level, len(list(ctx.db.player.level.filter(level)))) for level in range(2)]
    """)
    game.call("add", ANN, 1)
    assert game.view("levels") == [(0, 0), (1, 1)]


def test_views_are_numbered_by_whether_they_know_who_asks():
    schema = load_code(f"""{PLAYERS}
    @view(public=True, primary_key="id")
    def d(ctx: ViewContext) -> list[Player]: ...
    @view
    def c(ctx: AnonymousViewContext) -> Player | None: ...
    @view
    def b(ctx: ViewContext) -> Query[Player]: ...
    @view(name="a")
    def z(ctx: AnonymousViewContext) -> list[Level]: ...
    """).schema
    found = [(view.name, view.index, view.is_anonymous, view.is_public) for view in schema.views]
    assert found == [("a", 0, True, False), ("b", 0, False, False), ("c", 1, True, False), ("d", 1, False, True)]
    player = TypeRef(schema.tables_by_name["player"].product_ref)
    views = schema.views_by_name
    assert as_option(views["c"].return_type) == player
    assert views["d"].return_type == ArrayType(player)
    assert (views["b"].is_query, views["b"].row_ref) == (True, player.index)
    assert (views["d"].primary_key, schema.view_primary_key(views["d"])) == (("id",), 0)


def test_queries():
    game = run(f"""{PLAYERS}
    @view
    def strong(ctx: AnonymousViewContext) -> Query[Player]:
        return ctx.query.player.where(lambda p: (p.level > 10) & (p.id != 3))
    """)
    assert game.view("strong") == 'SELECT * FROM "player" WHERE "player"."level" > 10 AND "player"."id" <> 3'


def test_queries_that_are_declared():
    game = run(f"""{PLAYERS}
    from typing import Self
    class PlayerColumns(Columns):
        id: IndexedColumn[Self, u64]
    class AllQueries(Queries):
        player: QueryTable[Player, PlayerColumns]
    class Asking(AnonymousViewContext):
        query: AllQueries
    @view
    def others(ctx: Asking) -> Query[Player]:
        return ctx.query.player.where(lambda p: p.id != 3)
    """)
    assert game.view("others") == 'SELECT * FROM "player" WHERE "player"."id" <> 3'


def test_tables_that_queries_do_not_have():
    game = run(f"""{PLAYERS}
    @view
    def strong(ctx: AnonymousViewContext) -> Query[Player]:
        return ctx.query.plaier
    """)
    with pytest.raises(AttributeError, match=r"the module has no table 'plaier'\. Did you mean 'player'"):
        game.view("strong")


@pytest.mark.parametrize(
    ("change", "called"),
    [
        ("ctx.db.player.insert(Player(owner=ctx.identity, level=1))", "insert"),
        ("ctx.db.player.delete(Player(owner=ctx.identity, level=1))", "delete"),
        ("ctx.db.player.clear()", "clear"),
        ("ctx.db.player.id.delete(1)", "delete"),
        ("ctx.db.player.level.delete(at_least(1))", "delete"),
        ("ctx.db.player.id.update(Player(id=1, owner=ctx.identity, level=1))", "update"),
    ],
)
def test_changes_are_refused(change, called):
    game = run(f"""{PLAYERS}
    @view
    def none(ctx: AnonymousViewContext) -> Player | None:
        {change}
    """)
    game.call("add", ANN, 1)
    with pytest.raises(HostError, match=f"^player.*{called}.*a view only reads") as caught:
        game.view("none")
    assert "reducer" in caught.value.hint


@pytest.mark.parametrize(
    ("context", "name", "says"),
    [
        ("AnonymousViewContext", "sender", "annotate it with ViewContext"),
        ("ViewContext", "timestamp", "its rows depend on the tables alone"),
        ("ViewContext", "random", "its rows depend on the tables alone"),
        ("ViewContext", "http", "it only reads tables"),
        ("ViewContext", "transaction", "it only reads tables"),
        ("ViewContext", "sendr", "Did you mean 'sender'"),
    ],
)
def test_what_the_context_does_not_have(context, name, says):
    game = run(f"""{PLAYERS}
    @view
    def none(ctx: {context}) -> Player | None:
        ctx.{name}
    """)
    with pytest.raises(AttributeError, match=f"the context of a view has no '{name}'.*{re.escape(says)}"):
        game.view("none")


@pytest.mark.parametrize(
    ("annotation", "returned", "error", "message"),
    [
        ("list[Player]", "None", TypeError, "has to return a list.Player., not None"),
        ("list[Player]", "[3]", TypeError, "the rows of the view wrong are of class Player, not 3"),
        ("Player | None", "Level(1, 2)", TypeError, "the rows of the view wrong are of class Player, not Level"),
        ("Query[Player]", "[]", TypeError, r"has to return a Query\[Player\], not \[\]"),
        ("Query[Level]", "ctx.query.player", TypeError, r"has to return a Query\[Level\], not one of player"),
        ("list[Level]", "[Level(-1, 2)]", EncodeError, "^wrong.level: "),
    ],
)
def test_what_is_no_value_of_the_type_that_the_view_declares(annotation, returned, error, message):
    game = run(f"""{PLAYERS}
    @view
    def wrong(ctx: AnonymousViewContext) -> {annotation}:
        return {returned}
    """)
    with pytest.raises(error, match=message):
        game.view("wrong")


def test_declared_tables_are_those_of_views_too():
    game = run(f"""{PLAYERS}
    class PlayerTable(Table[Player]):
        level: Index[Player, u32]

        def veterans(self) -> Iterator[Player]:
            return self.level.filter(at_least(50))

    class Db(Tables):
        player: PlayerTable

    class Asking(ViewContext):
        db: Db

        @property
        def mine(self) -> Player | None:
            return self.db.player.owner.find(self.sender)

    @view
    def veterans(ctx: Asking) -> list[Player]:
        return [player for player in ctx.db.player.veterans() if player != ctx.mine]
    """)
    game.call("add", ANN, 60)
    game.call("add", BOB, 70)
    assert game.view("veterans") == [(2, BOB, 70, [])]


def test_what_a_view_logs():
    game = run(f"""{PLAYERS}
    @view
    def none(ctx: AnonymousViewContext) -> Player | None:
        ctx.log.info("asked")
        print("asked twice")
    """)
    game.view("none")
    assert game.messages == ["asked", "asked twice"]
