"""Algebraic types as data."""

from __future__ import annotations

from typing import Any

import pytest

from stdbpy.errors import DecodeError, NewerThanUnderstood
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.meta import (
    ALGEBRAIC_TYPE,
    META_TYPESPACE,
    product_from_json,
    product_to_json,
    type_from_bytes,
    type_from_json,
    type_from_raw,
    type_to_bytes,
    type_to_json,
    type_to_raw,
)
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import Primitive as P
from stdbpy.sats.values import Variant


@pytest.mark.parametrize(("primitive", "tag"), [(primitive, 4 + position) for position, primitive in enumerate(P)])
def test_primitives(primitive: P, tag: int) -> None:
    assert type_to_bytes(primitive) == bytes([tag])
    assert type_from_bytes(bytes([tag])) is primitive
    assert type_to_json(primitive) == {primitive.value: []}


GOLDEN = [
    (t.TypeRef(7), "0007000000", {"Ref": 7}),
    (P.STRING, "04", {"String": []}),
    (P.F64, "13", {"F64": []}),
    (t.ArrayType(P.U8), "0307", {"Array": {"U8": []}}),
    (t.UNIT, "0200000000", {"Product": {"elements": []}}),
    (
        t.product(("x", P.I32), (None, P.BOOL)),
        "0202000000" + "000100000078" + "0a" + "01" + "05",
        {
            "Product": {
                "elements": [
                    {"name": {"some": "x"}, "algebraic_type": {"I32": []}},
                    {"name": {"none": []}, "algebraic_type": {"Bool": []}},
                ]
            }
        },
    ),
    (
        t.sum_of(("some", P.U8), ("none", t.UNIT)),
        "0102000000" + "0004000000736f6d65" + "07" + "00040000006e6f6e65" + "0200000000",
        {
            "Sum": {
                "variants": [
                    {"name": {"some": "some"}, "algebraic_type": {"U8": []}},
                    {"name": {"some": "none"}, "algebraic_type": {"Product": {"elements": []}}},
                ]
            }
        },
    ),
]


@pytest.mark.parametrize(("type", "bsatn", "json"), GOLDEN, ids=[case[1] for case in GOLDEN])
def test_known_forms(type: t.AlgebraicType, bsatn: str, json: Any) -> None:
    assert type_to_bytes(type).hex() == bsatn
    assert type_from_bytes(bytes.fromhex(bsatn)) == type
    assert type_to_json(type) == json
    assert type_from_json(json) == type


@pytest.mark.parametrize("type", [case[0] for case in GOLDEN], ids=str)
def test_json_is_that_of_the_type_of_types(type: t.AlgebraicType) -> None:
    codec = compile_json_codec(ALGEBRAIC_TYPE, META_TYPESPACE, form="named")
    assert codec.to_json(type_to_raw(type)) == type_to_json(type)
    assert type_from_raw(codec.from_json(type_to_json(type))) == type


def test_products_by_themselves() -> None:
    type = t.product(("x", P.I32))
    assert product_to_json(type) == {"elements": [{"name": {"some": "x"}, "algebraic_type": {"I32": []}}]}
    assert product_from_json(product_to_json(type)) == type


def test_a_description_that_contains_types() -> None:
    """Other types stand behind AlgebraicType in the typespace."""
    space = (*META_TYPESPACE, t.product(("name", P.STRING), ("type", ALGEBRAIC_TYPE)))
    codec = compile_codec(t.TypeRef(1), space)
    assert codec.encode(("id", type_to_raw(P.U64))).hex() == "020000006964" + "0d"
    assert codec.decode(bytes.fromhex("0200000069640d")) == ("id", Variant("U64"))


@pytest.mark.parametrize(
    ("obj", "says"),
    [
        (5, "expected a type such as"),
        ({}, "expected a type such as"),
        ({"U8": [], "U16": []}, "expected a type such as"),
        ({"Ref": "x"}, "expected the number of a type"),
        ({"Ref": True}, "expected the number of a type"),
        ({"Array": 5}, "expected a type such as"),
        ({"Product": []}, "expected an object with a list 'elements'"),
        ({"Product": {"elements": [5]}}, "expected an object with 'name' and 'algebraic_type'"),
        ({"Product": {"elements": [{"name": 5, "algebraic_type": {"U8": []}}]}}, "'name' and 'algebraic_type'"),
        ({"Sum": {"variants": 5}}, "expected an object with a list 'variants'"),
    ],
)
def test_json_that_is_no_type(obj: Any, says: str) -> None:
    with pytest.raises(DecodeError, match=says):
        type_from_json(obj)


def test_a_kind_of_type_from_the_future() -> None:
    with pytest.raises(NewerThanUnderstood, match="'U512' is newer than this stdbpy understands"):
        type_from_json({"U512": []})


@pytest.mark.parametrize("raw", [5, Variant("U512"), Variant("Ref", "x"), Variant("Sum", None), Variant("U8", 1)])
def test_raw_that_is_no_type(raw: Any) -> None:
    with pytest.raises(DecodeError, match="is no algebraic type"):
        type_from_raw(raw)


def test_types_nested_too_deeply() -> None:
    with pytest.raises(DecodeError, match="nested too deeply"):
        type_from_bytes(b"\x03" * 150 + b"\x07")
    with pytest.raises(DecodeError, match="nested too deeply"):
        type_from_bytes(b"\x03" * 100_000 + b"\x07")
    obj: Any = {"U8": []}
    for _ in range(5_000):
        obj = {"Array": obj}
    with pytest.raises(DecodeError, match="nested too deeply"):
        type_from_json(obj)
