"""JSON that the HTTP API takes or refuses, for the column types of SpacetimeDB's ``sdk_test`` module.

Each was tried on a real 2.8.3; ``test_real_json.py`` tries them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stdbpy.sats import types as t
from stdbpy.sats.types import Primitive as P

SIMPLE_ENUM = t.sum_of(("zero", t.UNIT), ("one", t.UNIT), ("two", t.UNIT))
ENUM_WITH_PAYLOAD = t.sum_of(
    *((str(primitive).lower(), primitive) for primitive in (P.U8, P.U16, P.U32, P.U64, P.U128, P.U256)),
    *((str(primitive).lower(), primitive) for primitive in (P.I8, P.I16, P.I32, P.I64, P.I128, P.I256)),
    ("bool", P.BOOL),
    ("f32", P.F32),
    ("f64", P.F64),
    ("str", P.STRING),
    ("identity", t.IDENTITY),
    ("connection_id", t.CONNECTION_ID),
    ("timestamp", t.TIMESTAMP),
    ("uuid", t.UUID),
    ("bytes", t.BYTES),
    ("ints", t.ArrayType(P.I32)),
    ("strings", t.ArrayType(P.STRING)),
    ("simple_enums", t.ArrayType(SIMPLE_ENUM)),
)


@dataclass(frozen=True)
class Cases:
    """What a column takes, given as in a call, with what an SQL result then says; and what it refuses."""

    table: str
    """The reducer is ``insert_`` and this name."""
    type: t.AlgebraicType
    taken: tuple[tuple[Any, Any], ...]
    refused: tuple[Any, ...] = ()


def _taken(*pairs: Any) -> tuple[tuple[Any, Any], ...]:
    """Pairs of what is sent and what comes back; a single value comes back as it was sent."""
    return tuple((pair[0], pair[1]) if isinstance(pair, tuple) else (pair, pair) for pair in pairs)


CASES = (
    Cases("one_bool", P.BOOL, _taken(True, False), (1, 0, "true", None)),
    Cases("one_u_8", P.U8, _taken(0, 255), (256, -1, 1.0, True, "1", None, [1])),
    Cases("one_i_8", P.I8, _taken(-128, 127), (128, -129)),
    Cases("one_u_64", P.U64, _taken(0, 2**64 - 1), (2**64, -1, 1.0, 1e2, "1", True)),
    Cases("one_i_64", P.I64, _taken(-(2**63), 2**63 - 1), (2**63, -(2**63) - 1)),
    Cases("one_u_128", P.U128, _taken(0, 2**64, 2**128 - 1), (2**128, -1, 1.0, "5", "0xff")),
    Cases("one_i_128", P.I128, _taken(-(2**127), 2**127 - 1), (2**127,)),
    Cases(
        "one_u_256",
        P.U256,
        _taken("0x0", "0xff", "0x" + "f" * 64, ("0xFF1", "0xff1"), ("0x00fe", "0xfe"), ("+0x5a", "0x5a")),
        ("ff", 255, "255", "0x", "", "-0x1", "0x1" + "0" * 64, 1e3, "0X5b", "0b101", "0x_f", "0x+5", " 0x5", "0x5 "),
    ),
    Cases(
        "one_i_256",
        P.I256,
        _taken("0xff", "-0xff", "0x7" + "f" * 63, "-0x8" + "0" * 63, ("-0x0", "0x0"), ("+0x7", "0x7")),
        (5, -5, "0x8" + "0" * 63, "0x" + "f" * 64, "-0X9", "--0x9", "-"),
    ),
    Cases(
        "one_f_32",
        P.F32,
        _taken(
            0.1,
            1.5,
            -2.5,
            1e-45,
            3.4028235e38,
            1e16,
            (16777217, 16777216.0),
            (1e-46, 0.0),
            (1.00000001, 1.0),
            (123456.789, 123456.79),
            (3, 3.0),
            (1e39, None),
        ),
        ("x", True, None),
    ),
    Cases(
        "one_f_64",
        P.F64,
        _taken(0.1, 1e22, 5e-324, 1.7976931348623157e308, (1, 1.0), (2**70, float(2**70)), (2**64 - 1, 2.0**64)),
        ("NaN", True, None),
    ),
    Cases("one_string", P.STRING, _taken("", "hé\0😀"), (5, None, ["a"])),
    Cases(
        "one_identity",
        t.IDENTITY,
        _taken(["0xff"], ({"__identity__": "0x1"}, ["0x1"])),
        ("0x2", ["c2"], [5], "c2" * 32, [], ["0x1", "0x2"]),
    ),
    Cases(
        "one_connection_id",
        t.CONNECTION_ID,
        _taken([5], ({"__connection_id__": 6}, [6])),
        (7, ["0x8"], "00ff"),
    ),
    Cases(
        "one_timestamp",
        t.TIMESTAMP,
        _taken([5], ({"__timestamp_micros_since_unix_epoch__": -6}, [-6])),
        (7, "2024-01-01T00:00:00Z"),
    ),
    Cases(
        "one_uuid",
        t.UUID,
        _taken([5], ({"__uuid__": 2**128 - 1}, [2**128 - 1])),
        ("00000000-0000-0000-0000-000000000005", 5),
    ),
    Cases(
        "one_simple_enum",
        SIMPLE_ENUM,
        _taken(
            [1, []],
            ({"2": []}, [2, []]),
            ({"zero": []}, [0, []]),
            (["1", []], [1, []]),
            ({"+1": []}, [1, []]),
            ({"002": {}}, [2, []]),
            (["one", []], [1, []]),
        ),
        (
            {"Zero": []},
            "zero",
            0,
            {"zero": None},
            [1],
            [1, [], 5],
            {"zero": [5]},
            {},
            {"zero": [], "one": []},
            [3, []],
            [-1, []],
            [256, []],
            [1.0, []],
            [True, []],
            [None, []],
            {"-1": []},
            {" 1": []},
            None,
        ),
    ),
    Cases(
        "one_enum_with_payload",
        ENUM_WITH_PAYLOAD,
        _taken(
            [0, 5],
            ({"u8": 6}, [0, 6]),
            ({"str": "hi"}, [15, "hi"]),
            ({"bytes": "00ff"}, [20, "00ff"]),
            ({"bytes": [1, 2]}, [20, "0102"]),
            ({"bytes": "FF"}, [20, "ff"]),
            ([23, [{"one": []}]], [23, [[1, []]]]),
        ),
        ({"U8": 5}, {"bytes": "0x00ff"}, {"bytes": "abc"}, {"bytes": [1, 256]}, {"u8": 256}, {"str": 5}),
    ),
    Cases(
        "option_i_32",
        t.option(P.I32),
        _taken((None, [1, []]), ({"some": 5}, [0, 5]), ([0, 6], [0, 6]), ({"0": 7}, [0, 7]), ({"none": {}}, [1, []])),
        (5, {"none": None}, {"none": 5}, {"some": None}, [1, [5]]),
    ),
    Cases("option_string", t.option(P.STRING), _taken(({"some": "x"}, [0, "x"])), ("x", ["x"])),
    Cases("option_identity", t.option(t.IDENTITY), _taken(({"some": ["0x1"]}, [0, ["0x1"]])), (["0x1"],)),
    Cases("result_i_32_string", t.result(P.I32, P.STRING), _taken(({"ok": 5}, [0, 5]), [1, "x"]), (None, {"some": 5})),
    Cases("one_unit_struct", t.UNIT, _taken([], ({}, [])), (None, [1], {"a": 1}, 0)),
    Cases(
        "one_byte_struct",
        t.product(("b", P.U8)),
        _taken([5], ({"b": 6}, [6])),
        ({"b": 5, "c": 6}, {}, [5, 6], [], {"B": 5}, 5, None),
    ),
    Cases(
        "vec_u_8",
        t.BYTES,
        _taken("", "00ff", ([0, 255], "00ff"), ([], "")),
        ("zz", "0", "00 ff", " 00", [256], [1.0], [True], 5),
    ),
    Cases("vec_i_8", t.ArrayType(P.I8), _taken([0, -1], []), ("00ff", [128])),
    Cases("vec_f_32", t.ArrayType(P.F32), _taken([0.1, 2.0], ([1e39], [None])), ([None],)),
    Cases("vec_string", t.ArrayType(P.STRING), _taken(["a", "b"]), ("a", [5], {"0": "a"})),
    Cases("vec_unit_struct", t.ArrayType(t.UNIT), _taken([[], []], ([{}], [[]])), ([None],)),
)
