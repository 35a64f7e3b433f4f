"""Calling reducers: arguments, the context, and what comes out when they fail."""

from __future__ import annotations

import uuid

import pytest

from stdbpy.errors import InvalidArguments, NoSuchReducer, ReducerError
from stdbpy.sats.values import ConnectionId, Timestamp
from stdbpy.schema.model import Lifecycle, Visibility
from tests.module.running import ANN, BOB, DATABASE, NOON, run

SHOWING = """
    @reducer
    def show(ctx: ReducerContext, expression: str):
        print(repr(eval(expression, {"ctx": ctx})))
    @reducer
    def show_too(ctx: ReducerContext, expression: str):
        print(repr(eval(expression, {"ctx": ctx})))
"""


@pytest.fixture
def showing():
    return run(SHOWING)


def test_arguments_of_all_kinds():
    game = run("""
        from dataclasses import dataclass
        from enum import Enum
        import uuid
        class Color(Enum):
            RED = "r"
            BLUE = "b"
        @dataclass
        class Point:
            x: i32
            y: i32
        class Shape(TaggedUnion): pass
        class Circle(Shape):
            value: f64
        class Dot(Shape): pass
        @reducer
        def take(ctx, a: u8, b: str, c: list[Point], d: Color, e: Shape, f: Shape | None, g: bytes, h: Identity):
            print(a, b, c, d, e, f, g, h == ctx.sender)
    """)
    # The host knows no classes: it sends what SATS has.
    from stdbpy.sats.values import Variant

    game.call("take", 255, "ö", [(1, -2)], Variant("BLUE"), Variant("Circle", 1.5), Variant("Dot"), b"\0", ANN)
    assert game.messages == ["255 ö [Point(x=1, y=-2)] Color.BLUE Circle(1.5) Dot() b'\\x00' True"]


def test_a_reducer_is_called_by_name_or_number(showing):
    args = b"\x01\0\0\x001"
    showing.bound.call_reducer("show_too", ANN, None, NOON, args)
    showing.bound.call_reducer(1, ANN, None, NOON, args)
    assert [reducer.name for reducer in showing.module.schema.reducers] == ["show", "show_too"]
    assert showing.messages == ["1", "1"]


def test_a_reducer_that_is_not_there(showing):
    with pytest.raises(NoSuchReducer, match="no reducer 'sho'") as caught:
        showing.bound.call_reducer("sho", ANN, None, NOON, b"")
    assert caught.value.hint == "Did you mean 'show'?"
    with pytest.raises(NoSuchReducer, match="no reducer 2"):
        showing.bound.call_reducer(2, ANN, None, NOON, b"")


@pytest.mark.parametrize("args", [b"", b"\x05\0\0\0ab", b"\x01\0\0\0\xff"])
def test_arguments_that_do_not_fit(showing, args):
    with pytest.raises(InvalidArguments, match="the arguments of 'show' do not fit"):
        showing.bound.call_reducer("show", ANN, None, NOON, args)
    assert showing.messages == []


def test_what_stands_behind_the_arguments_is_refused(showing):
    with pytest.raises(ReducerError, match="the arguments of 'show' do not fit: 1 byte is left over"):
        showing.bound.call_reducer("show", ANN, None, NOON, b"\x01\0\0\0ab")
    assert showing.messages == []


def test_the_context_knows_the_call(showing):
    connection = ConnectionId.from_int(7)
    expression = "(ctx.sender, ctx.connection_id, ctx.timestamp, ctx.identity, ctx.log.name)"
    showing.call("show", expression, sender=BOB, connection=connection)
    assert showing.messages[-1] == repr((BOB, connection, NOON, DATABASE, "game"))
    showing.call("show", "ctx.connection_id")
    assert showing.messages[-1] == "None"


# --- failures ------------------------------------------------------------------------------------


def test_what_a_reducer_raises_comes_out():
    game = run("""
        @reducer
        def refuse(ctx): raise ReducerError("not today", hint="tomorrow")
        @reducer
        def fail(ctx): 1 / 0
    """)
    with pytest.raises(ReducerError, match="not today") as caught:
        game.call("refuse")
    assert caught.value.hint == "tomorrow"
    with pytest.raises(ZeroDivisionError):
        game.call("fail")
    with pytest.raises(ReducerError):
        game.call("refuse")


# --- lifecycle -------------------------------------------------------------------------------------


