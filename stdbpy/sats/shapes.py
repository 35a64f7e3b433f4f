"""Shapes: an algebraic type joined with the Python classes of its values, references resolved.

Every codec of this room is generated from shapes, so that BSATN, SATS-JSON and the error messages
agree on what the Python value of a type is:

==================================  ==========================================================
type                                Python value
==================================  ==========================================================
Bool, integers, floats, String      ``bool``, ``int``, ``float``, ``str``
Array of U8                         ``bytes``
other Array                         ``list``
Option                              the payload or ``None``; ``Some(payload)`` if the payload
                                    is itself an option
Result                              ``Ok`` or ``Err``
Identity, Timestamp, Uuid, …        the class of that name in ``sats.values``; ``uuid.UUID``
product with a class                an instance, called with the elements in order
other product                       ``tuple``
sum with a class                    a member of the ``enum.Enum``, or an instance of one of the
                                    variant classes
other sum                           ``Variant``
==================================  ==========================================================
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, NamedTuple

from stdbpy.errors import SatsError, counted
from stdbpy.sats import types as t
from stdbpy.sats.values import Interval, Time

MAX_VARIANTS = 256
"""A tag is one byte."""

PLAIN = "__plain__"
"""The attribute of a class that is its ``__init__``, if that does no more than to set the fields."""

INLINE_WEIGHT = 64
"""A referenced type with more parts than this gets a function of its own; a smaller one is written
out where it is used, so that its fixed-size fields join those around it."""

INLINE_NESTING = 12
"""Every so many levels of nesting get a function of their own: Python's parser takes no more than
20 loops or 100 indentations inside each other."""


class Bool(NamedTuple):
    pass


class Int(NamedTuple):
    size: int
    """In bytes: 1 to 32."""
    signed: bool

    @property
    def name(self) -> str:
        return f"{'i' if self.signed else 'u'}{8 * self.size}"

    @property
    def lowest(self) -> int:
        return -(1 << (8 * self.size - 1)) if self.signed else 0

    @property
    def highest(self) -> int:
        return (1 << (8 * self.size - self.signed)) - 1


class Float(NamedTuple):
    size: int

    @property
    def name(self) -> str:
        return f"f{8 * self.size}"


class Text(NamedTuple):
    pass


class Bytes(NamedTuple):
    pass


class Special(NamedTuple):
    """A product of one number that has a Python class of its own."""

    name: str
    field: str
    number: Int


class List(NamedTuple):
    element: Shape


class Option(NamedTuple):
    some: Shape
    wrapped: bool
    """The payload can itself be ``None``: a present one is wrapped in ``Some``."""


class Result(NamedTuple):
    ok: Shape
    err: Shape


class Record(NamedTuple):
    names: tuple[str | None, ...]
    fields: tuple[Shape, ...]
    cls: type | None = None
    attributes: tuple[str, ...] = ()
    """What the class calls the fields (a generated class says ``class_`` for ``class``)."""

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(map(self.label, range(len(self.names))))

    def label(self, position: int) -> str:
        """The element's name, or its position if it has none."""
        return self.names[position] or str(position)


class Union(NamedTuple):
    names: tuple[str | None, ...]
    payloads: tuple[Shape, ...]
    members: tuple[enum.Enum, ...] | None = None
    classes: tuple[type, ...] | None = None
    """Variant classes; the payload is their attribute ``value``, absent for a unit payload."""

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(map(self.label, range(len(self.names))))

    def label(self, tag: int) -> str:
        """The variant's name, or its tag if it has none."""
        return self.names[tag] or str(tag)


class Call(NamedTuple):
    """A type that is read and written by a function of its own: a referenced one, or (numbered
    below 0) one that is nested too deeply to be written out."""

    number: int


Shape = Bool | Int | Float | Text | Bytes | Special | List | Option | Result | Record | Union | Call
_NESTS = (List, Option, Result, Record, Union)

