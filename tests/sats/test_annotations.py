"""Python annotations as algebraic types; the annotations of this file are text until resolved."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, NamedTuple, NewType, Optional, TypeVar, Union

import pytest

from stdbpy.errors import TypeNotSupported
from stdbpy.sats import annotations as a
from stdbpy.sats import types as t
from stdbpy.sats.annotations import TypeRegistry, f32, f64, i8, i128, i256, resolve_hints, u8, u16, u32, u64, u256
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.types import Primitive as P
from stdbpy.sats.values import (
    ConnectionId,
    Err,
    Identity,
    Interval,
    Ok,
    ScheduleAt,
    Some,
    TimeDuration,
    Timestamp,
    Variant,
)

if TYPE_CHECKING:
    from elsewhere import OnlyForTheChecker  # type: ignore[import-not-found]

UserId = NewType("UserId", u64)
T = TypeVar("T")


class Color(enum.Enum):
    RED = 7
    GREEN = 3
    CRIMSON = 7  # noqa: PIE796 - an alias: no variant of its own


@dataclass
class Point:
    x: i8
    y: Annotated[i8, "down"]


class Shape(TaggedUnion):
    pass


class Circle(Shape):
    value: f32


class Polygon(Shape):
    value: list[Point]


class Group(Shape, variant="Several"):
    value: list[Shape]


class Empty(Shape):
    pass


@dataclass
class Person:
    kind: ClassVar[str] = "person"
    id: UserId
    name: str
    friends: list[Person]
    home: Point | None
    shape: Shape
    color: Color


@pytest.mark.parametrize(
    ("annotation", "type"),
    [
        *((getattr(a, str(primitive).lower()), primitive) for primitive in P if primitive not in (P.STRING, P.BOOL)),
        (bool, P.BOOL),
        (str, P.STRING),
        (float, P.F64),
        (f64, P.F64),
        (bytes, t.BYTES),
        (UserId, P.U64),
        (Annotated[u16, "metadata"], P.U16),
        (Annotated[str, "metadata"], P.STRING),
        (list[u16], t.ArrayType(P.U16)),
        (list[list[str]], t.ArrayType(t.ArrayType(P.STRING))),
        (u64 | None, t.option(P.U64)),
        (Optional[str], t.option(P.STRING)),  # noqa: UP045 - the old spelling is accepted
        (Union[None, str], t.option(P.STRING)),  # noqa: UP007
        (list[str | None], t.ArrayType(t.option(P.STRING))),
        (Some[u8 | None] | None, t.option(t.option(P.U8))),
        (Ok[u8] | Err[str], t.result(P.U8, P.STRING)),
        (tuple[()], t.UNIT),
        (Identity, t.IDENTITY),
        (ConnectionId, t.CONNECTION_ID),
        (Timestamp, t.TIMESTAMP),
        (TimeDuration, t.TIME_DURATION),
        (ScheduleAt, t.SCHEDULE_AT),
        (uuid.UUID, t.UUID),
        (Identity | None, t.option(t.IDENTITY)),
    ],
    ids=str,
)
def test_what_an_annotation_means(annotation: Any, type: t.AlgebraicType) -> None:
    registry = TypeRegistry()
    assert registry.add(annotation) == type
    assert registry.types == []


def test_named_classes_become_entries() -> None:
    registry = TypeRegistry()
    assert registry.add(list[Person]) == t.ArrayType(t.TypeRef(0))
    assert registry.names == ["Person", "Point", "Shape", "Color"]
    assert registry.classes == {0: Person, 1: Point, 2: Shape, 3: Color}
    assert registry.types == [
        t.product(
            ("id", P.U64),
            ("name", P.STRING),
            ("friends", t.ArrayType(t.TypeRef(0))),
            ("home", t.option(t.TypeRef(1))),
            ("shape", t.TypeRef(2)),
            ("color", t.TypeRef(3)),
        ),
        t.product(("x", P.I8), ("y", P.I8)),
        t.sum_of(
            ("Circle", P.F32),
            ("Polygon", t.ArrayType(t.TypeRef(1))),
            ("Several", t.ArrayType(t.TypeRef(2))),
            ("Empty", t.UNIT),
        ),
        t.sum_of(("RED", t.UNIT), ("GREEN", t.UNIT)),
    ]
    assert registry.add(Point) == t.TypeRef(1)
    assert len(registry.types) == 4


def test_values_of_annotated_classes() -> None:
    registry = TypeRegistry()
    codec = compile_codec(registry.add(Person), registry.types, registry.classes)
    child = Person(UserId(2), "Bob", [], None, Empty(), Color.GREEN)
    ann = Person(UserId(1), "Ann", [child], Point(1, -1), Group([Circle(1.5), Polygon([Point(0, 0)])]), Color.CRIMSON)
    assert codec.decode(codec.encode(ann)) == ann
    assert codec.decode_rows(codec.encode_rows([ann, child])) == [ann, child]


def test_classes_local_to_a_function() -> None:
    @dataclass
    class Node:
        next: Node | None
        value: u32

    registry = TypeRegistry()
    assert registry.add(Node) == t.TypeRef(0)
    assert registry.types == [t.product(("next", t.option(t.TypeRef(0))), ("value", P.U32))]


def test_an_inherited_field_comes_first() -> None:
    @dataclass
    class Point3(Point):
        z: i8

    registry = TypeRegistry()
    registry.add(Point3)
    assert registry.types == [t.product(("x", P.I8), ("y", P.I8), ("z", P.I8))]


class Untyped:
    pass


class Pair(NamedTuple):
    a: u8


class Flags(enum.Flag):
    A = 1


class NoMembers(enum.Enum):
    pass


class NoVariants(TaggedUnion):
    pass


@dataclass
class Box(Generic[T]):
    content: T


@dataclass
class WithInt:
    good: Point
    age: int


@dataclass
class KeywordOnly:
    a: u8 = field(kw_only=True)


@dataclass
class NotGiven:
    a: u8 = dataclasses.field(init=False, default=0)


@dataclass
class Missing:
    a: OnlyForTheChecker


@dataclass
class Unclear:
    a: 5 + str  # type: ignore


@pytest.mark.parametrize(
    ("annotation", "says", "hint"),
    [
        (int, "int is not a type", "u64"),
        (list[int], "int is not a type", "u64"),
        (WithInt, "WithInt.age: int is not a type", "u64"),
        (list[u8], "list[u8] is not a type", "bytes"),
        (list, "list is not a type", "Say of what"),
        (bytearray, "bytearray is not a type", "bytes"),
        (dict[str, u8], "dict[str, u8] is not", "dataclass with key and value"),
        (complex, "complex is not a type", "Use numbers such as u64"),
        (dict, "dict is not a type", "dataclass with key and value"),
        (set[str], "set[str] is not a type", "list"),
        (tuple[str, str], "tuple[str, str] is not a type", "dataclass"),
        (str | bytes, "str | bytes is not a type", "TaggedUnion"),
        (str | bytes | None, "str | bytes | None is not a type", "TaggedUnion"),
        (Some[str] | None, "is not a type", "leave it out"),
        (Some[str], "is not a type", "Some[T | None] | None"),
        (Some, "Some is not a type", "Some[T | None] | None"),
        (Ok[u8], "is not a type", "Ok[T] | Err[E]"),
        (Variant, "Variant is not a type", "TaggedUnion"),
        (None, "None is not a type", "T | None"),
        (Any, "Any is not a type", "Name the type"),
        (object, "object is not a type", "Name the type"),
        ("Person", "the text 'Person' is not a type", "class itself"),
        (5, "5 is not a type", "list"),
        (T, "~T is not a type", "list"),
        (datetime.datetime, "datetime is not a type", "Timestamp"),
        (datetime.timedelta, "timedelta is not a type", "TimeDuration"),
        (decimal.Decimal, "Decimal is not a type", "f64"),
        (Interval, "Interval is not a type", "ScheduleAt"),
        (Untyped, "Untyped is not a type", "@dataclass"),
        (Pair, "Pair is not a type", "@dataclass"),
        (Box[u8], "Box[", "list"),
        (Flags, "Flags, a Flag, is not a type", "u32"),
        (NoMembers, "NoMembers, an Enum without members, is not a type", "Add members"),
        (NoVariants, "NoVariants, a TaggedUnion without variants, is not a type", "class First(NoVariants)"),
        (Circle, "Circle, one variant, is not a type", "the union itself: Shape"),
        (KeywordOnly, "KeywordOnly.a, a field that cannot be given by position", "kw_only"),
        (NotGiven, "NotGiven.a, a field that cannot be given by position", "init=False"),
        (Missing, "names 'OnlyForTheChecker', which is not defined", "top level"),
        (Unclear, "an annotation of Unclear", "how it is written"),
    ],
    ids=str,
)
def test_what_has_no_algebraic_type(annotation: Any, says: str, hint: str) -> None:
    registry = TypeRegistry()
    registry.add(Color)
    with pytest.raises(TypeNotSupported) as caught:
        registry.add(annotation, where="Table.column")
    assert says in str(caught.value)
    assert hint in caught.value.hint
    assert (registry.names, len(registry.types), registry.classes) == (["Color"], 1, {0: Color})
    assert registry.add(Color) == t.TypeRef(0)


def test_where_opens_the_message() -> None:
    with pytest.raises(TypeNotSupported) as caught:
        TypeRegistry().add(int, where="add(amount)")
    assert str(caught.value) == "add(amount): int is not a type that SpacetimeDB can hold"


def test_two_classes_of_one_name() -> None:
    registry = TypeRegistry()
    registry.add(Point)
    with pytest.raises(TypeNotSupported, match=r"the class .*\.Point is not a type") as caught:
        registry.add(_another_point())
    assert "rename one of them" in caught.value.hint
    assert registry.names == ["Point"]


def _another_point() -> type:
    @dataclass
    class Point:
        z: u8

    return Point


def test_too_many_members() -> None:
    registry = TypeRegistry()
    registry.add(enum.Enum("Many", [f"m{i}" for i in range(256)]))
    with pytest.raises(TypeNotSupported, match="more than 256"):
        registry.add(enum.Enum("TooMany", [f"m{i}" for i in range(257)]))


def test_hints_of_a_function() -> None:
    def reducer(who: Identity, amount: u256, note: str | None) -> None: ...

    assert resolve_hints(reducer) == {"who": Identity, "amount": u256, "note": str | None, "return": type(None)}
    with pytest.raises(TypeNotSupported, match="names 'OnlyForTheChecker'"):
        resolve_hints(_unresolvable)


def _unresolvable(a: OnlyForTheChecker) -> None: ...


def test_wide_numbers_have_names() -> None:
    assert (i128, i256) == (a.i128, a.i256)
