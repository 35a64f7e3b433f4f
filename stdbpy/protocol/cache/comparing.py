"""Values as the server compares them: keys for dictionaries and for ordering.

The server orders floats totally (NaN is equal to itself and above all numbers, -0.0 equals 0.0),
sums by their tags, products by their elements. Python's values mostly do the same, and then stand
for themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeAlias

from stdbpy.sats import shapes as s
from stdbpy.sats.values import Err, Ok

ToKey: TypeAlias = Callable[[Any], Any]


class ComparisonKeys:
    """Functions from values of some shapes to hashable keys that are equal and ordered as the server
    has the values."""

    def __init__(self, shapes: s.Shapes) -> None:
        self._shapes = shapes
        self._called: dict[int, ToKey] = {}

    def hashed_by(self, shape: s.Shape) -> ToKey | None:
        """The key by which a dictionary finds a value; ``None`` where the value itself serves."""
        if isinstance(shape, s.Union) and shape.members is not None:
            return None
        return self.ordered_by(shape)

    def ordered_by(self, shape: s.Shape) -> ToKey | None:
        """The key by which values are sorted; ``None`` where the value itself serves."""
        match shape:
            case s.Bool() | s.Int() | s.Text() | s.Bytes() | s.Special():
                return None
            case s.Float():
                return _float_key
            case s.List(element):
                to_key = self._of(element)
                return lambda values: tuple(map(to_key, values))
            case s.Option(some, wrapped):
                return _option_key(self._of(some), wrapped=wrapped)
            case s.Result(ok, err):
                return _result_key(self._of(ok), self._of(err))
            case s.Record():
                return self._record_key(shape)
            case s.Union():
                return self._union_key(shape)
            case s.Call(number):
                return self._call_key(number)

    def _of(self, shape: s.Shape) -> ToKey:
        return self.ordered_by(shape) or _itself

    def _record_key(self, shape: s.Record) -> ToKey:
        to_keys = [self._of(field) for field in shape.fields]
        attributes = shape.attributes
        if shape.cls is None:
            return lambda value: tuple(to_key(part) for to_key, part in zip(to_keys, value, strict=True))
        return lambda value: tuple(
            to_key(getattr(value, attribute)) for to_key, attribute in zip(to_keys, attributes, strict=True)
        )

    def _union_key(self, shape: s.Union) -> ToKey:
        if shape.members is not None:
            return {member: tag for tag, member in enumerate(shape.members)}.__getitem__
        payloads = [None if s.is_unit(payload) else self._of(payload) for payload in shape.payloads]
        tags: dict[object, int] = {label: tag for tag, label in enumerate(shape.classes or shape.labels)}
        label_of: ToKey = type if shape.classes else attrgetter("name")

        def to_key(value: Any) -> tuple[Any, ...]:
            tag = tags[label_of(value)]
            payload = payloads[tag]
            return (tag,) if payload is None else (tag, payload(value.value))

        return to_key

    def _call_key(self, number: int) -> ToKey:
        def to_key(value: Any) -> Any:
            known = self._called.get(number)
            if known is None:
                known = self._called[number] = self._of(self._shapes.called[number])
            return known(value)

        return to_key


def has_floats(shape: s.Shape, shapes: s.Shapes) -> bool:
    """Whether values of the shape can hold floats: they can be equal in Python though their bytes
    differ (-0.0), and the other way round (NaN)."""
    seen: set[int] = set()

    def found(shape: s.Shape) -> bool:
        match shape:
            case s.Float():
                return True
            case s.List(element):
                return found(element)
            case s.Option(some, _):
                return found(some)
            case s.Result(ok, err):
                return found(ok) or found(err)
            case s.Record(fields=parts) | s.Union(payloads=parts):
                return any(map(found, parts))
            case s.Call(number) if number not in seen:
                seen.add(number)
                return found(shapes.called[number])
            case _:
                return False

    return found(shape)


def _itself(value: Any) -> Any:
    return value


def _float_key(value: float) -> tuple[bool, float]:
    return (True, 0.0) if value != value else (False, value)  # only NaN differs from itself


def _option_key(payload_key: ToKey, *, wrapped: bool) -> ToKey:
    payload_of: ToKey = attrgetter("value") if wrapped else _itself
    return lambda value: (1,) if value is None else (0, payload_key(payload_of(value)))


def _result_key(ok_key: ToKey, err_key: ToKey) -> ToKey:
    def to_key(value: Ok[Any] | Err[Any]) -> tuple[int, Any]:
        return (0, ok_key(value.value)) if isinstance(value, Ok) else (1, err_key(value.error))

    return to_key
