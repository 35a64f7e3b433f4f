"""Reading and writing rows through ``ctx.db``."""

from __future__ import annotations

import pytest

from stdbpy.errors import AutoIncOverflow, EncodeError, RowNotFound, UniqueConstraintViolation
from tests.module.running import run

PLAYERS = """
    @table(indexes=[index("by_guild_and_level", "guild", "level"), index("pair", "guild", "name", unique=True)])
    class Player:
        id: u64 = auto_inc(primary_key=True)
        name: str = column(unique=True)
        guild: u32 = 0
        level: u8 = column(index="btree", default=1)
        mail: str = column(index="hash", default="")

    @reducer
    def do(ctx: ReducerContext, code: str):
        def player(name, **columns):
            return ctx.db.player.insert(Player(name=name, **columns))
        def names(players):
            return [player.name for player in players]
        exec(code, {**globals(), **locals(), "players": ctx.db.player})
"""
"""A reducer that runs the code it is sent; ``players`` is the table."""


@pytest.fixture
def game():
    return run(PLAYERS)


@pytest.fixture
def full_game(game):
    game.call("do", "for n in range(12): player(f'p{n:02}', guild=n % 3, level=n)")
    return game


def check(game, expression: str, expected: object) -> None:
    """``expression`` of module code has the value ``expected``."""
    game.call("do", f"print(repr({expression}))")
    assert game.messages[-1] == repr(expected)


# --- whole rows ----------------------------------------------------------------------------------


def test_insert_gives_the_row_with_its_number_and_leaves_the_argument_alone(game):
    check(game, "[(new := Player(name='Ann')), players.insert(new).id, new.id][1:]", [1, 0])
    assert game.rows("player") == [(1, "Ann", 0, 1, "")]


def test_one_row_can_be_the_pattern_of_several(game):
    game.call("do", "new = Player(name='a')\nfor name in 'abc':\n new.name = name\n players.insert(new)")
    assert [row[:2] for row in game.rows("player")] == [(1, "a"), (2, "b"), (3, "c")]


def test_a_number_that_is_given_is_kept(game):
    check(game, "player('Ann', id=7).id", 7)


def test_inserting_the_same_row_again_changes_nothing(game):
    check(game, "players.insert(player('Ann')).id", 1)
    assert len(game.rows("player")) == 1


def test_iteration_goes_over_all_rows(full_game):
    expected = [f"p{n:02}" for n in range(12)]
    check(full_game, "names(players.iter())", expected)
    check(full_game, "names(players)", expected)


def test_rows_are_those_of_when_iteration_began(full_game):
    check(full_game, "[players.delete(row) for row in players.iter()].count(True)", 12)
    check(full_game, "names(players)", [])


def test_count(full_game):
    check(full_game, "(players.count(), len(players), bool(players))", (12, 12, True))
    check(full_game, "(players.clear(), players.count(), bool(players))", (12, 0, True))


def test_delete_takes_a_whole_row(game):
    check(game, "[(ann := player('Ann')), players.delete(ann), players.delete(ann)][1:]", [True, False])


# --- unique columns ------------------------------------------------------------------------------


def test_find(full_game):
    check(full_game, "players.id.find(3).name", "p02")
    check(full_game, "players.name.find('p02').id", 3)
    check(full_game, "(players.id.find(99), players.name.find(''))", (None, None))
    check(full_game, "players.pair.find(2, 'p02').id", 3)


def test_update_by_the_primary_key(game):
    game.call("do", "ann = player('Ann')\nann.level = 9\nplayers.id.update(ann)")
    assert game.rows("player") == [(1, "Ann", 0, 9, "")]


def test_update_of_a_missing_row(game):
    with pytest.raises(RowNotFound, match="player has no row with id 5 to update"):
        game.call("do", "players.id.update(Player(id=5, name='Ann'))")


def test_delete_by_a_unique_column(full_game):
    check(full_game, "(players.name.delete('p02'), players.name.delete('p02'))", (True, False))
    check(full_game, "(players.pair.delete(0, 'p00'), players.count())", (True, 10))


