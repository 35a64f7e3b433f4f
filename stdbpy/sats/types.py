"""Algebraic types: the SpacetimeDB algebraic type system's own description of a value.

Source of the format: ``crates/sats`` of SpacetimeDB (``algebraic_type.rs``). The order of
:class:`Primitive`'s members, after Ref, Sum, Product and Array (tags 0 to 3), is the order of the
tags in BSATN.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


class Primitive(enum.Enum):
    """The types without structure; the value is the name used in SATS-JSON."""

    STRING = "String"
    BOOL = "Bool"
    I8 = "I8"
    U8 = "U8"
    I16 = "I16"
    U16 = "U16"
    I32 = "I32"
    U32 = "U32"
    I64 = "I64"
    U64 = "U64"
    I128 = "I128"
    U128 = "U128"
    I256 = "I256"
    U256 = "U256"
    F32 = "F32"
    F64 = "F64"

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.value

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> object:
        """pydantic asks what ``u64`` and the like are annotated with how it reads and writes them."""
        from stdbpy.sats.pydantic_schemas import core_schema_of_number

        return core_schema_of_number(self)


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A reference to the type at ``index`` of the module's typespace."""

    index: int


@dataclass(frozen=True, slots=True)
class ArrayType:
    element: AlgebraicType


@dataclass(frozen=True, slots=True)
class ProductElement:
    name: str | None
    type: AlgebraicType


@dataclass(frozen=True, slots=True)
class ProductType:
    elements: tuple[ProductElement, ...] = ()

    @property
    def names(self) -> tuple[str | None, ...]:
        return tuple(element.name for element in self.elements)


@dataclass(frozen=True, slots=True)
class SumVariant:
    name: str | None
    type: AlgebraicType


@dataclass(frozen=True, slots=True)
class SumType:
    variants: tuple[SumVariant, ...] = ()


AlgebraicType = TypeRef | SumType | ProductType | ArrayType | Primitive

Typespace = Sequence[AlgebraicType]
"""The types of one module, which :class:`TypeRef` numbers from 0."""


def product(*elements: tuple[str | None, AlgebraicType]) -> ProductType:
    return ProductType(tuple(ProductElement(name, type) for name, type in elements))


def sum_of(*variants: tuple[str | None, AlgebraicType]) -> SumType:
    return SumType(tuple(SumVariant(name, type) for name, type in variants))


def option(some: AlgebraicType) -> SumType:
    return sum_of(("some", some), ("none", UNIT))


def result(ok: AlgebraicType, err: AlgebraicType) -> SumType:
    return sum_of(("ok", ok), ("err", err))


UNIT = ProductType()
NEVER = SumType()
BYTES = ArrayType(Primitive.U8)
IDENTITY = product(("__identity__", Primitive.U256))
CONNECTION_ID = product(("__connection_id__", Primitive.U128))
TIMESTAMP = product(("__timestamp_micros_since_unix_epoch__", Primitive.I64))
TIME_DURATION = product(("__time_duration_micros__", Primitive.I64))
UUID = product(("__uuid__", Primitive.U128))
SCHEDULE_AT = sum_of(("Interval", TIME_DURATION), ("Time", TIMESTAMP))

SPECIAL_NAMES: dict[AlgebraicType, str] = {
    IDENTITY: "Identity",
    CONNECTION_ID: "ConnectionId",
    TIMESTAMP: "Timestamp",
    TIME_DURATION: "TimeDuration",
    UUID: "Uuid",
    SCHEDULE_AT: "ScheduleAt",
}
"""Structural types that have a name and a Python class of their own."""


def as_option(type: AlgebraicType) -> AlgebraicType | None:
    """The payload type if ``type`` is an option (``some``, ``none``), else ``None``."""
    if isinstance(type, SumType) and len(type.variants) == 2:
        some, none = type.variants
        if (some.name, none.name) == ("some", "none") and none.type == UNIT:
            return some.type
    return None


def as_result(type: AlgebraicType) -> tuple[AlgebraicType, AlgebraicType] | None:
    """``(ok, err)`` if ``type`` is a result, else ``None``."""
    if isinstance(type, SumType) and len(type.variants) == 2:
        ok, err = type.variants
        if (ok.name, err.name) == ("ok", "err"):
            return ok.type, err.type
    return None


def resolve(type: AlgebraicType, typespace: Typespace) -> AlgebraicType:
    """Follows references until the outermost type is none. Raises ``IndexError`` out of bounds."""
    for _ in range(len(typespace) + 1):
        if not isinstance(type, TypeRef):
            return type
        type = typespace[type.index]
    raise IndexError("a type reference that only refers to itself")


def children(type: AlgebraicType) -> Iterator[AlgebraicType]:
    """The types directly inside ``type``; a reference has none."""
    match type:
        case ArrayType(element):
            yield element
        case ProductType(elements):
            yield from (element.type for element in elements)
        case SumType(variants):
            yield from (variant.type for variant in variants)
        case _:
            return
