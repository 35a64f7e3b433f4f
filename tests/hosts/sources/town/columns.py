"""Every type that a column can have on all servers."""

from dataclasses import dataclass, replace
from enum import Enum

from stdbpy import (
    ConnectionId,
    Identity,
    ReducerContext,
    ScheduleAt,
    TaggedUnion,
    TimeDuration,
    Timestamp,
    column,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    i128,
    i256,
    reducer,
    table,
    u8,
    u16,
    u32,
    u64,
    u128,
    u256,
)


class Colour(Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


@dataclass
class Point:
    x: i32
    y: i32


class Shape(TaggedUnion):
    pass


class Circle(Shape):
    value: u32


class Line(Shape):
    value: list[Point]


class Nothing(Shape):
    pass


@table(public=True)
class Every:
    id: u32 = column(primary_key=True)
    n_u8: u8
    n_u16: u16
    n_u32: u32
    n_u64: u64
    n_u128: u128
    n_u256: u256
    n_i8: i8
    n_i16: i16
    n_i32: i32
    n_i64: i64
    n_i128: i128
    n_i256: i256
    truth: bool
    small: f32
    large: f64
    text: str
    data: bytes
    identity: Identity
    connection: ConnectionId
    moment: Timestamp
    span: TimeDuration
    colour: Colour
    shape: Shape
    point: Point
    points: list[Point]
    words: list[list[str]]
    maybe: u16 | None
    maybe_text: str | None
    maybe_none: list[i8 | None] | None
    when: ScheduleAt


@reducer
def put(ctx: ReducerContext, row: Every) -> None:
    """Is inserted, found again as it was, and stored once more after what each value could be changed into and back."""
    ctx.db.every.insert(row)
    assert ctx.db.every.id.find(row.id) == row
    assert row in list(ctx.db.every)
    ctx.db.every.id.update(replace(row, text=row.text[::-1], n_i256=~row.n_i256, points=row.points[::-1]))
    ctx.db.every.id.update(row)
    assert ctx.db.every.delete(row)
    assert not ctx.db.every.delete(row)
    ctx.db.every.insert(row)


@reducer
def show(ctx: ReducerContext, id: u32) -> None:
    ctx.log.info("%r", ctx.db.every.id.find(id))


@reducer
def forget(ctx: ReducerContext) -> None:
    ctx.log.info("%d", ctx.db.every.clear())
    assert ctx.db.every.count() == 0


@table(public=True)
class Preset:
    id: u32 = column(primary_key=True)
    level: u8 = column(default=7)
    name: str = "nobody"
    colour: Colour = column(default=Colour.GREEN)
    tags: list[str] = column(default=["new"])
    motto: str | None = None


@reducer
def preset(ctx: ReducerContext, id: u32) -> None:
    ctx.db.preset.insert(Preset(id=id))
    ctx.db.preset.insert(Preset(id=id + 1, level=8, motto="onwards"))


@reducer
def too_large(ctx: ReducerContext) -> None:
    """What a column cannot hold is told as an error that the code can catch."""
    for values in ({"level": 256}, {"level": -1}, {"level": "high"}, {"name": 5}, {"name": "\ud800"}, {"tags": [b"x"]}):
        try:
            ctx.db.preset.insert(Preset(id=1, **values))
        except ValueError as error:
            ctx.log.info("%s: %s", type(error).__name__, error)
        except Exception as error:
            ctx.log.info("%s: %s", type(error).__name__, error)