_PRIMITIVES: dict[t.Primitive, Shape] = {
    t.Primitive.BOOL: Bool(),
    t.Primitive.STRING: Text(),
    t.Primitive.F32: Float(4),
    t.Primitive.F64: Float(8),
    **{t.Primitive(f"U{8 * size}"): Int(size, signed=False) for size in (1, 2, 4, 8, 16, 32)},
    **{t.Primitive(f"I{8 * size}"): Int(size, signed=True) for size in (1, 2, 4, 8, 16, 32)},
}


def is_unit(shape: Shape) -> bool:
    return isinstance(shape, Record) and not shape.fields and shape.cls is None


class Shapes:
    """The shape of one type and of all types it refers to. Raises ``SatsError`` for a reference
    that leads nowhere and for a class that does not fit its type."""

    def __init__(self, type: t.AlgebraicType, typespace: t.Typespace, classes: Mapping[int, type]) -> None:
        self._typespace = typespace
        self._classes = classes
        self._weights: dict[int, float] = {}
        self._least: dict[int, int] = {}
        self._pending: list[int] = []
        self._nesting = 0
        self.called: dict[int, Shape] = {}
        self.builtin: Any = None
        """What the codecs that are built in make of it: see ``bsatn_builtin``."""
        try:
            self.root = self._shape(type)
            while self._pending:
                index = self._pending.pop()
                if index not in self.called:
                    self.called[index] = self._referenced(index)
        except RecursionError:
            raise SatsError("the type is nested too deeply") from None

    # --- building ----------------------------------------------------------------------------

    def _shape(self, type: t.AlgebraicType) -> Shape:
        self._nesting += 1
        shape = self._build(type)
        self._nesting -= 1
        if self._nesting and self._nesting % INLINE_NESTING == 0 and isinstance(shape, _NESTS):
            index = -1 - len(self.called)
            self.called[index] = shape
            return Call(index)
        return shape

    def _build(self, type: t.AlgebraicType) -> Shape:
        match type:
            case t.Primitive():
                return _PRIMITIVES[type]
            case t.TypeRef(index):
                if self._weight(type) <= INLINE_WEIGHT:
                    return self._referenced(index)
                self._pending.append(index)
                return Call(index)
            case t.ArrayType(t.Primitive.U8):
                return Bytes()
            case t.ArrayType(element):
                return Bytes() if self._follow(element)[0] is t.Primitive.U8 else List(self._shape(element))
            case t.ProductType():
                return self._record(type, None)
            case t.SumType():
                return self._union(type, None)

    def _referenced(self, index: int) -> Shape:
        type, cls = self._follow(t.TypeRef(index))
        if cls is None:
            return self._shape(type)
        if isinstance(type, t.ProductType):
            return self._record(type, cls)
        if isinstance(type, t.SumType):
            return self._union(type, cls)
        raise SatsError(f"class {cls.__name__} is bound to type {index}, which is neither a product nor a sum")

    def _record(self, type: t.ProductType, cls: type | None) -> Shape:
        if cls is None and type in t.SPECIAL_NAMES:
            [element] = type.elements
            number = self._shape(element.type)
            assert isinstance(number, Int)
            return Special(t.SPECIAL_NAMES[type], element.name or "", number)
        fields = tuple(self._shape(element.type) for element in type.elements)
        return Record(type.names, fields, cls, _attributes(type, cls))

    def _union(self, type: t.SumType, cls: type | None) -> Shape:
        if len(type.variants) > MAX_VARIANTS:
            raise SatsError(f"a sum type has {len(type.variants)} variants; a tag, one byte, counts to {MAX_VARIANTS}")
        if cls is None:
            some = t.as_option(type)
            if some is not None:
                return Option(self._shape(some), wrapped=self._can_be_none(some))
            result = t.as_result(type)
            if result is not None:
                return Result(self._shape(result[0]), self._shape(result[1]))
        names = tuple(variant.name for variant in type.variants)
        payloads = tuple(self._shape(variant.type) for variant in type.variants)
        if type == t.SCHEDULE_AT and cls is None:
            return Union(names, payloads, classes=(Interval, Time))
        members, classes = _variants_of(cls, payloads)
        return Union(names, payloads, members, classes)

    def _can_be_none(self, type: t.AlgebraicType) -> bool:
        target, cls = self._follow(type)
        return cls is None and t.as_option(target) is not None

    # --- references --------------------------------------------------------------------------

    def _target(self, index: int) -> t.AlgebraicType:
        if not 0 <= index < len(self._typespace):
            raise SatsError(f"a type refers to type {index} of a typespace that has {len(self._typespace)}")
        return self._typespace[index]

    def _follow(self, start: t.AlgebraicType) -> tuple[t.AlgebraicType, type | None]:
        """What the type is when it is no reference, and the first class bound on the way there."""
        target, cls = start, None
        seen: set[int] = set()
        while isinstance(target, t.TypeRef):
            if target.index in seen:
                raise SatsError(f"type {target.index} is a reference that only leads back to itself")
            seen.add(target.index)
            cls = cls or self._classes.get(target.index)
            target = self._target(target.index)
        return target, cls

    def _weight(self, type: t.AlgebraicType) -> float:
        """How many parts the type has when all references are written out; infinite if it is recursive."""
        if not isinstance(type, t.TypeRef):
            return 1 + sum(self._weight(child) for child in t.children(type))
        weight = self._weights.get(type.index)
        if weight is None:
            self._weights[type.index] = float("inf")
            weight = self._weights[type.index] = self._weight(self._target(type.index))
        return weight

    # --- sizes -------------------------------------------------------------------------------

    def least_size(self, shape: Shape) -> int:
        """A lower bound of the number of bytes that any value takes; 0 only where values take none."""
        match shape:
            case Bool():
                return 1
            case Int(size) | Float(size):
                return size
            case Special(number=number):
                return number.size
            case Text() | Bytes() | List():
                return 4
            case Option():
                return 1
            case Result(ok, err):
                return 1 + min(self.least_size(ok), self.least_size(err))
            case Record(fields=fields):
                return sum(self.least_size(field) for field in fields)
            case Union(payloads=payloads):
                return 1 + min((self.least_size(payload) for payload in payloads), default=0)
            case Call(number):
                if number not in self._least:
                    self._least[number] = 0
                    self._least[number] = self.least_size(self.called[number])
                return self._least[number]


