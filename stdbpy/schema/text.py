"""What is in a module in words, and its functions: how they are called, with an example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stdbpy.errors import counted
from stdbpy.sats.naming import params_text, type_text
from stdbpy.sats.types import (
    TIME_DURATION,
    TIMESTAMP,
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductType,
    SumType,
    TypeRef,
    as_option,
)
from stdbpy.schema.model import QUERY_FIELD, ModuleSchema, Procedure, Reducer, View

_A_SECOND = 1_000_000
_A_MOMENT = 1_700_000_000 * _A_SECOND
"""2023-11-14, in microseconds since 1970."""


def reducer_signature(schema: ModuleSchema, function: Reducer | Procedure | View) -> str:
    """``add(name: str, age: u32)``; for procedures and views with ``-> …`` behind it."""
    signature = f"{function.name}({params_text(function.params, type_namer(schema))})"
    return (
        signature if isinstance(function, Reducer) else f"{signature} -> {describe_type(schema, function.return_type)}"
    )


def describe_type(schema: ModuleSchema, type: AlgebraicType) -> str:
    """The type in the words of a Python programmer, with the module's own names."""
    return type_in_words(type, type_namer(schema))


def type_in_words(type: AlgebraicType, name_of: Callable[[int], str]) -> str:
    """As :func:`describe_type`; ``name_of`` gives the name of a type by its index."""
    if isinstance(type, ProductType) and type.names == (QUERY_FIELD,):
        return f"Query[{type_text(type.elements[0].type, name_of)}]"
    return type_text(type, name_of)


def type_namer(schema: ModuleSchema) -> Callable[[int], str]:
    """Gives the name of the module's type at an index, or ``type7`` where it has none."""
    return lambda ref: schema.type_names[ref].full_name if ref in schema.type_names else f"type{ref}"


def sample_arguments(schema: ModuleSchema, function: Reducer | Procedure) -> list[Any]:
    """An example of arguments, in JSON as the HTTP API takes it: ``["name", 1]``."""
    samples = _Samples(schema)
    return [samples.of(parameter.type, parameter.name or "text") for parameter in function.params.elements]


class _Endless(Exception):
    """On this way through the type there is no end: it holds itself."""


class _Samples:
    def __init__(self, schema: ModuleSchema) -> None:
        self._typespace = schema.typespace

    def of(self, type: AlgebraicType, label: str, path: tuple[int, ...] = ()) -> Any:
        match type:
            case Primitive.STRING:
                return label
            case Primitive.BOOL:
                return True
            case Primitive.F32 | Primitive.F64:
                return 1.5
            case Primitive.I256 | Primitive.U256:
                return "0x1"
            case Primitive():
                return 1
            case TypeRef(index):
                if index in path:
                    raise _Endless
                return self.of(self._typespace[index], label, (*path, index))
            case ArrayType(Primitive.U8):
                return "00ff"
            case ArrayType(element):
                return self._else([], lambda: [self.of(element, label, path)])
            case ProductType():
                return self._of_product(type, path)
            case SumType():
                return self._of_sum(type, label, path)

    def _of_product(self, type: ProductType, path: tuple[int, ...]) -> Any:
        if type in (TIMESTAMP, TIME_DURATION):
            return {type.names[0]: _A_MOMENT if type == TIMESTAMP else _A_SECOND}
        values = [self.of(element.type, element.name or "text", path) for element in type.elements]
        return values if None in type.names else dict(zip(type.names, values, strict=True))

    def _of_sum(self, type: SumType, label: str, path: tuple[int, ...]) -> Any:
        some = as_option(type)
        if some is not None:
            return self._else({"none": []}, lambda: {"some": self.of(some, label, path)})
        for tag, variant in enumerate(type.variants):
            try:
                payload = self.of(variant.type, variant.name or "text", path)
            except _Endless:
                continue
            return [tag, payload] if variant.name is None else {variant.name: payload}
        raise _Endless

    def _else(self, end: Any, sample: Callable[[], Any]) -> Any:
        try:
            return sample()
        except _Endless:
            return end


def contents_text(schema: ModuleSchema) -> str:
    """What there is in a module and those mounted in it: ``3 tables, 8 reducers, 1 view``."""
    modules = [module for _, module in schema.walk()]
    numbers = {
        "table": sum(len(module.tables) for module in modules),
        "reducer": sum(len(module.reducers) for module in modules),
        "view": sum(len(module.views) for module in modules),
        "procedure": sum(len(module.procedures) for module in modules),
        "HTTP handler": sum(len(module.http_handlers) for module in modules),
    }
    always = ("table", "reducer")
    return ", ".join(counted(number, noun) for noun, number in numbers.items() if number or noun in always)
