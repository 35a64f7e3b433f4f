"""Tables to try the cache with, and messages about them."""

from __future__ import annotations

import enum
import math
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import strategies as st

from stdbpy.protocol.cache import ClientCache
from stdbpy.protocol.catalog import Catalog, IndexLayout, TableLayout
from stdbpy.protocol.incoming import TableRows
from stdbpy.protocol.row_list import RowList
from stdbpy.sats import types as t
from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.values import ConnectionId, Identity, Interval, Time, TimeDuration, Timestamp


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Shape(TaggedUnion):
    pass


class Circle(Shape):
    value: int


class Nothing(Shape):
    pass


class Point(msgspec.Struct, gc=False):
    x: int
    y: float


COLOUR = t.sum_of(("red", t.UNIT), ("blue", t.UNIT), ("green", t.UNIT))
SHAPE = t.sum_of(("Circle", t.Primitive.I16), ("Nothing", t.UNIT))
POINT = t.product(("x", t.Primitive.I32), ("y", t.Primitive.F64))
TREE = t.product(("value", t.Primitive.I32), ("children", t.ArrayType(t.TypeRef(4))))
TYPESPACE = (t.UNIT, COLOUR, SHAPE, POINT, TREE)
CLASSES = {1: Colour, 2: Shape, 3: Point}

FLOATS = st.sampled_from([0.0, -0.0, math.nan, 1.5, -2.0, math.inf])


@dataclass(frozen=True)
class KeyType:
    """A type of primary keys, with few values, so that they meet again."""

    name: str
    type: t.AlgebraicType
    values: st.SearchStrategy[Any]
    same_as: Callable[[Any], Any] = lambda value: value
    """What is equal for values that are the same key."""


def _float_key(value: float) -> Any:
    return "nan" if math.isnan(value) else value


def _few(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


P = t.Primitive
KEY_TYPES = (
    KeyType("u64", P.U64, st.integers(0, 5)),
    KeyType("i8", P.I8, st.integers(-3, 3)),
    KeyType("u128", P.U128, _few(0, 1, 2**127, 2**128 - 1)),
    KeyType("i256", P.I256, _few(0, -1, -(2**255), 2**255 - 1)),
    KeyType("bool", P.BOOL, st.booleans()),
    KeyType("string", P.STRING, _few("", "a", "b", "ä", "longer than the others")),
    KeyType("bytes", t.BYTES, _few(b"", b"a", b"\0\0")),
    KeyType("identity", t.IDENTITY, st.integers(0, 4).map(Identity.from_int)),
    KeyType("connection_id", t.CONNECTION_ID, st.integers(0, 4).map(ConnectionId.from_int)),
    KeyType("timestamp", t.TIMESTAMP, st.integers(-2, 2).map(Timestamp)),
    KeyType("uuid", t.UUID, st.integers(0, 4).map(lambda number: uuid.UUID(int=number))),
    KeyType("f32", P.F32, FLOATS, _float_key),
    KeyType("f64", P.F64, FLOATS, _float_key),
    KeyType("enum", t.TypeRef(1), st.sampled_from(Colour)),
    KeyType("union", t.TypeRef(2), _few(Circle(1), Circle(2), Nothing())),
    KeyType("option", t.option(P.I32), _few(None, 0, 1)),
    KeyType("array", t.ArrayType(P.I32), _few([], [1], [1, 2]).map(list), tuple),
    KeyType("tuple", t.product(("a", P.I32), ("b", P.STRING)), _few((1, "a"), (2, "a"), (1, ""))),
    KeyType(
        "struct",
        t.TypeRef(3),
        st.builds(Point, st.integers(0, 1), FLOATS),
        lambda point: (point.x, _float_key(point.y)),
    ),
    KeyType("schedule", t.SCHEDULE_AT, _few(Interval(TimeDuration(1)), Time(Timestamp(1)), Time(Timestamp(2)))),
    KeyType("recursive", t.TypeRef(4), _few((1, []), (1, [(2, [])]), (2, [])), repr),
)


class Player(msgspec.Struct, gc=False):
    name: str
    key: Any
    level: int
    colour: Colour
    weight: float


class Scored(msgspec.Struct, gc=False):
    key: Any
    level: int
    name: str


class Loose(msgspec.Struct, gc=False):
    level: int
    tags: list[str]
    weight: float


INDEXES = (
    IndexLayout("name", (0,), unique=True),
    IndexLayout("level", (2,), unique=False),
    IndexLayout("colour_weight", (3, 4), unique=False),
)


def player_layout(key: KeyType, row_class: type | None = Player) -> TableLayout:
    """Its key stands behind a column of varying size."""
    row = t.product(
        ("name", P.STRING), ("key", key.type), ("level", P.I32), ("colour", t.TypeRef(1)), ("weight", P.F32)
    )
    classes = CLASSES if row_class is None else {**CLASSES, 0: row_class}
    return TableLayout("player", t.TypeRef(0), (row, *TYPESPACE[1:]), classes, 1, INDEXES)


def scored_layout(key: KeyType, *, fixed: bool = False) -> TableLayout:
    """Its key is the first column; all rows have one size if they are ``fixed`` (and the key is)."""
    row = t.product(("key", key.type), ("level", P.U16), ("name", t.BYTES if not fixed else P.U8))
    return TableLayout("scored", t.TypeRef(0), (row, *TYPESPACE[1:]), {**CLASSES, 0: Scored}, 0)


def loose_layout() -> TableLayout:
    row = t.product(("level", P.I32), ("tags", t.ArrayType(P.STRING)), ("weight", P.F64))
    return TableLayout("loose", t.TypeRef(0), (row,), {0: Loose}, None, (IndexLayout("level", (0,), unique=False),))


def cache_of(*layouts: TableLayout) -> ClientCache:
    return ClientCache(Catalog({layout.name: layout for layout in layouts}, {}, {}))


def row_list(layout: TableLayout, rows: Iterable[Any]) -> RowList | None:
    sent = [layout.codec.encode(row) for row in rows]
    return RowList.of(sent) if sent else None


def table_rows(
    layout: TableLayout, inserts: Iterable[Any] = (), deletes: Iterable[Any] = (), *, is_event: bool = False
) -> TableRows:
    return TableRows(layout.name, row_list(layout, inserts), row_list(layout, deletes), is_event)