def fixed_size(shape: Shape) -> int | None:
    """The number of bytes of every value, or ``None`` if it varies."""
    match shape:
        case Bool():
            return 1
        case Int(size) | Float(size):
            return size
        case Special(number=number):
            return number.size
        case Record(fields=fields):
            sizes = [fixed_size(field) for field in fields]
            return None if None in sizes else sum(size for size in sizes if size is not None)
        case Union(payloads=payloads):
            return 1 if payloads and all(is_unit(payload) for payload in payloads) else None
        case _:
            return None


def _attributes(type: t.ProductType, cls: type | None) -> tuple[str, ...]:
    if cls is None:
        return ()
    match_args: tuple[str, ...] = getattr(cls, "__match_args__", ())
    if len(match_args) == len(type.elements):
        return tuple(match_args)
    if match_args:
        raise SatsError(
            f"class {cls.__name__} has {counted(len(match_args), 'field')}, "
            f"but its type has {counted(len(type.elements), 'element')}"
        )
    return tuple(element.name or "" for element in type.elements)


def _variants_of(
    cls: type | None, payloads: tuple[Shape, ...]
) -> tuple[tuple[enum.Enum, ...] | None, tuple[type, ...] | None]:
    """The members or variant classes of the class bound to a sum, in the order of the tags."""
    if cls is None:
        return None, None
    if issubclass(cls, enum.Enum):
        members: tuple[enum.Enum, ...] = tuple(cls)
        if len(members) != len(payloads) or not all(is_unit(payload) for payload in payloads):
            raise SatsError(f"enum {cls.__name__} does not fit a sum type of {counted(len(payloads), 'variant')}")
        return members, None
    variants: tuple[type, ...] | None = getattr(cls, "__variants__", None)
    if variants is None:
        raise SatsError(f"class {cls.__name__} cannot stand for a sum type: it is no Enum and no TaggedUnion")
    if len(variants) != len(payloads):
        raise SatsError(f"{cls.__name__} has {counted(len(variants), 'variant')}, but its type has {len(payloads)}")
    return None, tuple(variants)
