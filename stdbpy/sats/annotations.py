# ruff: noqa: PYI042 - the names of the number types are the ones that authors know
"""Python annotations as algebraic types.

To a type checker ``u64`` is ``int`` and ``f32`` is ``float``; at run time they say which number is
meant:

>>> from dataclasses import dataclass
>>> @dataclass
... class Player:
...     id: u64
...     name: str
...     guild: u32 | None
>>> registry = TypeRegistry()
>>> registry.add(list[Player])
ArrayType(element=TypeRef(index=0))
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import re
import types
import typing
import uuid
from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias, get_args, get_origin

from stdbpy.errors import TypeNotSupported
from stdbpy.sats import types as t
from stdbpy.sats.tagged_union import MAX_VARIANTS, TaggedUnion
from stdbpy.sats.values import (
    ConnectionId,
    Err,
    Identity,
    Interval,
    Ok,
    ScheduleAt,
    Some,
    Time,
    TimeDuration,
    Timestamp,
    Variant,
)

u8: TypeAlias = Annotated[int, t.Primitive.U8]
u16: TypeAlias = Annotated[int, t.Primitive.U16]
u32: TypeAlias = Annotated[int, t.Primitive.U32]
u64: TypeAlias = Annotated[int, t.Primitive.U64]
u128: TypeAlias = Annotated[int, t.Primitive.U128]
u256: TypeAlias = Annotated[int, t.Primitive.U256]
i8: TypeAlias = Annotated[int, t.Primitive.I8]
i16: TypeAlias = Annotated[int, t.Primitive.I16]
i32: TypeAlias = Annotated[int, t.Primitive.I32]
i64: TypeAlias = Annotated[int, t.Primitive.I64]
i128: TypeAlias = Annotated[int, t.Primitive.I128]
i256: TypeAlias = Annotated[int, t.Primitive.I256]
f32: TypeAlias = Annotated[float, t.Primitive.F32]
f64: TypeAlias = Annotated[float, t.Primitive.F64]

_KNOWN: dict[Any, t.AlgebraicType] = {
    bool: t.Primitive.BOOL,
    str: t.Primitive.STRING,
    float: t.Primitive.F64,
    bytes: t.BYTES,
    Identity: t.IDENTITY,
    ConnectionId: t.CONNECTION_ID,
    Timestamp: t.TIMESTAMP,
    TimeDuration: t.TIME_DURATION,
    ScheduleAt: t.SCHEDULE_AT,
    uuid.UUID: t.UUID,
    tuple[()]: t.UNIT,
}

_HINTS: dict[Any, str] = {
    int: "Say how many bits: u64, i64, u32, i32, u8, ... (from stdbpy import u64).",
    datetime.datetime: "Use Timestamp (Timestamp.from_datetime, .to_datetime).",
    datetime.timedelta: "Use TimeDuration (TimeDuration.from_timedelta, .to_timedelta).",
    bytearray: "Use bytes.",
    dict: "Use a list of a dataclass with key and value, or a table of its own.",
    set: "Use a list.",
    frozenset: "Use a list.",
    tuple: "Use a dataclass.",
    list: "Say of what: list[str].",
    Interval: "Use ScheduleAt.",
    Time: "Use ScheduleAt.",
    Some: "Use T | None; for an option inside an option Some[T | None] | None.",
    Ok: "Use both, as in Ok[T] | Err[E].",
    Err: "Use both, as in Ok[T] | Err[E].",
    Variant: "Use a TaggedUnion.",
    Any: "Name the type.",
    object: "Name the type.",
    None: "A function that gives nothing has no type; inside T | None it means that the value may be missing.",
}

_HINTS_BY_NAME = {
    ("decimal", "Decimal"): "Use f64, an integer of the smallest unit, or str.",
}
"""For classes of modules that are not imported for them: this one is large inside WebAssembly."""

_HINT_FOR_CLASSES = "Make it a @dataclass."
_HINT_FOR_ANYTHING = (
    "Use numbers such as u64, bool, str, bytes, list[...], T | None, a dataclass, an Enum or a TaggedUnion."
)


class TypeRegistry:
    """The typespace that a set of annotations needs.

    Classes with a name of their own (dataclass, ``Enum``, :class:`TaggedUnion`) become one entry
    each and are referred to by ``TypeRef``; everything else is written out where it is used.
    """

    def __init__(self) -> None:
        self.types: list[t.AlgebraicType] = []
        self.names: list[str] = []
        self.classes: dict[int, type] = {}
        self._index_of: dict[type, int] = {}

    def add(self, annotation: Any, *, where: str = "") -> t.AlgebraicType:
        """The type of an annotation, adding the classes that it mentions.

        ``where`` (``Person.age``) opens the message of the ``TypeNotSupported`` that is raised for
        annotations without an algebraic type; nothing is added then.
        """
        known = len(self.types)
        try:
            return self._type(annotation, where)
        except TypeNotSupported:
            self._forget_from(known)
            raise

    def _forget_from(self, index: int) -> None:
        del self.types[index:], self.names[index:]
        for cls, i in list(self._index_of.items()):
            if i >= index:
                del self._index_of[cls], self.classes[i]

    def _type(self, annotation: Any, where: str) -> t.AlgebraicType:
        known = _KNOWN.get(annotation) if _is_hashable(annotation) else None
        if known is not None:
            return known
        origin = get_origin(annotation)
        if origin is Annotated:
            return self._annotated(annotation, where)
        if origin is list:
            return self._list(annotation, where)
        if origin is typing.Union or origin is types.UnionType:
            return self._union(annotation, where)
        if isinstance(annotation, typing.NewType):
            return self._type(annotation.__supertype__, where)
        if type(annotation).__name__ == "TypeAliasType":
            return self._type(annotation.__value__, where)
        if isinstance(annotation, type) and origin is None:
            return self._class(annotation, where)
        raise _not_supported(annotation, where)

    def _annotated(self, annotation: Any, where: str) -> t.AlgebraicType:
        plain, *extras = get_args(annotation)
        for extra in extras:
            if isinstance(extra, t.Primitive):
                return extra
        return self._type(plain, where)

    def _list(self, annotation: Any, where: str) -> t.AlgebraicType:
        [of] = get_args(annotation)
        element = self._type(of, where)
        if element is t.Primitive.U8:
            raise _refused("list[u8]", where, "Use bytes: that is how an array of u8 is read.")
        return t.ArrayType(element)

    def _union(self, annotation: Any, where: str) -> t.AlgebraicType:
        options = get_args(annotation)
        origins = [get_origin(option) for option in options]
        if origins == [Ok, Err]:
            [ok], [err] = map(get_args, options)
            return t.result(self._type(ok, where), self._type(err, where))
        present = [option for option in options if option is not types.NoneType]
        if len(present) != 1 or len(options) != 2:
            text = annotation_text(annotation)
            raise _refused(text, where, "For one of several types make a TaggedUnion with a variant for each.")
        [some] = present
        if get_origin(some) is not Some:
            return t.option(self._type(some, where))
        inner = self._type(get_args(some)[0], where)
        if t.as_option(inner) is None:
            raise _refused(
                annotation_text(annotation), where, "Some[...] is only for T | None inside T | None; leave it out."
            )
        return t.option(inner)

    # --- classes -----------------------------------------------------------------------------

    def _class(self, cls: type, where: str) -> t.AlgebraicType:
        index = self._index_of.get(cls)
        if index is not None:
            return t.TypeRef(index)
        if cls in _HINTS or not (issubclass(cls, TaggedUnion | enum.Enum) or dataclasses.is_dataclass(cls)):
            raise _not_supported(cls, where)
        if cls.__name__ in self.names:
            other = self.classes[self.names.index(cls.__name__)]
            raise _refused(
                f"the class {cls.__module__}.{cls.__qualname__}",
                where,
                f"There is already {other.__module__}.{other.__qualname__} of that name: rename one of them.",
            )
        index = len(self.types)
        self._index_of[cls] = index
        self.types.append(t.UNIT)  # holds the place while the class is looked at, which may be recursive
        self.names.append(cls.__name__)
        self.classes[index] = cls
        self.types[index] = self._description(cls, where)
        return t.TypeRef(index)

    def _description(self, cls: type, where: str) -> t.AlgebraicType:
        if issubclass(cls, TaggedUnion):
            return self._tagged_union(cls, where)
        if issubclass(cls, enum.Enum):
            return self._enum(cls, where)
        return self._dataclass(cls, where)

    def _dataclass(self, cls: type[Any], where: str) -> t.AlgebraicType:
        hints = resolve_hints(cls, where=where)
        for field in dataclasses.fields(cls):
            if field.kw_only or not field.init:
                what = f"{cls.__name__}.{field.name}, a field that cannot be given by position"
                raise _refused(what, where, "Remove kw_only and init=False.")
        fields = [(cls, field.name, hints[field.name]) for field in dataclasses.fields(cls)]
        types = self._fields(fields)
        return t.product(*((field.name, type) for field, type in zip(dataclasses.fields(cls), types, strict=True)))

    def _fields(self, fields: Iterable[tuple[type, str, Any]]) -> list[t.AlgebraicType]:
        """The types of fields given by class, name and annotation. What is wrong with them is found
        all at once."""
        types: list[t.AlgebraicType] = []
        faults: list[TypeNotSupported] = []
        for cls, name, annotation in fields:
            try:
                types.append(self._type(annotation, f"{cls.__name__}.{name}"))
            except TypeNotSupported as error:
                error.field = error.field or (cls, name)
                faults += (error, *error.others)
        if faults:
            faults[0].others = tuple(faults[1:])
            raise faults[0]
        return types

    def _enum(self, cls: type[enum.Enum], where: str) -> t.AlgebraicType:
        names = [member.name for member in cls]
        if issubclass(cls, enum.Flag):
            raise _refused(f"{cls.__name__}, a Flag,", where, "Use an integer such as u32 for the bits.")
        if not names:
            raise _refused(f"{cls.__name__}, an Enum without members,", where, "Add members.")
        if len(names) > MAX_VARIANTS:
            raise _refused(f"{cls.__name__}, an Enum of more than {MAX_VARIANTS} members,", where, "Use an integer.")
        return t.sum_of(*((name, t.UNIT) for name in names))

    def _tagged_union(self, cls: type[TaggedUnion], where: str) -> t.AlgebraicType:
        if cls.__variant_name__:
            union = cls.__base__
            assert union is not None
            raise _refused(f"{cls.__name__}, one variant,", where, f"Use the union itself: {union.__name__}.")
        if not cls.__variants__:
            raise _refused(
                f"{cls.__name__}, a TaggedUnion without variants,", where, f"Add some: class First({cls.__name__}): ..."
            )
        hints = {
            variant: resolve_hints(variant, where=f"{variant.__name__}.value")["value"]
            for variant in cls.__variants__
            if variant.__match_args__
        }
        payloads = self._fields((variant, "value", hint) for variant, hint in hints.items())
        types = dict(zip(hints, payloads, strict=True))
        return t.sum_of(*((variant.__variant_name__, types.get(variant, t.UNIT)) for variant in cls.__variants__))


def resolve_hints(thing: Any, *, where: str = "") -> dict[str, Any]:
    """The annotations of a class or function, those written as text evaluated, ``Annotated`` kept.
    Raises ``TypeNotSupported`` for a name that is not defined, and any other text that has no value."""
    local = {thing.__name__: thing} if isinstance(thing, type) else None
    try:
        return typing.get_type_hints(thing, localns=local, include_extras=True)
    except NameError as error:
        raise _refused(
            f"an annotation of {thing.__qualname__} that names {error.name!r}, which is not defined,",
            where,
            "Define or import it at the top level of the module, also when type checking is off.",
        ) from None
    except Exception as error:  # noqa: BLE001 - it is code, which may raise anything
        what = f"an annotation of {thing.__qualname__} ({type(error).__name__}: {error})"
        raise _refused(what, where, "Check how it is written.") from None


def _not_supported(annotation: Any, where: str) -> TypeNotSupported:
    if isinstance(annotation, str):
        return _refused(f"the text {annotation!r}", where, "Give the class itself.")
    key = get_origin(annotation) or annotation
    if key is types.NoneType:
        key = None
    hint = _HINTS.get(key) if _is_hashable(key) else None
    if isinstance(key, type):
        hint = _HINTS_BY_NAME.get((key.__module__, key.__qualname__), hint)
    if hint is None:
        is_own = isinstance(annotation, type) and annotation.__module__ != "builtins"
        hint = _HINT_FOR_CLASSES if is_own else _HINT_FOR_ANYTHING
    return _refused(annotation_text(annotation), where, hint)


def _refused(what: str, where: str, hint: str) -> TypeNotSupported:
    place = f"{where}: " if where else ""
    return TypeNotSupported(f"{place}{what} is not a type that SpacetimeDB can hold", hint=hint)


def annotation_text(annotation: Any) -> str:
    """As it is written: ``dict[str, u32]``."""
    if isinstance(annotation, type) and not get_args(annotation):
        return "None" if annotation is types.NoneType else annotation.__qualname__
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return " | ".join(map(annotation_text, get_args(annotation)))
    return re.sub(r"typing\.Annotated\[(?:int|float), (\w+)\]", lambda number: number[1].lower(), str(annotation))


def _is_hashable(thing: Any) -> bool:
    try:
        hash(thing)
    except TypeError:
        return False
    return True
