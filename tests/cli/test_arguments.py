"""The words of `stdbpy call` as JSON: which spellings of a value are taken, and what is sent for them."""

from __future__ import annotations

import json

import pytest

from stdbpy.cli.arguments import Function
from stdbpy.errors import InvalidArguments
from stdbpy.sats.types import (
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductType,
    TypeRef,
    option,
    product,
    sum_of,
)
from stdbpy.schema.model import ModuleSchema, Reducer

UNIT = ProductType()
LEVEL = sum_of(("FREE", UNIT), ("PRO", UNIT), ("Custom", Primitive.U8))
SPACE: tuple[AlgebraicType, ...] = (LEVEL, product(("level", TypeRef(0)), ("next", option(TypeRef(0)))))


def sent(word: str, type: AlgebraicType) -> object:
    schema = ModuleSchema(typespace=SPACE)
    reducer = Reducer("f", "f", product(("value", type)))
    return json.loads(Function("db", "f", reducer, schema).encode([word]))[0]


@pytest.mark.parametrize("word", ["PRO", '"PRO"', '{"PRO": []}'])
def test_a_variant_without_payload_is_its_name(word: str) -> None:
    assert sent(word, TypeRef(0)) == {"PRO": []}


@pytest.mark.parametrize(
    ("word", "type", "expected"),
    [
        ('{"Custom": 3}', TypeRef(0), {"Custom": 3}),
        ('["PRO", {"FREE": []}]', ArrayType(TypeRef(0)), [{"PRO": []}, {"FREE": []}]),
        (
            '{"level": "PRO", "next": {"some": "FREE"}}',
            TypeRef(1),
            {"level": {"PRO": []}, "next": {"some": {"FREE": []}}},
        ),
        ('["PRO", [0, "FREE"]]', TypeRef(1), [{"PRO": []}, [0, {"FREE": []}]]),
        ("none", option(Primitive.STRING), {"none": []}),
        ("PRO", Primitive.STRING, "PRO"),
    ],
)
def test_also_inside_other_values(word: str, type: AlgebraicType, expected: object) -> None:
    assert sent(word, type) == expected


@pytest.mark.parametrize("word", ["Custom", '"Custom"', "pro", "GOLD", '"GOLD"'])
def test_what_is_no_variant_without_payload_is_refused(word: str) -> None:
    with pytest.raises(InvalidArguments, match="the argument 'value' of f cannot be"):
        sent(word, TypeRef(0))


def test_numbers_keep_every_digit() -> None:
    schema = ModuleSchema(typespace=SPACE)
    reducer = Reducer("f", "f", product(("value", Primitive.U128)))
    assert Function("db", "f", reducer, schema).encode([str(2**128 - 1)]) == f"[{2**128 - 1}]".encode()
