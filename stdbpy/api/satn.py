"""Values of the algebraic type system as text for tables and as plain JSON for programs.

The text is that of the official program (SATN: ``(some = "x")``, ``0x…`` for identities and bytes), so
that scripts can read either program's tables; but arrays have brackets and commas, and identities and
the like look the same inside other values, which the official 2.8.3 gets wrong.

Plain JSON is what somebody who never heard of SATS-JSON expects: an option is its payload or ``null``,
a product an object, an identity a hex string, a timestamp RFC 3339 text. Integers keep every digit;
those of 256 bits are hex strings, and floats that are no numbers ``null``, as the HTTP API has them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from stdbpy.sats.texts import float_text, shortest_single, timestamp_text
from stdbpy.sats.types import (
    BYTES,
    CONNECTION_ID,
    IDENTITY,
    TIME_DURATION,
    TIMESTAMP,
    UNIT,
    UUID,
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductElement,
    ProductType,
    SumType,
    TypeRef,
    Typespace,
    as_option,
)
from stdbpy.sats.values import Some
from stdbpy.sats.variants import variants_of

T = TypeVar("T")

Write = Callable[[Any], T]

Plain = Any
"""What JSON can say: ``None``, bool, int of any size, finite float, str, list and dict of these."""


def _same(value: Any) -> Plain:
    return value


def plain_writer(type: AlgebraicType, typespace: Typespace = ()) -> Write[Plain]:
    """A function from a decoded value of ``type`` to plain JSON."""
    return _PlainWriters(typespace).of(type)


def satn_writer(type: AlgebraicType, typespace: Typespace = ()) -> Write[str]:
    """A function from a decoded value of ``type`` to its text in the official program's tables."""
    return TextWriters(typespace).of(type)


class _Writers(ABC, Generic[T]):
    """Makes one function per type, so that the types are looked at once and not for each value."""

    def __init__(self, typespace: Typespace) -> None:
        self._typespace = typespace
        self._known: dict[int, Write[T]] = {}
        """Those of the typespace's types, by their numbers."""

    def of(self, type: AlgebraicType) -> Write[T]:
        if isinstance(type, TypeRef):
            return self._referred(type.index)
        return self._special(type) or self._of_parts(type)

    def _referred(self, index: int) -> Write[T]:
        if index not in self._known:
            # A type that contains itself finds this one while its own is being made.
            self._known[index] = lambda value: self._known[index](value)
            self._known[index] = self.of(self._typespace[index])
        return self._known[index]

    @abstractmethod
    def _special(self, type: AlgebraicType) -> Write[T] | None: ...

    @abstractmethod
    def _of_parts(self, type: AlgebraicType) -> Write[T]: ...


class _PlainWriters(_Writers[Plain]):
    def _special(self, type: AlgebraicType) -> Write[Plain] | None:
        return _SPECIAL_TEXT.get(type)

    def _of_parts(self, type: AlgebraicType) -> Write[Plain]:
        match type:
            case Primitive.U256 | Primitive.I256:
                return hex
            case Primitive.F32:
                return _plain_single
            case Primitive.F64:
                return _plain_double
            case Primitive():
                return _same
            case ArrayType(element):
                item = self.of(element)
                return lambda value: [item(one) for one in value]
            case ProductType(elements):
                return self._product([element.name for element in elements], elements)
            case SumType():
                payload = as_option(type)
                return self._sum(type) if payload is None else self._option(payload)
        raise AssertionError(type)

    def _product(self, names: Sequence[str | None], elements: Sequence[ProductElement]) -> Write[Plain]:
        items = [self.of(element.type) for element in elements]
        if None in names:
            return lambda value: [item(one) for item, one in zip(items, value, strict=True)]
        return lambda value: {name: item(one) for name, item, one in zip(names, items, value, strict=True)}

    def _option(self, payload: AlgebraicType) -> Write[Plain]:
        inner = self.of(payload)

        def write(value: Any) -> Plain:
            if isinstance(value, Some):
                return {"some": inner(value.value)}
            return None if value is None else inner(value)

        return write

    def _sum(self, type: SumType) -> Write[Plain]:
        variant_of = variants_of(type)
        payloads = {variant.name: None if variant.type == UNIT else self.of(variant.type) for variant in type.variants}

        def write(value: Any) -> Plain:
            name, payload = variant_of(value)
            inner = payloads[name]
            return name if inner is None else {name: inner(payload)}

        return write


class TextWriters(_Writers[str]):
    """What :func:`satn_writer` is made of."""

    def _special(self, type: AlgebraicType) -> Write[str] | None:
        return _quoted if type == UUID else _SPECIAL_TEXT.get(type)

    def _of_parts(self, type: AlgebraicType) -> Write[str]:
        match type:
            case Primitive.BOOL:
                return lambda value: "true" if value else "false"
            case Primitive.STRING:
                return _quoted
            case Primitive.F32:
                return lambda value: float_text(value, single=True)
            case Primitive.F64:
                return lambda value: float_text(value, single=False)
            case Primitive():
                return lambda value: str(int(value))
            case ArrayType(element):
                item = self.of(element)
                return lambda value: f"[{', '.join([item(one) for one in value])}]"
            case ProductType(elements):
                named = [
                    (element.name or f"col_{position}", self.of(element.type))
                    for position, element in enumerate(elements)
                ]
                return lambda value: (
                    f"({', '.join([f'{name} = {item(one)}' for (name, item), one in zip(named, value, strict=True)])})"
                )
            case SumType():
                return self._sum(type)
        raise AssertionError(type)

    def _sum(self, type: SumType) -> Write[str]:
        variant_of = variants_of(type)
        payloads = {variant.name: self.of(variant.type) for variant in type.variants}

        def write(value: Any) -> str:
            name, payload = variant_of(value)
            return f"({name} = {payloads[name](payload)})"

        return write


def _quoted(value: Any) -> str:
    return f'"{value}"'


def _plain_single(value: float) -> Plain:
    return float(shortest_single(value)) if math.isfinite(value) else None


def _plain_double(value: float) -> Plain:
    return value if math.isfinite(value) else None


_SPECIAL_TEXT: dict[AlgebraicType, Callable[[Any], str]] = {
    IDENTITY: lambda value: f"0x{value}",
    CONNECTION_ID: lambda value: f"0x{value}",
    BYTES: lambda value: f"0x{value.hex()}",
    TIMESTAMP: timestamp_text,
    TIME_DURATION: str,
    UUID: str,
}
