"""Hypothesis strategies for random algebraic types and their values, as Python has them without classes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from hypothesis import strategies as st

from stdbpy.sats import types as t
from stdbpy.sats.values import (
    ConnectionId,
    Err,
    Identity,
    Interval,
    Ok,
    Some,
    Time,
    TimeDuration,
    Timestamp,
    Variant,
)

SPECIAL_TYPES = tuple(t.SPECIAL_NAMES)

_names = st.one_of(
    st.none(),
    st.sampled_from(["id", "name", "class", "self", "x y", "{}", "'", '"', "\\", "none", "é", "{a}", "__identity__"]),
    st.text(max_size=5),
).filter(lambda name: name is None or not name.isdigit())  # digits stand for elements and variants without a name


@dataclass(frozen=True)
class TypedValue:
    """A type, the typespace that its references are about, and one of its values."""

    type: t.AlgebraicType
    typespace: tuple[t.AlgebraicType, ...]
    value: Any


def _unique_names(count: int) -> st.SearchStrategy[list[str | None]]:
    return st.lists(_names, min_size=count, max_size=count, unique_by=lambda name: object() if name is None else name)


def _product(fields: list[t.AlgebraicType]) -> st.SearchStrategy[t.AlgebraicType]:
    return _unique_names(len(fields)).map(lambda names: t.product(*zip(names, fields, strict=True)))


def _sum(payloads: list[t.AlgebraicType]) -> st.SearchStrategy[t.AlgebraicType]:
    return _unique_names(len(payloads)).map(lambda names: t.sum_of(*zip(names, payloads, strict=True)))


@lru_cache
def types(*, earlier: int = 0, all_types: int = 0, max_leaves: int = 8) -> st.SearchStrategy[t.AlgebraicType]:
    """Any type that has values. It refers directly to the first ``earlier`` types of the typespace,
    and to all ``all_types`` of them inside an option or array, where recursion can end."""
    leaves = [st.sampled_from(t.Primitive), st.sampled_from(SPECIAL_TYPES), st.just(t.UNIT), st.just(t.BYTES)]
    if earlier:
        leaves.append(st.integers(0, earlier - 1).map(t.TypeRef))
    if all_types:
        refs = st.integers(0, all_types - 1).map(t.TypeRef)
        leaves += [refs.map(t.option), refs.map(t.ArrayType)]
    return st.recursive(
        st.one_of(leaves),
        lambda inner: st.one_of(
            inner.map(t.ArrayType),
            inner.map(t.option),
            st.tuples(inner, inner).map(lambda pair: t.result(*pair)),
            st.lists(inner, max_size=4).flatmap(_product),
            st.lists(inner, min_size=1, max_size=4).flatmap(_sum),
        ),
        max_leaves=max_leaves,
    )


@st.composite
def typespaces(draw: st.DrawFn, max_types: int = 3) -> tuple[t.AlgebraicType, ...]:
    """Up to ``max_types`` types, which may be recursive."""
    count = draw(st.integers(0, max_types))
    return tuple(draw(types(earlier=index, all_types=count, max_leaves=4)) for index in range(count))


_LEAF_VALUES: dict[t.AlgebraicType, st.SearchStrategy[Any]] = {
    t.Primitive.BOOL: st.booleans(),
    t.Primitive.STRING: st.text(max_size=8),
    t.BYTES: st.binary(max_size=8),
    t.IDENTITY: st.binary(min_size=32, max_size=32).map(Identity),
    t.CONNECTION_ID: st.binary(min_size=16, max_size=16).map(ConnectionId),
    t.TIMESTAMP: st.integers(-(2**63), 2**63 - 1).map(Timestamp),
    t.TIME_DURATION: st.integers(-(2**63), 2**63 - 1).map(TimeDuration),
    t.UUID: st.integers(0, 2**128 - 1).map(lambda number: uuid.UUID(int=number)),
    t.SCHEDULE_AT: st.one_of(
        st.integers(-(2**63), 2**63 - 1).map(lambda micros: Interval(TimeDuration(micros))),
        st.integers(-(2**63), 2**63 - 1).map(lambda micros: Time(Timestamp(micros))),
    ),
}
for _bits in (8, 16, 32, 64, 128, 256):
    _LEAF_VALUES[t.Primitive(f"U{_bits}")] = st.integers(0, 2**_bits - 1)
    _LEAF_VALUES[t.Primitive(f"I{_bits}")] = st.integers(-(2 ** (_bits - 1)), 2 ** (_bits - 1) - 1)


@lru_cache(maxsize=4096)
def values(
    type: t.AlgebraicType, typespace: tuple[t.AlgebraicType, ...] = (), *, finite: bool = True, depth: int = 4
) -> st.SearchStrategy[Any]:
    """The values of a type; floats are numbers unless ``finite`` is false. Recursion ends at ``depth``."""

    def inside(inner: t.AlgebraicType) -> st.SearchStrategy[Any]:
        return values(inner, typespace, finite=finite, depth=depth - 1)

    if type in (t.Primitive.F32, t.Primitive.F64):
        return st.floats(width=32 if type is t.Primitive.F32 else 64, allow_nan=not finite, allow_infinity=not finite)
    if type in _LEAF_VALUES:
        return _LEAF_VALUES[type]
    if isinstance(type, t.TypeRef):
        return st.deferred(lambda: values(typespace[type.index], typespace, finite=finite, depth=depth))
    if isinstance(type, t.ArrayType):
        if t.resolve(type.element, typespace) is t.Primitive.U8:
            return _LEAF_VALUES[t.BYTES]
        return st.just([]) if depth <= 0 else st.lists(inside(type.element), max_size=3)
    if isinstance(type, t.ProductType):
        return st.tuples(*(inside(element.type) for element in type.elements))
    assert isinstance(type, t.SumType)
    some = t.as_option(type)
    if some is not None:
        if depth <= 0:
            return st.none()
        return st.none() | (inside(some).map(Some) if _can_be_none(some, typespace) else inside(some))
    result = t.as_result(type)
    if result is not None:
        return inside(result[0]).map(Ok) | inside(result[1]).map(Err)
    variants = []
    for tag, variant in enumerate(type.variants):
        label = variant.name or str(tag)
        if t.resolve(variant.type, typespace) == t.UNIT:
            variants.append(st.just(Variant(label)))
        else:
            variants.append(inside(variant.type).map(partial(Variant, label)))
    return st.one_of(variants)


def _can_be_none(type: t.AlgebraicType, typespace: t.Typespace) -> bool:
    return t.as_option(t.resolve(type, typespace)) is not None


@st.composite
def typed_values(draw: st.DrawFn, *, finite: bool = True) -> TypedValue:
    """Any value of any type."""
    typespace = draw(typespaces())
    type = draw(types(earlier=len(typespace), all_types=len(typespace)))
    return TypedValue(type, typespace, draw(values(type, typespace, finite=finite)))


@st.composite
def typed_rows(draw: st.DrawFn) -> TypedValue:
    """Any list of rows of any product type."""
    typespace = draw(typespaces())
    fields = draw(st.lists(types(earlier=len(typespace), all_types=len(typespace), max_leaves=4), max_size=5))
    type = draw(_product(fields))
    return TypedValue(type, typespace, draw(st.lists(values(type, typespace), max_size=4)))
