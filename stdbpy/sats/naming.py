"""Types in the words of a Python programmer: ``list[u32]``, ``Identity``, ``Person | None``."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stdbpy.sats import types as t

_PYTHON_NAMES = {t.Primitive.STRING: "str", t.Primitive.BOOL: "bool"}


def type_text(type: t.AlgebraicType, name_of: Callable[[int], str] = "type{}".format) -> str:
    """``type`` for people. ``name_of`` gives the name of a type of the typespace by its index.

    >>> type_text(t.option(t.ArrayType(t.Primitive.U32)))
    'list[u32] | None'
    """
    match type:
        case t.Primitive():
            return _PYTHON_NAMES.get(type, type.value.lower())
        case t.TypeRef(index):
            return name_of(index)
        case t.ArrayType(t.Primitive.U8):
            return "bytes"
        case t.ArrayType(element):
            return f"list[{type_text(element, name_of)}]"
        case t.ProductType(elements):
            if type in t.SPECIAL_NAMES:
                return t.SPECIAL_NAMES[type]
            if not elements:
                return "tuple[()]"
            return f"({_fields(((element.name, element.type) for element in elements), name_of)})"
        case t.SumType(variants):
            return _sum_text(type, variants, name_of)


def params_text(params: t.ProductType, name_of: Callable[[int], str] = "type{}".format) -> str:
    """The parameters of a function: ``name: str, level: u32``."""
    return _fields(((element.name, element.type) for element in params.elements), name_of)


def _sum_text(type: t.SumType, variants: tuple[t.SumVariant, ...], name_of: Callable[[int], str]) -> str:
    if type == t.SCHEDULE_AT:
        return t.SPECIAL_NAMES[type]
    some = t.as_option(type)
    if some is not None:
        text = type_text(some, name_of)
        return f"Some[{text}] | None" if t.as_option(some) is not None else f"{text} | None"
    result = t.as_result(type)
    if result is not None:
        return f"Ok[{type_text(result[0], name_of)}] | Err[{type_text(result[1], name_of)}]"
    if not variants:
        return "Never"
    return " | ".join(_variant_text(variant, tag, name_of) for tag, variant in enumerate(variants))


def _variant_text(variant: t.SumVariant, tag: int, name_of: Callable[[int], str]) -> str:
    name = variant.name or str(tag)
    return name if variant.type == t.UNIT else f"{name}({type_text(variant.type, name_of)})"


def _fields(fields: Iterable[tuple[str | None, t.AlgebraicType]], name_of: Callable[[int], str]) -> str:
    return ", ".join(
        type_text(type, name_of) if name is None else f"{name}: {type_text(type, name_of)}" for name, type in fields
    )
