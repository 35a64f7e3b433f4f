"""Known bytes and JSON for every kind of type, written down by hand from the layout of BSATN."""

from __future__ import annotations

import math
import uuid
from typing import Any

import pytest

from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import Primitive as P
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

POINT = t.product(("x", P.F32), ("y", P.F32))
SHAPE = t.sum_of(("Circle", P.F32), ("Nothing", t.UNIT), ("Box", POINT))
COLOR = t.sum_of(("Red", t.UNIT), ("Green", t.UNIT))

GOLDEN: list[tuple[str, t.AlgebraicType, Any, str, Any]] = [
    # name, type, value, BSATN in hex, JSON
    ("false", P.BOOL, False, "00", False),
    ("true", P.BOOL, True, "01", True),
    ("u8", P.U8, 255, "ff", 255),
    ("i8", P.I8, -128, "80", -128),
    ("u16", P.U16, 0x0102, "0201", 258),
    ("i16", P.I16, -2, "feff", -2),
    ("u32", P.U32, 0x01020304, "04030201", 16909060),
    ("i32", P.I32, -(2**31), "00000080", -2147483648),
    ("u64", P.U64, 2**64 - 1, "ff" * 8, 18446744073709551615),
    ("i64", P.I64, -1, "ff" * 8, -1),
    ("u128", P.U128, 2**127 + 1, "01" + "00" * 14 + "80", 170141183460469231731687303715884105729),
    ("i128", P.I128, -(2**127), "00" * 15 + "80", -170141183460469231731687303715884105728),
    ("u256", P.U256, 0xFF00, "00ff" + "00" * 30, "0xff00"),
    ("u256 maximum", P.U256, 2**256 - 1, "ff" * 32, "0x" + "f" * 64),
    ("i256", P.I256, -255, "01" + "ff" * 31, "-0xff"),
    ("i256 zero", P.I256, 0, "00" * 32, "0x0"),
    ("f32", P.F32, 1.5, "0000c03f", 1.5),
    ("f32 minus zero", P.F32, -0.0, "00000080", -0.0),
    ("f64", P.F64, 0.1, "9a9999999999b93f", 0.1),
    ("f64 smallest", P.F64, 5e-324, "01" + "00" * 7, 5e-324),
    ("text", P.STRING, "hé", "0300000068c3a9", "hé"),
    ("empty text", P.STRING, "", "00000000", ""),
    ("bytes", t.BYTES, b"\x00\xff", "0200000000ff", "00ff"),
    ("no bytes", t.BYTES, b"", "00000000", ""),
    ("array of i8", t.ArrayType(P.I8), [1, -1], "0200000001ff", [1, -1]),
    ("array of u16", t.ArrayType(P.U16), [1, 2], "0200000001000200", [1, 2]),
    ("array of f32", t.ArrayType(P.F32), [0.5], "010000000000003f", [0.5]),
    ("array of bool", t.ArrayType(P.BOOL), [True, False], "020000000100", [True, False]),
    ("array of text", t.ArrayType(P.STRING), ["a", ""], "02000000" + "0100000061" + "00000000", ["a", ""]),
    (
        "array of arrays",
        t.ArrayType(t.ArrayType(P.U16)),
        [[], [7]],
        "02000000" + "00000000" + "010000000700",
        [[], [7]],
    ),
    ("array of bytes", t.ArrayType(t.BYTES), [b"\x01"], "01000000" + "0100000001", ["01"]),
    ("array of units", t.ArrayType(t.UNIT), [(), ()], "02000000", [[], []]),
    ("array of products", t.ArrayType(POINT), [(1.0, 0.5)], "01000000" + "0000803f0000003f", [[1.0, 0.5]]),
    ("unit", t.UNIT, (), "", []),
    ("product", POINT, (1.0, -2.0), "0000803f000000c0", [1.0, -2.0]),
    ("tuple", t.product((None, P.U8), (None, P.STRING)), (1, "a"), "010100000061", [1, "a"]),
    ("variant", SHAPE, Variant("Circle", 1.0), "000000803f", [0, 1.0]),
    ("variant without payload", SHAPE, Variant("Nothing"), "01", [1, []]),
    ("variant of a product", SHAPE, Variant("Box", (1.0, 0.5)), "020000803f0000003f", [2, [1.0, 0.5]]),
    ("variant of a plain enum", COLOR, Variant("Green"), "01", [1, []]),
    (
        "array of plain enums",
        t.ArrayType(COLOR),
        [Variant("Green"), Variant("Red")],
        "020000000100",
        [[1, []], [0, []]],
    ),
    ("some", t.option(P.U16), 5, "000500", [0, 5]),
    ("none", t.option(P.U16), None, "01", [1, []]),
    ("some unit", t.option(t.UNIT), (), "00", [0, []]),
    ("some some", t.option(t.option(P.U8)), Some(5), "000005", [0, [0, 5]]),
    ("some none", t.option(t.option(P.U8)), Some(None), "0001", [0, [1, []]]),
    ("none of option", t.option(t.option(P.U8)), None, "01", [1, []]),
    ("ok", t.result(P.U8, P.STRING), Ok(5), "0005", [0, 5]),
    ("err", t.result(P.U8, P.STRING), Err("x"), "010100000078", [1, "x"]),
    ("ok unit", t.result(t.UNIT, P.STRING), Ok(()), "00", [0, []]),
    ("identity", t.IDENTITY, Identity.from_int(0x0102), "0201" + "00" * 30, ["0x102"]),
    ("connection id", t.CONNECTION_ID, ConnectionId.from_int(0x0102), "0201" + "00" * 14, [258]),
    ("timestamp", t.TIMESTAMP, Timestamp(-1), "ff" * 8, [-1]),
    ("time duration", t.TIME_DURATION, TimeDuration(1_000_000), "40420f0000000000", [1000000]),
    ("uuid", t.UUID, uuid.UUID(int=0x0102), "0201" + "00" * 14, [258]),
    ("every", t.SCHEDULE_AT, Interval(TimeDuration(5)), "00" + "05" + "00" * 7, [0, [5]]),
    ("at", t.SCHEDULE_AT, Time(Timestamp(6)), "01" + "06" + "00" * 7, [1, [6]]),
]


