"""Types of columns and the text of their values, as PostgreSQL's clients read them."""

from __future__ import annotations

import json
import math
import uuid
from typing import Any

import pytest

from stdbpy.sats import types as t
from stdbpy.sats.types import AlgebraicType, ArrayType, Primitive, product, sum_of
from stdbpy.sats.values import ConnectionId, Identity, Interval, Ok, TimeDuration, Timestamp, Variant
from stdbpy.server.postgres import values
from stdbpy.server.postgres.values import json_writer, oid_of, text_writer

ONE = Identity.from_int(1)
POINT = product(("x", Primitive.I32), ("name", Primitive.STRING))
COLOR = sum_of(("red", t.UNIT), ("green", t.UNIT))
SHAPE = sum_of(("circle", Primitive.F32), ("nothing", t.UNIT))


@pytest.mark.parametrize(
    ("type", "oid"),
    [
        (Primitive.U8, values.INT2),
        (Primitive.U16, values.INT4),
        (Primitive.U32, values.INT8),
        (Primitive.U64, values.NUMERIC),
        (t.BYTES, values.BYTEA),
        (t.IDENTITY, values.BYTEA),
        (t.TIMESTAMP, values.TIMESTAMP),
        (t.TIME_DURATION, values.INTERVAL),
        (t.UUID, values.UUID),
        (POINT, values.JSON),
        (t.SCHEDULE_AT, values.JSON),
        (t.option(Primitive.U8), values.JSON),
        (COLOR, values.ANYENUM),
        (ArrayType(Primitive.STRING), 1015),
        (ArrayType(Primitive.I64), 1016),
        (ArrayType(Primitive.F64), values.ANYARRAY),
        (ArrayType(t.IDENTITY), values.ANYARRAY),
        (ArrayType(t.BYTES), values.ANYARRAY),
    ],
)
def test_types(type: AlgebraicType, oid: int) -> None:
    assert oid_of(type) == oid


@pytest.mark.parametrize(
    ("type", "value", "text"),
    [
        (Primitive.BOOL, True, "t"),
        (Primitive.I256, -(2**255), str(-(2**255))),
        (Primitive.F32, 0.10000000149011612, "0.1"),
        (Primitive.F64, 1e22, "1" + 22 * "0"),
        (Primitive.F64, math.inf, "inf"),
        (t.BYTES, b"\x01\xff", r"\x01ff"),
        (t.IDENTITY, ONE, r"\x" + ONE.hex()),
        (t.CONNECTION_ID, ConnectionId.from_int(2), r"\x" + 31 * "0" + "2"),
        (t.TIMESTAMP, Timestamp(1_000), "1970-01-01T00:00:00.001+00:00"),
        (t.TIME_DURATION, TimeDuration(-1_500_000), "-PT1.5S"),
        (t.UUID, uuid.UUID(int=1), str(uuid.UUID(int=1))),
        (COLOR, Variant("green"), "green"),
        (SHAPE, Variant("nothing"), '{"nothing": {}}'),
        (t.option(t.IDENTITY), ONE, '{"some": {"__identity__": "0x' + ONE.hex() + '"}}'),
        (product(("id", t.IDENTITY)), (ONE,), '{"id": "0x' + ONE.hex() + '"}'),
        (t.SCHEDULE_AT, Interval(TimeDuration(5_000_000)), '{"Interval": {"__time_duration_micros__": "PT5S"}}'),
        (ArrayType(Primitive.I32), [1, -2], "{1,-2}"),
        (ArrayType(Primitive.I32), [], "{}"),
        (ArrayType(Primitive.STRING), ["a", "", "NULL", 'b"c', "d,e", "f\\g"], r'{a,"","NULL","b\"c","d,e","f\\g"}'),
        (ArrayType(t.BYTES), [b"\x01"], r'{"\\x01"}'),
        (ArrayType(COLOR), [Variant("red")], "{red}"),
        (ArrayType(ArrayType(Primitive.I32)), [[1, 2], [3, 4]], "{{1,2},{3,4}}"),
        (ArrayType(POINT), [(1, "a")], r'{"{\"x\": 1, \"name\": \"a\"}"}'),
    ],
)
def test_texts(type: AlgebraicType, value: Any, text: str) -> None:
    assert text_writer(type)(value) == text


@pytest.mark.parametrize(
    ("type", "value", "read"),
    [
        (POINT, (-1, 'say "\\"\n\0'), {"x": -1, "name": 'say "\\"\n\0'}),
        (SHAPE, Variant("circle", 1.5), {"circle": 1.5}),
        (SHAPE, Variant("circle", math.nan), {"circle": None}),
        (t.result(ArrayType(Primitive.I32), Primitive.STRING), Ok([1, 2]), {"ok": [1, 2]}),
        (ArrayType(t.IDENTITY), [ONE], [{"__identity__": f"0x{ONE}"}]),
        (t.UNIT, (), {}),
        (product((None, Primitive.BOOL)), (True,), {"col_0": True}),
        (t.option(t.option(Primitive.U8)), None, {"none": {}}),
        (product(("bytes", t.BYTES)), (b"\x01",), {"bytes": "0x01"}),
    ],
)
def test_json_is_json(type: AlgebraicType, value: Any, read: Any) -> None:
    assert json.loads(json_writer(type)(value)) == read
