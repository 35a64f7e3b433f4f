"""What codecs make of values and bytes, as texts and tuples: run here and inside the runtime."""

from __future__ import annotations

import enum
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from stdbpy.errors import StdbError
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.shapes import PLAIN
from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.values import (
    ConnectionId,
    Err,
    Identity,
    Interval,
    Ok,
    Some,
    Time,
    TimeDuration,
    Timestamp,
    Variant,
)


class UnluckyError(ValueError):
    pass


def outcome(function: Callable[..., object], *arguments: object) -> object:
    try:
        return _same_everywhere(repr(function(*arguments)))
    except UnluckyError as error:
        return str(error)
    except StdbError as error:
        return type(error).__name__, _same_everywhere(str(error)), error.hint


def _same_everywhere(text: str) -> str:
    return re.sub(" at 0x[0-9a-f]+", "", text.replace(f"{__name__}.", ""))


@dataclass(slots=True)
class Row:
    n: int
    text: str


setattr(Row, PLAIN, Row.__init__)


@dataclass
class Loose:
    n: int
    text: str


@dataclass(slots=True)
class Counted(Row):
    def __post_init__(self):
        if self.n == 13:
            raise UnluckyError("no luck")


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


class Shape(TaggedUnion):
    """A sum."""


class Circle(Shape):
    value: float


class Nothing(Shape):
    pass


class Number:
    def __index__(self):
        return 7

    def __float__(self):
        return 7.5

    def __repr__(self):
        return "Number()"


class Pair:
    def __repr__(self):
        return "Pair()"

    n, text = 3, "three"


class Text(str):
    pass


ROW = t.product(("n", t.Primitive.U8), ("text", t.Primitive.STRING))
TYPES = [ROW, t.sum_of(("RED", t.UNIT), ("BLUE", t.UNIT)), t.sum_of(("Circle", t.Primitive.F32), ("Nothing", t.UNIT))]
CLASSES = [{0: Row}, {0: Loose}, {0: Counted}, {1: Colour, 2: Shape}, {}]
ODD = [
    None,
    True,
    False,
    -1,
    7,
    255,
    256,
    -129,
    2**31,
    2**63,
    -(2**63) - 1,
    2**127,
    2**255,
    2**256,
    1.5,
    1e39,
    -0.0,
    "",
    "x",
    "é\U0001f600",
    "\ud800",
    Text("sub"),
    b"",
    b"\1\2",
    bytearray(b"x"),
    [],
    [1, 2],
    [300],
    [True],
    ["a"],
    (),
    (1,),
    (1, "a"),
    (1, "a", 2),
    {},
    {"n": 1, "text": "a"},
    {"n": 1, "txt": "a"},
    range(3),
    {1},
    Number(),
    Pair(),
    Row(1, "a"),
    Row("a", 1),
    Loose(2, "b"),
    Counted(3, "c"),
    Row,
    Colour.RED,
    Colour.BLUE,
    Circle(1.5),
    Circle("x"),
    Nothing(),
    Some(None),
    Some(1),
    Ok(1),
    Err("x"),
    Variant("RED"),
    Variant("Circle", 2.5),
    Variant("none", ()),
    Variant("RED", 5),
    Identity.from_int(5),
    ConnectionId.from_int(6),
    Timestamp(-1),
    TimeDuration(2**62),
    Interval(TimeDuration(1)),
    Time(Timestamp(2)),
    uuid.UUID(int=2**100),
]


def of_classes():
    for classes in CLASSES:
        for index in range(len(TYPES)):
            for type in (t.TypeRef(index), t.ArrayType(t.TypeRef(index)), t.option(t.TypeRef(index))):
                codec = compile_codec(type, TYPES, classes)
                for odd in ODD:
                    yield outcome(codec.encode, odd)
                    yield outcome(codec.encode, [odd])
                for data in (
                    b"",
                    b"\0",
                    b"\1",
                    b"\2",
                    b"\0\3\1\0\0\0a",
                    b"\3\1\0\0\0a",
                    b"\3\1\0\0\0\xff",
                    b"\1\0\0\0\1\0\0\0\0",
                    b"\xff\xff\xff\xff",
                    b"\r\1\0\0\0a",
                    b"\0\0\0\xc0\x3f",
                ):
                    yield outcome(codec.decode, data)
                    yield outcome(codec.decode_rows, data + data)
                    yield outcome(codec.decode_from, data, 1)
    yield outcome(compile_codec(t.TypeRef(0), TYPES, {0: Counted}).encode_rows, [Counted(1, "a"), Row(2, "b")])


def of_types():
    for type in [*t.Primitive, *t.SPECIAL_NAMES, t.BYTES, t.UNIT, t.NEVER]:
        for nested in (type, t.ArrayType(type), t.option(type), t.option(t.option(type)), t.result(type, type)):
            codec = compile_codec(nested)
            for odd in ODD:
                yield outcome(codec.encode, odd)
                yield outcome(codec.encode, [odd])
                yield outcome(codec.encode, Some(odd))
                yield outcome(codec.encode, Ok(odd))


def of_case(type, typespace, value, places):
    codec = compile_codec(type, typespace)
    yield outcome(codec.encode, value)
    data = codec.encode(value)
    yield outcome(codec.decode, data)
    yield outcome(codec.decode_rows, data + data)
    yield outcome(codec.decode_from, b"??" + data + b"!", 2)
    for place, byte in places:
        bad = bytearray(data + b"\0")
        bad[place % len(bad)] = byte
        for hostile in (bytes(bad), bytes(bad[: place % len(bad)])):
            yield outcome(codec.decode, hostile)
            yield outcome(codec.decode_rows, hostile)
            yield outcome(codec.decode_from, hostile, 0)


def of_depth(depth, width):
    typespace = [t.option(t.TypeRef(0))]
    for _ in range(width):
        typespace[0] = t.product(("inside", typespace[0]))
    codec = compile_codec(t.TypeRef(0), typespace)
    # Not the values themselves, which Python inside WebAssembly cannot show where they are inside each other so often.
    yield outcome(lambda data: codec.encode(codec.decode(data)), bytes(depth) + b"\1")
    yield outcome(codec.decode, bytes(depth))
    value = None
    for _ in range(depth):
        for _ in range(width):
            value = (value,)
    yield outcome(codec.encode, value)