@pytest.mark.parametrize(
    ("type", "value", "bsatn", "json"), [case[1:] for case in GOLDEN], ids=[case[0] for case in GOLDEN]
)
def test_known_bytes_and_json(type: t.AlgebraicType, value: Any, bsatn: str, json: Any) -> None:
    codec, json_codec = compile_codec(type), compile_json_codec(type)
    assert codec.encode(value).hex() == bsatn
    decoded = codec.decode(bytes.fromhex(bsatn))
    assert decoded == value
    assert decoded.__class__ is value.__class__
    assert math.copysign(1, decoded) == math.copysign(1, value) if value.__class__ is float else True
    assert repr(json_codec.to_json(value)) == repr(json)  # by repr, since True == 1 == 1.0
    assert json_codec.from_json(json) == value
    assert json_codec.bsatn_to_json(bytes.fromhex(bsatn)) == json


@pytest.mark.parametrize("type", [case[1] for case in GOLDEN if case[0] != "unit"], ids=str)
def test_truncated_and_extended(type: t.AlgebraicType) -> None:
    codec = compile_codec(type)
    data = next(bytes.fromhex(case[3]) for case in GOLDEN if case[1] == type)
    assert codec.decode_rows(data * 3) == [codec.decode(data)] * 3
    assert codec.decode_from(b"##" + data, 2) == (codec.decode(data), 2 + len(data))


def test_special_floats_keep_their_bits() -> None:
    codec = compile_codec(t.ArrayType(P.F64))
    value = codec.decode(codec.encode([math.nan, math.inf, -math.inf, -0.0]))
    assert repr(value) == "[nan, inf, -inf, -0.0]"


def test_f32_is_rounded_to_the_nearest() -> None:
    codec = compile_codec(P.F32)
    assert codec.decode(codec.encode(0.1)) == 0.10000000149011612
    assert codec.encode(16777217) == codec.encode(16777216)


def test_recursive_type() -> None:
    tree = t.product(("name", P.STRING), ("children", t.ArrayType(t.TypeRef(0))))
    codec = compile_codec(t.TypeRef(0), [tree])
    value = ("a", [("b", []), ("c", [("d", [])])])
    leaf = "01000000{:02x}00000000"
    data = "0100000061" + "02000000" + leaf.format(0x62) + "0100000063" + "01000000" + leaf.format(0x64)
    assert codec.encode(value).hex() == data
    assert codec.decode(bytes.fromhex(data)) == value
    assert codec.decode_rows(bytes.fromhex(data * 2)) == [value, value]


def test_types_that_refer_to_each_other() -> None:
    space = [
        t.sum_of(("Number", P.I32), ("Call", t.TypeRef(1))),
        t.product(("function", P.STRING), ("arguments", t.ArrayType(t.TypeRef(0)))),
    ]
    value = Variant("Call", ("f", [Variant("Number", 1), Variant("Call", ("g", []))]))
    codec = compile_codec(t.TypeRef(0), space)
    assert codec.decode(codec.encode(value)) == value
    assert compile_json_codec(t.TypeRef(0), space).to_json(value) == [1, ["f", [[0, 1], [1, ["g", []]]]]]


def test_references_to_small_and_large_types() -> None:
    large = t.product(*((f"f{i}", P.U16) for i in range(100)))
    space = [POINT, t.TypeRef(0), large, t.option(t.TypeRef(2))]
    row = t.product(("a", t.TypeRef(1)), ("b", t.TypeRef(2)), ("c", t.TypeRef(3)), ("d", t.ArrayType(t.TypeRef(2))))
    value = ((1.0, 2.0), tuple(range(100)), tuple(range(100)), [tuple(range(100))])
    codec = compile_codec(row, space)
    assert len(codec.encode(value)) == 8 + 200 + 201 + 4 + 200
    assert codec.decode(codec.encode(value)) == value


def test_deep_nesting_in_the_type_itself() -> None:
    type: t.AlgebraicType = P.U16
    value: Any = 7
    for _ in range(60):
        type, value = t.ArrayType(t.product(("x", type))), [(value,)]
    codec = compile_codec(type)
    assert codec.decode(codec.encode(value)) == value
