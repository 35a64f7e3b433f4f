"""What reducers' signatures are to other databases, and the hash that they are told as."""

from __future__ import annotations

import os

import pytest

from stdbpy.engine import keccak as keccak_of_a_library
from stdbpy.sats.types import UNIT, ArrayType, Primitive, TypeRef, option, product
from stdbpy.schema.keccak import keccak_256
from stdbpy.schema.model import Reducer
from stdbpy.schema.signature_hash import are_same, signature_hash

RECEIVE = Reducer("receive", "receive", product(("body", Primitive.STRING)))


@pytest.mark.parametrize("size", [0, 1, 134, 135, 136, 137, 271, 272, 273, 1000])
def test_the_hash_is_keccak(size: int) -> None:
    data = os.urandom(size)
    assert keccak_256(data) == keccak_of_a_library.keccak_256(data)


def test_the_hash_of_nothing() -> None:
    assert keccak_256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_signatures_are_those_of_spacetimedb() -> None:
    """These two are in what 2.14's program generates for senders (spacetimedb 2.14, ``tests/fixtures``)."""
    assert signature_hash(RECEIVE, ()).hex() == "386957a94632958d5ae8343e258f3a6f9dce9d7dafc46831050894baa7a4e4e1"
    nothing = Reducer("noop", "noop", UNIT)
    assert signature_hash(nothing, ()).hex() == "bc436888fd947d2bfd49ed6bddad31f0245c34fd42c85f9360fa0b477aa957fc"


def test_a_signature_is_that_of_the_types_that_are_used() -> None:
    """Wherever they are in the typespace, and however they refer to themselves."""
    tree = product(("left", option(TypeRef(0))), ("leaf", TypeRef(1)))
    takes_tree = Reducer("grow", "grow", product(("tree", TypeRef(0)), ("leaves", ArrayType(TypeRef(1)))))
    first = signature_hash(takes_tree, (tree, product(("size", Primitive.U8))))

    moved = product(("left", option(TypeRef(2))), ("leaf", TypeRef(1)))
    takes_moved = Reducer("grow", "grow", product(("tree", TypeRef(2)), ("leaves", ArrayType(TypeRef(1)))))
    assert signature_hash(takes_moved, (UNIT, product(("size", Primitive.U8)), moved)) == first
    assert signature_hash(takes_moved, (UNIT, product(("size", Primitive.U16)), moved)) != first


def test_types_are_the_same_wherever_they_are() -> None:
    size = product(("size", Primitive.U8))
    assert are_same(TypeRef(0), (size,), TypeRef(1), (UNIT, size))
    assert not are_same(TypeRef(0), (size,), TypeRef(0), (product(("width", Primitive.U8)),))
    assert not are_same(Primitive.U8, (), Primitive.U16, ())