def test_ranges_of_a_unique_column(full_game):
    check(full_game, "names(players.id.filter(above(10)))", ["p10", "p11"])


# --- indexes -------------------------------------------------------------------------------------

LEVELS = [
    ("5", ["p05"]),
    ("between(3, 5)", ["p03", "p04", "p05"]),
    ("range(3, 5)", ["p03", "p04"]),
    ("at_least(10)", ["p10", "p11"]),
    ("above(10)", ["p11"]),
    ("at_most(1)", ["p00", "p01"]),
    ("below(1)", ["p00"]),
    ("above(2) & below(5)", ["p03", "p04"]),
    ("Range()", [f"p{n:02}" for n in range(12)]),
    ("between(5, 3)", []),
    ("range(5, 5)", []),
    ("above(5) & below(5)", []),
]


@pytest.mark.parametrize(("key", "names"), LEVELS, ids=[key for key, _ in LEVELS])
def test_filter_and_delete_by_one_column(full_game, key, names):
    check(full_game, f"names(players.level.filter({key}))", names)
    check(full_game, f"(players.level.delete({key}), len(players))", (len(names), 12 - len(names)))


PAIRS = [
    ("1", ["p01", "p04", "p07", "p10"]),
    ("1, 4", ["p04"]),
    ("1, at_least(5)", ["p07", "p10"]),
    ("1, range(4, 10)", ["p04", "p07"]),
    ("1, below(0)", []),
    ("at_least(2)", ["p02", "p05", "p08", "p11"]),
    ("above(2)", []),
]


@pytest.mark.parametrize(("key", "names"), PAIRS, ids=[key for key, _ in PAIRS])
def test_filter_and_delete_by_several_columns(full_game, key, names):
    check(full_game, f"names(players.by_guild_and_level.filter({key}))", names)
    check(full_game, f"(players.by_guild_and_level.delete({key}), len(players))", (len(names), 12 - len(names)))


def test_a_hash_index_finds_equal_keys_alone(game):
    game.call("do", "player('a', mail='x')\nplayer('b', mail='x')\nplayer('c', mail='y')")
    check(game, "names(players.mail.filter('x'))", ["a", "b"])
    with pytest.raises(TypeError, match=r"player.mail is a hash index: give a value for each of mail"):
        game.call("do", "players.mail.filter(at_least('x'))")


@pytest.mark.parametrize("key", ["", "1, 2, 3"])
def test_a_wrong_number_of_key_values(game, key):
    with pytest.raises(
        TypeError, match=r"player.by_guild_and_level takes values for guild, level, but [03] were given"
    ):
        game.call("do", f"players.by_guild_and_level.filter({key})")
    with pytest.raises(TypeError, match=r"player.pair takes values for guild, name"):
        game.call("do", f"players.pair.find({key})")


def test_a_range_may_end_behind_the_last_number_of_the_column(full_game):
    check(full_game, "names(players.level.filter(range(10, 256)))", ["p10", "p11"])
    check(full_game, "names(players.level.filter(range(5, 5)))", [])


def test_a_range_with_steps_is_refused(game):
    with pytest.raises(ValueError, match="leaves out numbers"):
        game.call("do", "players.level.filter(range(1, 9, 2))")


def test_an_index_that_is_called_like_a_method(game):
    game = run("""
        @table
        class Box:
            count: u32 = column(index="btree")
        @reducer
        def do(ctx):
            ctx.db.box.insert(Box(count=3))
            print(ctx.db.box.count(), [box.count for box in ctx.db.box["count"].filter(3)])
        @reducer
        def misspell(ctx):
            ctx.db.box["coun"]
    """)
    game.call("do")
    assert game.messages == ["1 [3]"]
    with pytest.raises(KeyError, match=r"table 'box' has no index 'coun'\. Did you mean 'count'"):
        game.call("misspell")
    [warning] = game.module.warnings
    assert "called like a method" in warning.message
    assert "ctx.db.box['count']" in warning.hint