def test_lifecycle_reducers():
    game = run("""
        @init
        def start(ctx): print("start")
        @client_connected
        def came(ctx: ReducerContext) -> None: print("came", ctx.connection_id is not None)
        @client_disconnected(name="went")
        def client_is_gone(ctx): print("went")
    """)
    schema = game.module.schema
    assert [(reducer.name, reducer.lifecycle, reducer.visibility) for reducer in schema.reducers] == [
        ("came", Lifecycle.ON_CONNECT, Visibility.PRIVATE),
        ("start", Lifecycle.INIT, Visibility.PRIVATE),
        ("went", Lifecycle.ON_DISCONNECT, Visibility.PRIVATE),
    ]
    game.call("start")
    game.call("came", connection=ConnectionId.from_int(1))
    game.call("went")
    assert game.messages == ["start", "came True", "went"]


# --- randomness ------------------------------------------------------------------------------------


def test_random_numbers_depend_on_the_call_alone(showing):
    def number(**call) -> str:
        name = call.pop("name", "show")
        showing.call(name, "ctx.random.random()", **call)
        return showing.messages[-1]

    assert number() == number()
    different = [number(), number(sender=BOB), number(timestamp=Timestamp(NOON + 1)), number(name="show_too")]
    assert len(set(different)) == 4


def test_random_numbers_go_on_within_a_call(showing):
    showing.call("show", "ctx.random.random() == ctx.random.random(), ctx.random is ctx.random")
    assert showing.messages == ["(False, True)"]


def test_random_numbers_are_the_same_on_every_machine(showing):
    showing.call("show", "ctx.random.getrandbits(64)")
    assert showing.messages == ["1773633245027050472"]


def uuids(showing, expression: str, **call) -> list[uuid.UUID]:
    showing.call("show", f"[str(uuid) for uuid in {expression}]", **call)
    return [uuid.UUID(text) for text in eval(showing.messages[-1])]


def test_uuids_of_version_4(showing):
    made = uuids(showing, "[ctx.uuid4() for _ in range(100)]")
    assert len(set(made)) == 100
    assert {(one.version, one.variant) for one in made} == {(4, uuid.RFC_4122)}


def test_uuids_of_version_7_are_in_order_and_hold_the_time(showing):
    made = uuids(showing, "[ctx.uuid7() for _ in range(300)]")
    made += uuids(showing, "[ctx.uuid7()]", timestamp=Timestamp(NOON + 1000))
    assert made == sorted(made)
    assert len(set(made)) == 301
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    assert {one.int >> 80 for one in made} == {NOON // 1000, NOON // 1000 + 1}


# --- typing of the context -------------------------------------------------------------------------


def test_a_reducer_gets_the_context_class_it_is_annotated_with():
    game = run("""
        @table
        class Player:
            id: Identity = column(primary_key=True)
            level: u32 = column(index="btree", default=1)
        class PlayerTable(Table[Player]):
            id: PrimaryKey[Player, Identity]
            level: Index[Player, u32]
            def veterans(self):
                return self.level.filter(at_least(50))
        class Db(Tables):
            player: PlayerTable
            @property
            def nobody(self):
                return self.player.count() == 0
        class Ctx(ReducerContext):
            db: Db
            @property
            def me(self):
                return self.db.player.id.find(self.sender)
        @reducer
        def join(ctx: Ctx, level: u32):
            print(ctx.me, ctx.db.nobody)
            ctx.db.player.insert(Player(id=ctx.sender, level=level))
            print(ctx.me.level, ctx.db.nobody, len(list(ctx.db.player.veterans())))
        @reducer
        def plain(ctx):
            print(type(ctx).__name__, type(ctx.db).__name__, ctx.db.player.count())
    """)
    game.call("join", 60)
    game.call("join", 10, sender=BOB)
    game.call("plain")
    assert game.messages == ["None True", "60 False 1", "None False", "10 False 1", "ReducerContext Tables 2"]


def test_a_declaration_as_text():
    game = run(
        files={
            "game.py": """
        from __future__ import annotations
        from stdbpy import ReducerContext, Table, Tables, reducer, table, u8
        @reducer
        def add(ctx: Ctx, thing: Thing, n: u8) -> None:
            ctx.db.thing.insert(thing)
        class Ctx(ReducerContext):
            db: Db
        class Db(Tables):
            thing: Table[Thing]
        @table
        class Thing:
            parts: list[Thing | None] if False else u8
        """
        }
    )
    game.call("add", (3,), 1)
    assert game.rows("thing") == [(3,)]
