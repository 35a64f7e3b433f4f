"""BSATN by the codecs that are built into the runtime for WebAssembly, instead of functions that are generated.

``runtime/shim/codec.c`` has them. They notice *that* a value or bytes do not fit, as generated functions do;
:mod:`stdbpy.sats.bsatn_checking` then finds out why.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, cast
from uuid import UUID

from stdbpy.sats import shapes as s
from stdbpy.sats.accepting import as_bytes, as_sequence, elements_of
from stdbpy.sats.failures import DEPTH_LIMIT, ZERO_SIZE_LIMIT, Bad
from stdbpy.sats.values import (
    ConnectionId,
    Err,
    Identity,
    Ok,
    Some,
    TimeDuration,
    Timestamp,
    Variant,
    uuid_from_int,
)

_KINDS = (
    "bool",
    "int",
    "float",
    "text",
    "bytes",
    "reversed_bytes",
    "time",
    "uuid",
    "list",
    "option",
    "result",
    "tuple",
    "record",
    "members",
    "classes",
    "variants",
    "call",
)
"""In the order of ``Kind`` in ``runtime/shim/codec_plan.h``."""

_PARTS = (Bad, as_bytes, as_sequence, elements_of, uuid_from_int, DEPTH_LIMIT, ZERO_SIZE_LIMIT)
_CLASSES: dict[str, tuple[type, type | None]] = {
    "Identity": (Identity, None),
    "ConnectionId": (ConnectionId, None),
    "Timestamp": (Timestamp, TimeDuration),
    "TimeDuration": (TimeDuration, Timestamp),
    "Uuid": (UUID, None),
}
"""Of special values, and what is made of the same number but is no such value."""

Plan: TypeAlias = tuple[int, int, tuple["Plan", ...], type | None, type | None, tuple[Any, ...], tuple[Any, ...], bool]
"""Kind, size, parts, class, other class, names, units, and whether a number has a sign or a record is plain; what each
is for, ``runtime/shim/codec_plan.h`` says."""


class BuiltinCodec(Protocol):
    def write(self, value: Any, /) -> bytes: ...
    def write_rows(self, values: Sequence[Any], /) -> bytes: ...
    def read(self, data: bytes, /) -> Any: ...
    def read_part(self, data: bytes, offset: int, /) -> tuple[Any, int]: ...
    def read_rows(self, data: bytes, /) -> list[Any]: ...


def builtin_codec(shapes: s.Shapes) -> BuiltinCodec:
    codec: BuiltinCodec | None = shapes.builtin
    if codec is None:
        make = importlib.import_module("_spacetimedb").Codec
        numbers = {number: place for place, number in enumerate(shapes.called)}
        plans = [_plan(shapes, shape, numbers) for shape in (shapes.root, *shapes.called.values())]
        shapes.builtin = codec = cast("BuiltinCodec", make(plans[0], tuple(plans[1:]), _PARTS))
    return codec


class WriterSource:
    """The same functions as those of :class:`stdbpy.sats.bsatn_writing.WriterSource`."""

    def __init__(self, shapes: s.Shapes) -> None:
        self._codec = builtin_codec(shapes)

    def whole(self) -> Callable[[Any], bytes]:
        return self._codec.write

    def rows(self) -> Callable[[Sequence[Any]], bytes]:
        return self._codec.write_rows


class ReaderSource:
    """The same functions as those of :class:`stdbpy.sats.bsatn_reading.ReaderSource`."""

    def __init__(self, shapes: s.Shapes) -> None:
        self._codec = builtin_codec(shapes)

    def whole(self) -> Callable[[bytes], Any]:
        return self._codec.read

    def part(self) -> Callable[[bytes, int], tuple[Any, int]]:
        return self._codec.read_part

    def rows(self) -> Callable[[bytes], list[Any]]:
        return self._codec.read_rows


def _plan(shapes: s.Shapes, shape: s.Shape, called: dict[int, int]) -> Plan:
    def plans(parts: Sequence[s.Shape]) -> tuple[Plan, ...]:
        return tuple(_plan(shapes, part, called) for part in parts)

    match shape:
        case s.Bool():
            return _told("bool")
        case s.Int(size, signed):
            return _told("int", size, flag=signed)
        case s.Float(size):
            return _told("float", size)
        case s.Text():
            return _told("text")
        case s.Bytes():
            return _told("bytes")
        case s.Special():
            return _special(shape)
        case s.List(element):
            return _told("list", shapes.least_size(element), plans([element]))
        case s.Option(some, wrapped):
            return _told("option", 0, plans([some]), Some if wrapped else None)
        case s.Result(ok, err):
            return _told("result", 0, plans([ok, err]), Ok, Err)
        case s.Record(_, fields, cls) if cls is not None:
            return _told("record", 0, plans(fields), cls, names=shape.attributes, flag=is_plain(cls))
        case s.Record(_, fields):
            return _told("tuple", 0, plans(fields), names=shape.labels)
        case s.Union(members=members) if members is not None:
            return _told("members", names=members)
        case s.Union(payloads=payloads, classes=classes) if classes is not None:
            units = tuple(cls() if s.is_unit(each) else None for cls, each in zip(classes, payloads, strict=True))
            return _told("classes", 0, plans(payloads), names=classes, units=units)
        case s.Union(payloads=payloads):
            units = tuple(
                Variant(label) if s.is_unit(each) else None for label, each in zip(shape.labels, payloads, strict=True)
            )
            return _told("variants", 0, plans(payloads), Variant, names=shape.labels, units=units)
        case s.Call(number):
            return _told("call", called[number])


def _special(shape: s.Special) -> Plan:
    cls, other = _CLASSES[shape.name]
    kind = "uuid" if cls is UUID else "time" if other else "reversed_bytes"
    return _told(kind, shape.number.size, (), cls, other, flag=shape.number.signed)


def _told(
    kind: str,
    size: int = 0,
    parts: tuple[Plan, ...] = (),
    cls: type | None = None,
    other: type | None = None,
    names: tuple[Any, ...] = (),
    units: tuple[Any, ...] = (),
    *,
    flag: bool = False,
) -> Plan:
    return _KINDS.index(kind), size, parts, cls, other, names, units, flag


def is_plain(cls: type) -> bool:
    """Whether all that making an instance does is to set its fields."""
    return (
        cls.__dict__.get("__init__") is cls.__dict__.get(s.PLAIN) is not None
        and all(getattr(cls, name) is getattr(object, name) for name in ("__new__", "__setattr__"))
        and type(cls).__call__ is type.__call__
    )