def test_tables_and_indexes_may_have_any_other_name():
    game = run("""
        @table(name="_host")
        class Odd:
            _rows: u32 = column(index="btree")
        @reducer
        def do(ctx):
            ctx.db._host.insert(Odd(3))
            print(list(ctx.db._host._rows.filter(3)))
    """)
    game.call("do")
    assert game.messages == ["[Odd(_rows=3)]"]


@pytest.mark.parametrize("method", ["filter", "delete"])
def test_a_tuple_where_values_go_one_by_one(game, method):
    with pytest.raises(EncodeError) as caught:
        game.call("do", f"players.by_guild_and_level.{method}((1, between(2, 3)))")
    assert str(caught.value).startswith("player.guild: expected an integer (u32), not tuple")
    assert caught.value.hint == "Give the values one by one, not as a tuple: 1, between(2, 3)"


def test_a_tuple_where_find_takes_values_one_by_one(game):
    with pytest.raises(TypeError, match=r"takes values for guild, name, .* Give the values .*, not as a tuple: 1, 'a'"):
        game.call("do", "players.pair.find((1, 'a'))")


@pytest.mark.parametrize(
    "code", ["players.id.find(at_least(3))", "players.by_guild_and_level.filter(between(1, 2), 3)"]
)
def test_a_range_where_none_can_be(game, code):
    with pytest.raises(EncodeError) as caught:
        game.call("do", code)
    assert caught.value.hint == "Ranges are for filter(), as its last value"


@pytest.mark.parametrize("target", ["ctx.db.player", "ctx.db.extra", "players.id", "players.extra"])
def test_handles_cannot_be_changed_for_later_calls(game, target):
    with pytest.raises(AttributeError, match=r"cannot be set: rows change by insert\(\)"):
        game.call("do", f"{target} = 3")
    check(game, "players.count()", 0)


# --- what goes wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("players.insert(Player(name='x', level=300))", r"^player\.level: .*300.*u8"),
        ("players.insert(Player(name=3))", r"^player\.name: .*str"),
        ("players.delete(Player(name='x', guild=-1))", r"^player\.guild: .*-1.*u32"),
        ("players.id.update(Player(name='x', guild=-1))", r"^player\.guild: "),
        ("players.id.find(-1)", r"^player\.id: .*-1.*u64"),
        ("players.name.delete(7)", r"^player\.name: "),
        ("players.by_guild_and_level.filter('x')", r"^player\.guild: "),
        ("players.by_guild_and_level.filter(1, 256)", r"^player\.level: .*256.*u8"),
        ("players.by_guild_and_level.delete(1, at_least(256))", r"^player\.level: .*256.*u8"),
        ("players.level.filter(between(300, 2))", r"^player\.level: .*300.*u8"),
        ("players.level.filter(range(-1, 5))", r"^player\.level: .*-1.*u8"),
        ("players.name.filter(range(5))", r"^player\.name: .*str"),
    ],
)
def test_values_that_do_not_fit_name_table_and_column(game, code, message):
    with pytest.raises(EncodeError, match=message):
        game.call("do", code)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("'Ann'", "this str"),
        ("dict(name='Ann')", "this dict"),
        ("Player", "the class Player itself"),
        ("None", "this NoneType"),
    ],
)
@pytest.mark.parametrize("method", ["insert", "delete", "id.update"])
def test_a_row_of_another_class(game, method, row, what):
    with pytest.raises(EncodeError, match=f"^player: the table holds rows of class Player, not {what}") as caught:
        game.call("do", f"players.{method}({row})")
    assert caught.value.hint == "Player(id=..., name=..., guild=..., level=..., mail=...)"


