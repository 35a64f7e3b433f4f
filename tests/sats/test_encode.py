"""Values that do not fit, and the values accepted beside those that reading gives."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest

from stdbpy.errors import DecodeError, EncodeError, SatsError
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.types import Primitive as P
from stdbpy.sats.values import ConnectionId, Err, Identity, Interval, Ok, Some, Time, TimeDuration, Timestamp, Variant

POINT = t.product(("x", P.I32), ("y", P.I32))
PERSON = t.product(
    ("id", P.U64),
    ("name", P.STRING),
    ("home", t.TypeRef(0)),
    ("path", t.ArrayType(t.TypeRef(0))),
    ("mood", t.sum_of(("calm", t.UNIT), ("angry", P.U8))),
)
SPACE = (POINT, PERSON)


def refusal(type: t.AlgebraicType, value: Any, typespace: t.Typespace = ()) -> EncodeError:
    with pytest.raises(EncodeError) as caught:
        compile_codec(type, typespace).encode(value)
    return caught.value


@pytest.mark.parametrize(
    ("type", "value", "says"),
    [
        (P.BOOL, 1, "expected a bool, not int 1"),
        (P.U8, 256, "256 is out of range for u8 (0 to 255)"),
        (P.U8, -1, "-1 is out of range for u8 (0 to 255)"),
        (P.U8, True, "expected an integer (u8), not bool True"),
        (P.U8, 1.0, "expected an integer (u8), not float 1.0"),
        (P.U8, "1", "expected an integer (u8), not str '1'"),
        (P.U8, None, "expected an integer (u8), not None"),
        (P.I128, 2**127, "is out of range for i128"),
        (P.U256, -1, "-1 is out of range for u256"),
        (P.U256, 1.5, "expected an integer (u256), not float 1.5"),
        (P.U256, True, "expected an integer (u256), not bool True"),
        (P.F32, 1e39, "1e+39 is out of range for f32"),
        (P.F64, 10**400, "too large for f64"),
        (P.F64, "1.5", "expected a float (f64), not str '1.5'"),
        (P.F64, True, "expected a float (f64), not bool True"),
        (P.STRING, b"x", "expected a str, not bytes b'x'"),
        (P.STRING, "\ud800", "lone surrogate"),
        (t.BYTES, "x", "expected bytes"),
        (t.BYTES, 5, "expected bytes"),
        (t.BYTES, [256], "expected bytes"),
        (t.BYTES, [True], "expected bytes"),
        (t.ArrayType(P.U16), "ab", "expected a list, not str 'ab'"),
        (t.ArrayType(P.U16), b"ab", "expected a list, not bytes"),
        (t.ArrayType(P.U16), {1: 2}, "expected a list, not dict"),
        (t.ArrayType(P.U16), 5, "expected a list, not int 5"),
        (t.ArrayType(P.U16), [1, True], "[1]: expected an integer (u16), not bool True"),
        (t.ArrayType(P.U16), [1, 65536], "[1]: 65536 is out of range"),
        (t.ArrayType(P.F32), [1, 1e39], "[1]: 1e+39 is out of range"),
        (t.ArrayType(P.F32), [True], "[0]: expected a float (f32), not bool True"),
        (t.ArrayType(P.STRING), "ab", "expected a list, not str 'ab'"),
        (t.ArrayType(P.BOOL), [True, 1], "[1]: expected a bool, not int 1"),
        (t.UNIT, None, "expected (), not None"),
        (POINT, (1, 2, 3), "expected 2 elements (x, y), not 3"),
        (POINT, {"x": 1}, "the field 'y' is missing (fields: x, y)"),
        (POINT, {"x": 1, "y": 2, "z": 3}, "there is no field 'z' (fields: x, y)"),
        (POINT, {"x": 1, 2: 2}, "there is no field 2 (fields: x, y)"),
        (t.product(("a", POINT)), {"a": {}}, "a: the field 'x' is missing (fields: x, y)"),
        (t.product(("a", P.U8)), (), "expected 1 element (a), not 0"),
        (POINT, 5, "expected a tuple (x, y), not int 5"),
        (POINT, "ab", "expected a tuple (x, y), not str 'ab'"),
        (POINT, (1, 2**31), "y: 2147483648 is out of range for i32"),
        (t.product((None, P.U8)), (256,), "0: 256 is out of range"),
        (t.option(t.option(P.U8)), 5, "expected None or Some(...), not int 5"),
        (t.option(P.U8), Some(5), "expected an integer (u8), not Some(value=5)"),
        (t.result(P.U8, P.U8), 5, "expected Ok(...) or Err(...), not int 5"),
        (t.result(P.U8, P.STRING), Err(5), "err: expected a str, not int 5"),
        (t.result(P.U8, P.STRING), Ok("x"), "ok: expected an integer (u8), not str 'x'"),
        (t.sum_of(("a", P.U8)), 5, "expected Variant(name) with a name of a, not int 5"),
        (t.sum_of(("a", P.U8)), Variant("b"), "'b' is none of the variants a"),
        (t.sum_of(("a", P.U8)), Variant("a", 256), "a: 256 is out of range for u8"),
        (t.sum_of(("a", t.UNIT), ("b", P.U8)), Variant("a", 5), "a: expected (), not int 5"),
        (t.NEVER, Variant("a"), "'a' is none of the variants"),
        (t.IDENTITY, bytes(32), "expected an Identity, not bytes"),
        (t.IDENTITY, "00" * 32, "expected an Identity, not str"),
        (t.CONNECTION_ID, Identity(bytes(32)), "expected a ConnectionId, not Identity"),
        (t.UUID, 5, "expected a uuid.UUID, not int 5"),
        (t.TIMESTAMP, 2**63, "out of range for i64"),
        (t.TIMESTAMP, "now", "expected a Timestamp, not str 'now'"),
        (t.TIMESTAMP, True, "expected a Timestamp, not bool True"),
        (t.TIMESTAMP, TimeDuration(5), "expected a Timestamp, not TimeDuration(5)"),
        (t.TIME_DURATION, Timestamp(5), "expected a TimeDuration, not Timestamp(5)"),
        (t.TIME_DURATION, 1.5, "expected a TimeDuration, not float 1.5"),
        (t.ArrayType(t.TIMESTAMP), [Timestamp(5), TimeDuration(5)], "[1]: expected a Timestamp, not TimeDuration(5)"),
        (t.SCHEDULE_AT, 5, "expected Interval or Time, not int 5"),
        (t.SCHEDULE_AT, Interval("x"), "Interval: expected a TimeDuration, not str 'x'"),  # type: ignore[arg-type]
        (t.SCHEDULE_AT, Time(TimeDuration(5)), "Time: expected a Timestamp, not TimeDuration(5)"),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_what_is_refused(type: t.AlgebraicType, value: Any, says: str) -> None:
    assert says in str(refusal(type, value))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"id": -1}, "id"),
        ({"name": 5}, "name"),
        ({"home": (1, "x")}, "home.y"),
        ({"path": [(1, 2), (3, None)]}, "path[1].y"),
        ({"mood": Variant("angry", 300)}, "mood.angry"),
    ],
)
def test_the_path_names_the_field(change: dict[str, Any], path: str) -> None:
    person = {"id": 1, "name": "Ann", "home": (1, 2), "path": [], "mood": Variant("calm")}
    error = refusal(t.TypeRef(1), person | change, SPACE)
    assert error.path == path
    assert str(error).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("type", "value", "hint"),
    [
        (POINT, {"x": 1, "z": 2}, "Missing: y"),
        (POINT, {"x": 1, "y": 2, "z": 2}, ""),
        (PERSON, {"id": 1, "nam": "Ann", "home": (1, 2), "path": [], "mood": Variant("calm")}, "Did you mean 'name'?"),
        (t.TIMESTAMP, TimeDuration(5), "Add it to a Timestamp: that gives a Timestamp"),
        (t.TIMESTAMP, datetime(2024, 1, 2, tzinfo=UTC), "Say Timestamp.from_datetime(...)"),
        (t.TIME_DURATION, Timestamp(5), "Subtract a Timestamp from it: that gives a TimeDuration"),
        (t.TIME_DURATION, timedelta(seconds=1), "Say TimeDuration.from_timedelta(...)"),
    ],
)
def test_hints(type: t.AlgebraicType, value: Any, hint: str) -> None:
    assert refusal(type, value, SPACE).hint == hint


def test_what_is_derived_from_a_time_is_one() -> None:
    class Deadline(Timestamp):
        pass

    class Timeout(TimeDuration):
        pass

    assert compile_codec(t.TIMESTAMP).encode(Deadline(5)) == compile_codec(t.TIMESTAMP).encode(Timestamp(5))
    assert compile_codec(t.TIME_DURATION).encode(Timeout(5)) == compile_codec(t.TIME_DURATION).encode(TimeDuration(5))
    assert "not 5" not in str(refusal(t.TIMESTAMP, Timeout(5)))
    assert "expected a TimeDuration" in str(refusal(t.TIME_DURATION, Deadline(5)))


def test_a_long_value_is_shortened_in_the_message() -> None:
    assert len(str(refusal(P.U8, "x" * 10_000))) < 120


def test_a_value_inside_itself_ends_in_an_error() -> None:
    endless: list[Any] = []
    endless.append((endless,))
    tree = t.product(("children", t.ArrayType(t.TypeRef(0))))
    error = refusal(t.TypeRef(0), (endless,), [tree])
    assert "nested too deeply" in str(error)
    assert len(str(error)) < 200


class PlainPoint(NamedTuple):
    x: int
    y: int


@dataclass
class DataPoint:
    x: int
    y: int


class StructPoint(msgspec.Struct, gc=False):
    x: int
    y: int


class ObjectPoint:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y


@pytest.mark.parametrize("bound", [None, PlainPoint, DataPoint, StructPoint, ObjectPoint])
@pytest.mark.parametrize(
    "value",
    [(1, 2), [1, 2], {"y": 2, "x": 1}, PlainPoint(1, 2), DataPoint(1, 2), StructPoint(1, 2), ObjectPoint(1, 2)],
    ids=lambda value: type(value).__name__,
)
def test_forms_of_a_product(bound: type | None, value: Any) -> None:
    codec = compile_codec(t.TypeRef(0), (POINT,), {0: bound} if bound else {})
    data = codec.encode(value)
    assert data.hex() == "0100000002000000"
    assert codec.decode(data).__class__ is (bound or tuple)
    rows = codec.decode_rows(data * 3)
    assert len(rows) == 3
    assert {row.__class__ for row in rows} == {bound or tuple}
    assert codec.encode_rows(rows) == data * 3


@pytest.mark.parametrize(
    "value", [[1, 2], (1, 2), b"\1\2", bytearray(b"\1\2"), memoryview(b"\1\2")], ids=lambda value: type(value).__name__
)
def test_forms_of_bytes(value: Any) -> None:
    assert compile_codec(t.BYTES).encode(value).hex() == "020000000102"


def test_numbers_that_are_accepted() -> None:
    class Level(enum.IntEnum):
        LOW = 3

    assert compile_codec(P.U8).encode(Level.LOW) == b"\3"
    assert compile_codec(P.U256).encode(Level.LOW) == b"\3" + bytes(31)
    assert compile_codec(P.F64).encode(2) == compile_codec(P.F64).encode(2.0)
    assert compile_codec(t.ArrayType(P.F32)).encode((1, 2.0)) == compile_codec(t.ArrayType(P.F32)).encode([1.0, 2])
    assert compile_codec(t.TIMESTAMP).encode(5) == compile_codec(t.TIMESTAMP).encode(Timestamp(5))
    assert compile_codec(t.ArrayType(P.U16)).encode(range(3)).hex() == "03000000000001000200"


# --- bound classes ---------------------------------------------------------------------------


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Shape(TaggedUnion):
    pass


class Circle(Shape):
    value: float


class Nothing(Shape):
    pass


SHAPE = t.sum_of(("Circle", P.F64), ("Nothing", t.UNIT))
COLOR = t.sum_of(("RED", t.UNIT), ("GREEN", t.UNIT))


def test_bound_sums() -> None:
    space = (SHAPE, COLOR)
    row = t.product(("shape", t.TypeRef(0)), ("colors", t.ArrayType(t.TypeRef(1))), ("c", t.option(t.TypeRef(1))))
    codec = compile_codec(row, space, {0: Shape, 1: Color})
    value = (Circle(1.5), [Color.GREEN, Color.RED], Color.GREEN)
    assert codec.decode(codec.encode(value)) == value
    assert codec.decode(codec.encode((Nothing(), [], None))) == (Nothing(), [], None)
    assert "expected a member of Color, not str 'red'" in str(_refusal_of(codec, (Nothing(), ["red"], None)))
    assert "expected Circle or Nothing, not Shape" in str(_refusal_of(codec, (Shape(), [], None)))
    assert "shape.Circle: expected a float" in str(_refusal_of(codec, (Circle("x"), [], None)))  # type: ignore[arg-type]


def test_a_reference_to_a_bound_type_is_bound() -> None:
    space = (t.TypeRef(1), t.TypeRef(2), COLOR, t.option(COLOR))
    assert compile_codec(t.TypeRef(0), space, {2: Color}).decode(b"\1") is Color.GREEN
    assert compile_codec(t.TypeRef(0), space, {1: Color}).decode(b"\1") is Color.GREEN
    assert compile_codec(t.TypeRef(0), space, {0: Color}).decode(b"\1") is Color.GREEN
    assert compile_codec(t.TypeRef(2), space, {1: Color}).decode(b"\1") == Variant("GREEN")
    assert compile_codec(t.option(t.TypeRef(0)), space, {1: Color}).decode(b"\0\1") is Color.GREEN


def _refusal_of(codec: Any, value: Any) -> EncodeError:
    with pytest.raises(EncodeError) as caught:
        codec.encode(value)
    return caught.value


def test_attributes_may_have_other_names_than_fields() -> None:
    @dataclass
    class Token:
        class_: int
        from_: str

    codec = compile_codec(t.TypeRef(0), (t.product(("class", P.U8), ("from", P.STRING)),), {0: Token})
    assert codec.decode(codec.encode(Token(1, "x"))) == Token(1, "x")
    assert codec.encode({"class_": 1, "from_": "x"}) == codec.encode(Token(1, "x"))


def test_a_class_that_refuses_its_fields_is_heard() -> None:
    @dataclass
    class Even:
        number: int

        def __post_init__(self) -> None:
            if self.number % 2:
                raise ValueError("an odd number")

    codec = compile_codec(t.TypeRef(0), (t.product(("number", P.U8)),), {0: Even})
    assert codec.decode(b"\2") == Even(2)
    for read in (codec.decode, codec.decode_rows, lambda data: codec.decode_from(data, 0)):
        with pytest.raises(ValueError, match="an odd number"):
            read(b"\3")
    with pytest.raises(DecodeError):
        codec.decode(b"")


@pytest.mark.parametrize(
    ("type", "cls", "says"),
    [
        (t.product(("a", P.U8)), DataPoint, "DataPoint has 2 fields, but its type has 1 element"),
        (COLOR, DataPoint, "DataPoint cannot stand for a sum type"),
        (SHAPE, Color, "Color does not fit a sum type of 2 variants"),
        (t.sum_of(("RED", t.UNIT)), Color, "Color does not fit a sum type of 1 variant"),
        (t.sum_of(("RED", t.UNIT)), Shape, "Shape has 2 variants, but its type has 1"),
        (P.U8, Color, "neither a product nor a sum"),
    ],
    ids=str,
)
def test_classes_that_do_not_fit(type: t.AlgebraicType, cls: type, says: str) -> None:
    with pytest.raises(SatsError, match=says):
        compile_codec(t.TypeRef(0), (type,), {0: cls})


class Level(enum.IntEnum):
    LOW = 0
    HIGH = 1


class OwnSome(Some[Any]):
    pass


class OwnOk(Ok[Any]):
    pass


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (t.TypeRef(0), 1),
        (t.TypeRef(0), True),
        (t.option(t.option(P.U8)), OwnSome(5)),
        (t.result(P.U8, P.U8), OwnOk(5)),
    ],
    ids=repr,
)
def test_what_equals_or_resembles_a_value_is_none(type: t.AlgebraicType, value: Any) -> None:
    assert _refusal_of(compile_codec(type, (COLOR,), {0: Level}), value)


def test_a_class_derived_from_identity_is_one() -> None:
    class Me(Identity):
        pass

    assert compile_codec(t.IDENTITY).encode(Me(bytes(31) + b"\1")) == b"\1" + bytes(31)


def test_special_values() -> None:
    row = t.product(("i", t.IDENTITY), ("c", t.CONNECTION_ID), ("u", t.UUID), ("s", t.SCHEDULE_AT))
    value = (Identity.from_int(5), ConnectionId.from_int(6), uuid.UUID(int=7), Interval(TimeDuration(8)))
    decoded = compile_codec(row).decode(compile_codec(row).encode(value))
    assert decoded == value
    assert [type(item) for item in decoded] == [Identity, ConnectionId, uuid.UUID, Interval]
    assert str(decoded[2]) == "00000000-0000-0000-0000-000000000007"
    assert hash(decoded[2]) == hash(value[2])
