"""Whether stored rows stay readable when a column's type changes.

Source of the rules: ``ensure_old_ty_upgradable_to_new`` in ``crates/schema/src/auto_migrate.rs`` and
the layout of rows in memory, ``crates/sats/src/layout.rs``, of SpacetimeDB 2.8.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.errors import SchemaError
from stdbpy.sats.types import (
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductElement,
    ProductType,
    SumType,
    SumVariant,
    TypeRef,
    Typespace,
)

_PRIMITIVE_SIZES = {
    Primitive.BOOL: 1,
    Primitive.I8: 1,
    Primitive.U8: 1,
    Primitive.I16: 2,
    Primitive.U16: 2,
    Primitive.I32: 4,
    Primitive.U32: 4,
    Primitive.F32: 4,
    Primitive.I64: 8,
    Primitive.U64: 8,
    Primitive.F64: 8,
    Primitive.I128: 16,
    Primitive.U128: 16,
    Primitive.I256: 32,
    Primitive.U256: 32,
}


ANOTHER_TYPE = "it is another type"
"""The obstacle that says no more than that the types differ."""


def without_references(type: AlgebraicType, typespace: Typespace, path: tuple[int, ...] = ()) -> AlgebraicType:
    """The type with every reference replaced by what it refers to.

    Raises ``SchemaError`` for a type that holds itself, which no column can have.
    """
    match type:
        case TypeRef(index):
            if index in path or index >= len(typespace):
                raise SchemaError(f"Type number {index} holds itself or does not exist, so no column can have it")
            return without_references(typespace[index], typespace, (*path, index))
        case ProductType(elements):
            return ProductType(
                tuple(ProductElement(it.name, without_references(it.type, typespace, path)) for it in elements)
            )
        case SumType(variants):
            return SumType(tuple(SumVariant(it.name, without_references(it.type, typespace, path)) for it in variants))
        case ArrayType(element):
            return ArrayType(without_references(element, typespace, path))
        case _:
            return type


def size_and_alignment(type: AlgebraicType) -> tuple[int, int]:
    """Of the fixed part of a value in a stored row, in bytes. ``type`` must have no references."""
    match type:
        case Primitive.STRING | ArrayType():
            return 4, 2  # where the variable part lies
        case ProductType(elements):
            size, alignment = 0, 1
            for element in elements:
                element_size, element_alignment = size_and_alignment(element.type)
                size = _aligned(size, element_alignment) + element_size
                alignment = max(alignment, element_alignment)
            return _aligned(size, alignment), alignment
        case SumType(variants):
            payloads = [size_and_alignment(variant.type) for variant in variants]
            alignment = max((alignment for _, alignment in payloads), default=1)
            # The tag comes first and takes as much room as the payload's alignment asks for.
            return alignment + _aligned(max((size for size, _ in payloads), default=0), alignment), alignment
        case Primitive():
            return _PRIMITIVE_SIZES[type], _PRIMITIVE_SIZES[type]
        case TypeRef():
            raise SchemaError("A reference has no size of its own")


def _aligned(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def obstacles(old: AlgebraicType, new: AlgebraicType) -> Iterator[str]:
    """Why values of ``old`` cannot be read as ``new``, each the end of a sentence about the new type;
    none if they can. Neither type may have references.

    Allowed is one change: a sum may get further variants behind those it has, as long as that makes
    its values no larger.
    """
    match old, new:
        case SumType(old_variants), SumType(new_variants):
            if len(old_variants) > len(new_variants):
                yield "it has fewer variants"
            for old_variant, new_variant in zip(old_variants, new_variants, strict=False):
                yield from obstacles(old_variant.type, new_variant.type)
                if old_variant.name != new_variant.name:
                    yield f"variant {old_variant.name!r} is now {new_variant.name!r}"
            if size_and_alignment(old) != size_and_alignment(new):
                yield "its values take another amount of space"
        case ProductType(old_elements), ProductType(new_elements):
            if len(old_elements) != len(new_elements):
                yield "it has another number of fields"
            for old_element, new_element in zip(old_elements, new_elements, strict=False):
                yield from obstacles(old_element.type, new_element.type)
                if old_element.name != new_element.name:
                    yield f"field {old_element.name!r} is now {new_element.name!r}"
        case ArrayType(old_element), ArrayType(new_element):
            yield from obstacles(old_element, new_element)
        case _ if old != new:
            yield ANOTHER_TYPE