def test_a_row_of_a_subclass_is_a_row(game):
    game.call("do", "class Knight(Player): pass\nprint(players.insert(Knight(name='K')))")
    assert game.rows("player") == [(1, "K", 0, 1, "")]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("player('Ann')", "player already has a row with name 'Ann'"),
        ("player('Bob', id=1)", "player already has a row with id 1"),
        ("players.id.update(Player(id=2, name='Ann'))", "player already has a row with name 'Ann'"),
    ],
)
def test_a_violation_says_table_column_and_value(game, code, message):
    game.call("do", "player('Ann')\nplayer('Zoe')")
    before = game.rows("player")
    with pytest.raises(UniqueConstraintViolation, match=message) as caught:
        game.call("do", code)
    assert caught.value.hint.startswith("Rows are unique by that: constraint player_")
    assert game.rows("player") == before


def test_a_violation_of_several_columns(game):
    game = run("""
        @table(indexes=[index("place", "x", "y", unique=True)])
        class Tile:
            x: u8
            y: u8
            color: str
        @reducer
        def paint(ctx, color: str):
            ctx.db.tile.insert(Tile(x=1, y=2, color=color))
    """)
    game.call("paint", "red")
    with pytest.raises(UniqueConstraintViolation, match="tile already has a row with x 1 and y 2"):
        game.call("paint", "blue")


def test_a_violation_is_not_the_row_that_an_update_replaces():
    game = run("""
        @table
        class Seat:
            id: u8 = column(primary_key=True)
            number: u8 = column(unique=True)
            guest: str = column(unique=True)
        @reducer
        def swap(ctx):
            for id, guest in (1, "Ann"), (2, "Bob"):
                ctx.db.seat.insert(Seat(id=id, number=id, guest=guest))
            ctx.db.seat.id.update(Seat(id=2, number=2, guest="Ann"))
    """)
    with pytest.raises(UniqueConstraintViolation, match="seat already has a row with guest 'Ann'"):
        game.call("swap")


def test_a_module_can_go_on_after_a_violation(game):
    game.call("do", "player('Ann')\ntry: player('Ann')\nexcept UniqueConstraintViolation: player('Bob')")
    assert [row[1] for row in game.rows("player")] == ["Ann", "Bob"]


def test_a_column_whose_numbers_are_used_up():
    game = run("""
        @table
        class Seat:
            number: u8 = auto_inc(primary_key=True)
        @reducer
        def fill(ctx, count: u32):
            for _ in range(count):
                ctx.db.seat.insert(Seat())
    """)
    game.call("fill", 255)
    with pytest.raises(AutoIncOverflow, match=r"seat.number has no number left"):
        game.call("fill", 1)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ctx.db.playr", "the module has no table 'playr'. Did you mean 'player'?"),
        ("ctx.db.zzz", "the module has no table 'zzz'$"),
        ("players.nam", "table 'player' has no index called 'nam'. Did you mean 'name'?"),
        ("players.inser", "Did you mean 'insert'?"),
        ("players.update(3)", r"a table has no 'update': its indexes do, as in ctx.db.player.id.update\("),
        ("players.guild", "player.guild has no index: declare it, guild: ... = column"),
        ("players.level.find(3)", "player.level is not unique"),
        ("players.name.update(3)", "player.name is not the primary key"),
        ("players.level.remove(3)", "player.level has no 'remove'"),
    ],
)
def test_names_that_are_not_there(game, code, message):
    with pytest.raises(AttributeError, match=message):
        game.call("do", code)


def test_names_are_looked_up_once(game):
    game.call("do", "player('Ann')\nplayers.id.find(1)\nplayers.level.filter(1)")
    looked_up = list(game.host.calls)
    game.call("do", "player('Bob')\nplayers.id.find(1)\nplayers.level.filter(1)")
    assert game.host.calls == looked_up
    assert len(looked_up) == len(set(looked_up))


def test_handles_show_what_they_are(game):
    game.call("do", "print(players, players.id, 'player' in dir(ctx.db), 'by_guild_and_level' in dir(players))")
    assert game.messages[-1] == "<table player> <index player.id> True True"


