"""What a reducer's signature is to those who call it from another database: one number.

Source: ``reducer_signature_hash`` in ``spacetimedb-schema`` 2.14.
"""

from __future__ import annotations

from dataclasses import replace

from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.meta import ALGEBRAIC_TYPE, META_TYPESPACE, type_to_raw
from stdbpy.sats.types import AlgebraicType, ArrayType, ProductType, SumType, TypeRef, Typespace, product
from stdbpy.schema.keccak import keccak_256
from stdbpy.schema.model import Reducer

_DOMAIN = b"spacetimedb:idc:reducer-signature:v1\0"
_SIGNATURE = compile_codec(
    product(
        ("params", ALGEBRAIC_TYPE),
        ("ok_return_type", ALGEBRAIC_TYPE),
        ("err_return_type", ALGEBRAIC_TYPE),
        ("types", ArrayType(ALGEBRAIC_TYPE)),
    ),
    META_TYPESPACE,
)


def signature_hash(reducer: Reducer, typespace: Typespace) -> bytes:
    """32 bytes of the names, the order and the types of its parameters, and of what it returns."""
    types = _Renumbered(typespace)
    signature = [types.renumbered(type) for type in (reducer.params, reducer.ok_return_type, reducer.err_return_type)]
    return keccak_256(_DOMAIN + _SIGNATURE.encode((*map(type_to_raw, signature), list(map(type_to_raw, types.used)))))


def are_same(first: AlgebraicType, first_types: Typespace, second: AlgebraicType, second_types: Typespace) -> bool:
    """Whether two types of two modules are the same to those who call reducers of each other."""
    one, other = _Renumbered(first_types), _Renumbered(second_types)
    return (one.renumbered(first), one.used) == (other.renumbered(second), other.used)


class _Renumbered:
    """The types of a typespace that are used, in the order of their first use: what else a module has, and where, is
    no matter."""

    def __init__(self, typespace: Typespace) -> None:
        self._typespace = typespace
        self._places: dict[int, int] = {}
        self.used: list[AlgebraicType] = []

    def renumbered(self, type: AlgebraicType) -> AlgebraicType:
        match type:
            case TypeRef(index):
                return TypeRef(self._place_of(index))
            case ProductType(elements):
                return ProductType(tuple(replace(element, type=self.renumbered(element.type)) for element in elements))
            case SumType(variants):
                return SumType(tuple(replace(variant, type=self.renumbered(variant.type)) for variant in variants))
            case ArrayType(element):
                return ArrayType(self.renumbered(element))
        return type

    def _place_of(self, index: int) -> int:
        place = self._places.get(index)
        if place is None:
            # A type that refers to itself finds its place here.
            place = self._places[index] = len(self.used)
            self.used.append(TypeRef(index))
            self.used[place] = self.renumbered(self._typespace[index])
        return place
