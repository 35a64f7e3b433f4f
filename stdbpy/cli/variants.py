"""Enums as people write them: ``"Admin"`` where the HTTP API wants ``{"Admin": []}``."""

from __future__ import annotations

from typing import Any

from stdbpy.sats.types import AlgebraicType, ArrayType, ProductType, SumType, Typespace, resolve


def unit_variants(type: SumType) -> set[str]:
    """The names of the variants that have no payload."""
    return {variant.name for variant in type.variants if variant.name is not None and variant.type == ProductType()}


def with_named_variants(value: Any, type: AlgebraicType, typespace: Typespace) -> Any:
    """``value``, SATS-JSON of ``type``, with the name of a variant without payload, wherever it stands
    alone, replaced by what servers take. What does not fit the type is left as it is."""
    type = resolve(type, typespace)
    match type, value:
        case SumType(), str() if value in unit_variants(type):
            return {value: []}
        case SumType(variants), dict() if len(value) == 1:
            types = {variant.name: variant.type for variant in variants}
            return _by_name(value, types, typespace)
        case SumType(variants), [int(tag), payload] if 0 <= tag < len(variants):
            return [tag, with_named_variants(payload, variants[tag].type, typespace)]
        case ProductType(elements), dict():
            return _by_name(value, {element.name: element.type for element in elements}, typespace)
        case ProductType(elements), list() if len(elements) == len(value):
            pairs = zip(value, elements, strict=True)
            return [with_named_variants(item, element.type, typespace) for item, element in pairs]
        case ArrayType(element), list():
            return [with_named_variants(item, element, typespace) for item in value]
        case _:
            return value


def _by_name(values: dict[str, Any], types: dict[str | None, AlgebraicType], typespace: Typespace) -> dict[str, Any]:
    return {
        name: with_named_variants(value, types[name], typespace) if name in types else value
        for name, value in values.items()
    }