def test_two_numbered_columns_and_only_one_to_fill():
    game = run("""
        @table
        class Ticket:
            id: u64 = auto_inc(primary_key=True)
            text: str
            place: i16 = column(auto_inc=True)
        @reducer
        def add(ctx, id: u64, place: i16):
            print(ctx.db.ticket.insert(Ticket(id=id, text="x", place=place)))
    """)
    for arguments in [(0, 0), (9, 0), (0, -4)]:
        game.call("add", *arguments)
    assert game.rows("ticket") == [(1, "x", 1), (9, "x", 2), (2, "x", -4)]
    assert game.messages == [f"Ticket(id={row[0]}, text='x', place={row[2]})" for row in game.rows("ticket")]


def test_values_of_every_kind_come_back_as_they_went_in():
    game = run("""
        import math, uuid
        from dataclasses import dataclass
        from enum import Enum
        class Color(Enum):
            RED = "r"
            BLUE = "b"
        @dataclass
        class Point:
            x: f32
        class Shape(TaggedUnion): pass
        class Circle(Shape):
            value: Point
        class Dot(Shape): pass
        @table(indexes=[index("by_kind", "color", "flag", "text")])
        class Thing:
            key: uuid.UUID = column(primary_key=True)
            color: Color
            flag: bool
            text: str
            owner: Identity = column(unique=True)
            via: ConnectionId | None
            when: Timestamp = column(index="btree")
            span: TimeDuration
            due: ScheduleAt
            big: u256
            low: i128
            number: f64
            raw: bytes
            shapes: list[Shape]
            maybe: Shape | None
            twice: Some[u8 | None] | None
            outcome: Ok[str] | Err[i32]
            place: Point
        @reducer
        def check(ctx):
            thing = Thing(
                key=ctx.uuid7(), color=Color.BLUE, flag=True, text="ä", owner=ctx.sender, via=None, when=ctx.timestamp,
                span=TimeDuration(-1), due=ScheduleAt.at(ctx.timestamp), big=2**256 - 1, low=-(2**127), number=math.inf,
                raw=b"\\0", shapes=[Dot(), Circle(Point(0.5))], maybe=Dot(), twice=Some(None), outcome=Err(-3),
                place=Point(1.0),
            )
            things = ctx.db.thing
            things.insert(thing)
            for found in (
                things.key.find(thing.key), things.owner.find(ctx.sender), *things.iter(),
                *things.when.filter(thing.when),
                *things.by_kind.filter(Color.BLUE, True, at_least("a")),
            ):
                assert found == thing and found is not thing
                assert [type(a) for a in (found.key, found.owner, found.due)] == [uuid.UUID, Identity, type(thing.due)]
            thing.outcome = Ok("fine")
            assert things.key.update(thing) == things.key.find(thing.key) == thing
            assert things.delete(thing) and not things.owner.delete(ctx.sender)
    """)
    game.call("check")
    assert game.rows("thing") == []


@pytest.mark.parametrize("read", ["ctx.me", "ctx.db.first", "ctx.db.player.best", "ctx.cached"])
def test_a_property_that_fails_is_not_one_that_is_missing(read):
    game = run(f"""
        from functools import cached_property

        @table
        class Player:
            id: u64 = column(primary_key=True)

        class PlayerTable(Table[Player]):
            @property
            def best(self):
                return self.idd.find(1)

        class Db(Tables):
            player: PlayerTable

            @property
            def first(self):
                return self.player.idd.find(1)

        class Ctx(ReducerContext):
            db: Db

            @property
            def me(self):
                return self.db.player.idd.find(1)

            @cached_property
            def cached(self):
                return self.me

        @reducer
        def look(ctx: Ctx):
            {read}
    """)
    with pytest.raises(AttributeError, match=r"^table 'player' has no index called 'idd'. Did you mean 'id'") as error:
        game.call("look")
    assert error.value.name is None  # for else Python 3.12 and later would append a suggestion of their own
