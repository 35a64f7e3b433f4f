"""The order of keys, as SpacetimeDB sorts them.

Most Python values of SATS types compare as the types do. The others are turned into ones that do:
a variant declared earlier comes first whatever its payload (so ``Some`` before ``None``), and
floats have a total order in which NaN is the greatest and both zeros are one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from stdbpy.sats import shapes as s
from stdbpy.sats.values import Err, Some

Comparable = Callable[[Any], Any]
"""From a value to something that compares as values of its type should."""


class Top:
    """Greater than everything: stands behind a prefix to mean its last key."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True


TOP = Top()


def key_comparables(fields: tuple[s.Shape, ...], shapes: s.Shapes) -> tuple[Comparable | None, ...]:
    """For each part of a key the function that makes it comparable, ``None`` where it is already."""
    memo: dict[int, Comparable] = {}
    return tuple(_comparable(field, shapes, memo) for field in fields)


def _comparable(shape: s.Shape, shapes: s.Shapes, memo: dict[int, Comparable]) -> Comparable | None:
    match shape:
        case s.Float():
            return lambda value: (1,) if math.isnan(value) else (0, value)
        case s.List(element):
            of = _comparable(element, shapes, memo)
            return None if of is None else lambda value: [of(item) for item in value]
        case s.Option(some, wrapped):
            return _option(_comparable(some, shapes, memo), wrapped)
        case s.Result(ok, err):
            of_ok, of_err = _present(_comparable(ok, shapes, memo)), _present(_comparable(err, shapes, memo))
            return lambda value: (1, of_err(value.error)) if isinstance(value, Err) else (0, of_ok(value.value))
        case s.Record(fields=fields):
            parts = [_comparable(field, shapes, memo) for field in fields]
            if not any(parts):
                return None
            of_parts = [_present(part) for part in parts]
            return lambda value: tuple(of(item) for of, item in zip(of_parts, value, strict=True))
        case s.Union():
            return _union(shape, [_present(_comparable(payload, shapes, memo)) for payload in shape.payloads])
        case s.Call(index):
            if index not in memo:
                memo[index] = lambda value: memo[index](value)
                memo[index] = _present(_comparable(shapes.called[index], shapes, memo))
            return lambda value: memo[index](value)
        case _:
            return None


def _option(of: Comparable | None, wrapped: bool) -> Comparable:
    inner = _present(of)
    if wrapped:
        return lambda value: (0, inner(value.value)) if isinstance(value, Some) else (1,)
    return lambda value: (1,) if value is None else (0, inner(value))


def _union(shape: s.Union, of_payloads: list[Comparable]) -> Comparable:
    if shape.classes is not None:
        tags = {cls: tag for tag, cls in enumerate(shape.classes)}

        def of_instance(value: Any) -> Any:
            tag = tags[type(value)]
            return tag, of_payloads[tag](value.value)

        return of_instance
    labels = {shape.label(tag): tag for tag in range(len(shape.names))}

    def of_variant(value: Any) -> Any:
        tag = labels[value.name]
        return tag, None if s.is_unit(shape.payloads[tag]) else of_payloads[tag](value.value)

    return of_variant


def _present(of: Comparable | None) -> Comparable:
    return of or _itself


def _itself(value: Any) -> Any:
    return value
