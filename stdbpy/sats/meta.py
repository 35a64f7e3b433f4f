"""Algebraic types as values: BSATN and JSON of ``AlgebraicType`` itself.

Module definitions hold types as data, so there is an algebraic type of algebraic types: a sum
whose variants are Ref, Sum, Product, Array and the primitives, in that order (``crates/sats``,
``algebraic_type.rs``). *Raw* below is what a codec for :data:`ALGEBRAIC_TYPE` over
:data:`META_TYPESPACE` gives: nested ``Variant`` and tuples. The JSON is that of the HTTP API, as in
``{"Product": {"elements": [{"name": {"some": "id"}, "algebraic_type": {"U64": []}}]}}``.
"""

from __future__ import annotations

from typing import Any

from stdbpy.errors import DecodeError, NewerThanUnderstood
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import Variant

ALGEBRAIC_TYPE = t.TypeRef(0)
_NAMED_TYPE = t.product(("name", t.option(t.Primitive.STRING)), ("algebraic_type", ALGEBRAIC_TYPE))
SUM_TYPE = t.product(("variants", t.ArrayType(_NAMED_TYPE)))
PRODUCT_TYPE = t.product(("elements", t.ArrayType(_NAMED_TYPE)))

META_TYPESPACE: tuple[t.AlgebraicType, ...] = (
    t.sum_of(
        ("Ref", t.Primitive.U32),
        ("Sum", SUM_TYPE),
        ("Product", PRODUCT_TYPE),
        ("Array", ALGEBRAIC_TYPE),
        *((primitive.value, t.UNIT) for primitive in t.Primitive),
    ),
)
"""Index 0 is ``AlgebraicType``. A description that contains types puts its own types behind it."""

TYPE_NESTING_LIMIT = 100
"""How deeply types may be inside each other; real ones stay below ten."""

_PRIMITIVES = {primitive.value: primitive for primitive in t.Primitive}
_codec = compile_codec(ALGEBRAIC_TYPE, META_TYPESPACE)


def type_from_raw(raw: Any) -> t.AlgebraicType:
    """The type that a decoded raw value stands for. Raises ``DecodeError``."""
    return _from_raw(raw, 0)


def _from_raw(raw: Any, depth: int) -> t.AlgebraicType:
    if depth > TYPE_NESTING_LIMIT:
        raise DecodeError("the type is nested too deeply")
    match raw:
        case Variant("Ref", int(index)):
            return t.TypeRef(index)
        case Variant("Sum", (list() as variants,)):
            return t.SumType(tuple(t.SumVariant(name, _from_raw(type, depth + 1)) for name, type in variants))
        case Variant("Product", (list() as elements,)):
            return t.ProductType(tuple(t.ProductElement(name, _from_raw(type, depth + 1)) for name, type in elements))
        case Variant("Array", element):
            return t.ArrayType(_from_raw(element, depth + 1))
        case Variant(name, None) if name in _PRIMITIVES:
            return _PRIMITIVES[name]
    raise DecodeError(f"{str(raw)[:60]} is no algebraic type")


def type_to_raw(type: t.AlgebraicType) -> Variant:
    """The raw value of a type; the inverse of :func:`type_from_raw`."""
    match type:
        case t.TypeRef(index):
            return Variant("Ref", index)
        case t.SumType(variants):
            return Variant("Sum", ([(variant.name, type_to_raw(variant.type)) for variant in variants],))
        case t.ProductType(elements):
            return Variant("Product", ([(element.name, type_to_raw(element.type)) for element in elements],))
        case t.ArrayType(element):
            return Variant("Array", type_to_raw(element))
        case t.Primitive():
            return Variant(type.value)


def type_to_bytes(type: t.AlgebraicType) -> bytes:
    """The type in BSATN."""
    return _codec.encode(type_to_raw(type))


def type_from_bytes(data: bytes) -> t.AlgebraicType:
    """The type that BSATN holds. Raises ``DecodeError``."""
    return type_from_raw(_codec.decode(data))


def type_to_json(type: t.AlgebraicType) -> dict[str, Any]:
    """The type as the JSON of ``GET /v1/database/…/schema`` says it."""
    match type:
        case t.TypeRef(index):
            return {"Ref": index}
        case t.SumType(variants):
            return {"Sum": {"variants": [_named_to_json(variant.name, variant.type) for variant in variants]}}
        case t.ProductType():
            return {"Product": product_to_json(type)}
        case t.ArrayType(element):
            return {"Array": type_to_json(element)}
        case t.Primitive():
            return {type.value: []}


def product_to_json(type: t.ProductType) -> dict[str, Any]:
    """A product where only a product can stand: without the ``{"Product": …}`` around it."""
    return {"elements": [_named_to_json(element.name, element.type) for element in type.elements]}


def _named_to_json(name: str | None, type: t.AlgebraicType) -> dict[str, Any]:
    return {"name": {"none": []} if name is None else {"some": name}, "algebraic_type": type_to_json(type)}


def type_from_json(obj: Any) -> t.AlgebraicType:
    """The type that JSON says. Raises ``DecodeError``, or ``NewerThanUnderstood`` for an unknown kind."""
    return _from_json(obj, 0)


def product_from_json(obj: Any) -> t.ProductType:
    """The inverse of :func:`product_to_json`. Raises as :func:`type_from_json` does."""
    return t.ProductType(tuple(t.ProductElement(*named) for named in _named_from_json(obj, "elements", 0)))


def _from_json(obj: Any, depth: int) -> t.AlgebraicType:
    if depth > TYPE_NESTING_LIMIT:
        raise DecodeError("the type is nested too deeply")
    if not isinstance(obj, dict) or len(obj) != 1:
        raise DecodeError(f"expected a type such as {{'U8': []}}, not {str(obj)[:60]}")
    [(kind, content)] = obj.items()
    match kind:
        case "Ref" if isinstance(content, int) and not isinstance(content, bool):
            return t.TypeRef(content)
        case "Sum":
            return t.SumType(tuple(t.SumVariant(*named) for named in _named_from_json(content, "variants", depth)))
        case "Product":
            elements = _named_from_json(content, "elements", depth)
            return t.ProductType(tuple(t.ProductElement(*named) for named in elements))
        case "Array":
            return t.ArrayType(_from_json(content, depth + 1))
        case "Ref":
            raise DecodeError(f"expected the number of a type, not {str(content)[:60]}")
        case str():
            try:
                return t.Primitive(kind)
            except ValueError:
                raise NewerThanUnderstood(f"the kind of type {kind!r}") from None
    raise DecodeError(f"{kind!r} is no kind of type")


def _named_from_json(content: Any, key: str, depth: int) -> list[tuple[str | None, t.AlgebraicType]]:
    items = content.get(key) if isinstance(content, dict) else None
    if not isinstance(items, list):
        raise DecodeError(f"expected an object with a list {key!r}, not {str(content)[:60]}")
    named: list[tuple[str | None, t.AlgebraicType]] = []
    for item in items:
        match item:
            case {"name": {"some": str(name)}, "algebraic_type": type}:
                named.append((name, _from_json(type, depth + 1)))
            case {"name": {"none": _} | None, "algebraic_type": type}:
                named.append((None, _from_json(type, depth + 1)))
            case _:
                raise DecodeError(f"expected an object with 'name' and 'algebraic_type' in {key}, not {str(item)[:60]}")
    return named
