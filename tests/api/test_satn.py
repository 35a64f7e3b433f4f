"""Values as text for tables and as plain JSON."""

from __future__ import annotations

import json
import struct
import uuid
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stdbpy.api.satn import plain_writer, satn_writer
from stdbpy.cli.output import to_json
from stdbpy.cli.query_fields import fields_of
from stdbpy.sats import types as t
from stdbpy.sats.types import AlgebraicType, Primitive, TypeRef, product, sum_of
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

SHAPE = sum_of(("Circle", Primitive.F32), ("Nothing", t.UNIT))
POINT = product(("x", Primitive.I32), ("y", Primitive.I32))
EPOCH = "1970-01-01T00:00:00+00:00"
FAR = "+294247-01-10T04:00:54.775807+00:00"
ONE = "0" * 63 + "1"


@pytest.mark.parametrize(
    ("type", "value", "text", "plain"),
    [
        (Primitive.BOOL, True, "true", True),
        (Primitive.U64, 2**64 - 1, "18446744073709551615", 2**64 - 1),
        (Primitive.I128, -(2**127), str(-(2**127)), -(2**127)),
        (Primitive.U256, 2**256 - 1, str(2**256 - 1), "0x" + "f" * 64),
        (Primitive.I256, -1, "-1", "-0x1"),
        (Primitive.F64, 1.0, "1", 1.0),
        (Primitive.F64, 1e22, "10000000000000000000000", 1e22),
        (Primitive.F64, float("nan"), "NaN", None),
        (Primitive.F64, float("-inf"), "-inf", None),
        (Primitive.F32, struct.unpack("<f", struct.pack("<f", 0.1))[0], "0.1", 0.1),
        (Primitive.STRING, 'say "hi"', '"say "hi""', 'say "hi"'),
        (t.BYTES, b"\x00\xff", "0x00ff", "0x00ff"),
        (t.IDENTITY, Identity.from_int(1), f"0x{ONE}", f"0x{ONE}"),
        (t.CONNECTION_ID, ConnectionId.from_int(1), f"0x{ONE[32:]}", f"0x{ONE[32:]}"),
        (t.TIMESTAMP, Timestamp(0), EPOCH, EPOCH),
        (t.TIMESTAMP, Timestamp(1_000), "1970-01-01T00:00:00.001+00:00", "1970-01-01T00:00:00.001+00:00"),
        (t.TIMESTAMP, Timestamp(-1), "1969-12-31T23:59:59.999999+00:00", "1969-12-31T23:59:59.999999+00:00"),
        (t.TIMESTAMP, Timestamp(2**63 - 1), FAR, FAR),
        (t.TIME_DURATION, TimeDuration(-1_500_000), "-1.500000", "-1.500000"),
        (t.UUID, uuid.UUID(int=1), f'"{uuid.UUID(int=1)}"', str(uuid.UUID(int=1))),
        (t.SCHEDULE_AT, Interval(TimeDuration(5)), "(Interval = +0.000005)", {"Interval": "+0.000005"}),
        (t.SCHEDULE_AT, Time(Timestamp(0)), f"(Time = {EPOCH})", {"Time": EPOCH}),
        (t.option(Primitive.U8), 5, "(some = 5)", 5),
        (t.option(Primitive.U8), None, "(none = ())", None),
        (t.option(t.option(Primitive.U8)), Some(None), "(some = (none = ()))", {"some": None}),
        (t.option(t.option(Primitive.U8)), None, "(none = ())", None),
        (t.result(Primitive.U8, Primitive.STRING), Ok(1), "(ok = 1)", {"ok": 1}),
        (t.result(Primitive.U8, Primitive.STRING), Err("no"), '(err = "no")', {"err": "no"}),
        (SHAPE, Variant("Circle", 1.5), "(Circle = 1.5)", {"Circle": 1.5}),
        (SHAPE, Variant("Nothing"), "(Nothing = ())", "Nothing"),
        (POINT, (1, -2), "(x = 1, y = -2)", {"x": 1, "y": -2}),
        (product((None, Primitive.U8)), (1,), "(col_0 = 1)", [1]),
        (t.ArrayType(POINT), [(1, 2)], "[(x = 1, y = 2)]", [{"x": 1, "y": 2}]),
        (t.UNIT, (), "()", {}),
    ],
)  # fmt: skip
def test_values(type: AlgebraicType, value: Any, text: str, plain: Any) -> None:
    assert satn_writer(type)(value) == text
    written = plain_writer(type)(value)
    assert written == plain
    assert json.loads(to_json(written)) == plain


def test_types_that_contain_themselves() -> None:
    tree = product(("value", Primitive.U8), ("inner", t.option(TypeRef(0))))
    value = (1, (2, None))
    assert satn_writer(TypeRef(0), (tree,))(value) == "(value = 1, inner = (some = (value = 2, inner = (none = ()))))"
    assert plain_writer(TypeRef(0), (tree,))(value) == {"value": 1, "inner": {"value": 2, "inner": None}}


def test_rows_of_a_query() -> None:
    columns = product(
        ("id", Primitive.U64), ("who", t.IDENTITY), ("name", t.option(Primitive.STRING)), (None, Primitive.F32)
    )
    row = [7, ["0x1"], [0, "Ada"], 0.1]
    fields = fields_of(columns)
    assert [field.name for field in fields] == ["id", "who", "name", "column 3"]
    assert [field.plain(value) for field, value in zip(fields, row, strict=True)] == [7, f"0x{ONE}", "Ada", 0.1]
    texts = [field.text(value) for field, value in zip(fields, row, strict=True)]
    assert texts == ["7", f"0x{ONE}", '(some = "Ada")', "0.1"]


@pytest.mark.parametrize("type", [t.IDENTITY, t.TIMESTAMP])
@given(data=st.data())
def test_every_form_of_a_value_looks_the_same(type: AlgebraicType, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 2**256 - 1) if type == t.IDENTITY else st.integers(-(2**63), 2**63 - 1))
    short: Any = hex(number) if type == t.IDENTITY else number
    assert isinstance(type, t.ProductType)
    [field] = fields_of(product(("it", type)))

    looks = {write(form) for write in (field.plain, field.text) for form in ([short], {type.elements[0].name: short})}

    assert len(looks) == 1


@pytest.mark.parametrize("type", [Primitive.F32, Primitive.F64])
def test_floats_are_those_of_the_server(type: AlgebraicType) -> None:
    [field] = fields_of(product(("it", type)))

    assert [field.plain(0.1), field.plain(1e300), field.plain(None)] == [0.1, 1e300, None]
    assert field.text(None) == "NaN"


@example(3.4025001647762064e38)
@example(-3.4028234663852886e38)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_texts_of_single_floats_are_short_and_read_back(number: float) -> None:
    text = satn_writer(Primitive.F32)(number)
    assert struct.pack("<f", float(text)) == struct.pack("<f", number)
    assert "e" not in text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_texts_of_floats_read_back(number: float) -> None:
    assert float(satn_writer(Primitive.F64)(number)) == number
