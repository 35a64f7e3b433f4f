"""Tagged unions: sum types whose variants are Python classes.

>>> class Shape(TaggedUnion):
...     "The union. Its direct subclasses are its variants, in the order of their definition."
>>> class Circle(Shape):
...     value: float
>>> class Nothing(Shape):
...     pass
>>> match Circle(1.5):
...     case Circle(radius):
...         print(radius)
1.5
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn, dataclass_transform

from stdbpy.errors import TypeNotSupported

MAX_VARIANTS = 256
"""A tag is one byte."""


def _annotated_names(namespace: dict[str, Any]) -> tuple[str, ...]:
    if sys.version_info >= (3, 14):
        import annotationlib

        annotate = annotationlib.get_annotate_from_class_namespace(namespace)
        if annotate is not None:
            return tuple(annotationlib.call_annotate_function(annotate, annotationlib.Format.FORWARDREF))
    return tuple(namespace.get("__annotations__", ()))


class _SlotsFromFields(type):
    """Turns the annotation ``value`` of a variant into its slot: slots must be known when the class
    is made, which is too early for ``__init_subclass__``."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> _SlotsFromFields:
        fields = _annotated_names(namespace)
        if "value" in namespace and "value" in fields:
            raise TypeNotSupported(f"{name}.value has a default", hint="Remove it: a payload is always given.")
        namespace.setdefault("__slots__", fields)
        return super().__new__(mcs, name, bases, namespace, **options)


@dataclass_transform(frozen_default=True)
class TaggedUnion(metaclass=_SlotsFromFields):
    """Base of sum types with payloads.

    A direct subclass is a union; a subclass of that is a variant, with one field ``value`` (its
    payload) or none. A variant is called like its class, unless ``class U8Payload(U, variant="U8")``
    says otherwise. Variants are immutable, hashable and compared by payload.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()
    __variants__: ClassVar[tuple[type[TaggedUnion], ...]] = ()
    """On a union: its variants in the order of their tags."""
    __variant_name__: ClassVar[str] = ""
    """On a variant: what SATS calls it."""

    def __init_subclass__(cls, *, variant: str | None = None) -> None:
        super().__init_subclass__()
        union = cls.__base__
        fields = tuple(cls.__dict__["__slots__"])
        if union is TaggedUnion:
            _refuse_union(cls, fields, variant)
            cls.__variants__ = ()
            return
        assert union is not None
        assert issubclass(union, TaggedUnion)
        name = variant or cls.__name__
        _refuse_variant(cls, union, name, fields)
        cls.__variant_name__ = name
        cls.__match_args__ = fields  # type: ignore[misc]  # mypy keeps it read-only for its checks of match
        union.__variants__ = (*union.__variants__, cls)
        cls.__init__ = _initialiser(cls) if fields else _no_payload  # type: ignore[assignment]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _payload(self) == _payload(other)

    def __hash__(self) -> int:
        return hash((self.__class__, *_payload(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, _payload(self)))})"

    def __reduce__(self) -> tuple[type[TaggedUnion], tuple[object, ...]]:
        return type(self), _payload(self)


def _payload(value: object) -> tuple[object, ...]:
    return tuple(getattr(value, field) for field in type(value).__match_args__)  # type: ignore[attr-defined]


def _initialiser(cls: type[TaggedUnion]) -> Callable[[TaggedUnion, object], None]:
    fill_slot = cls.__dict__["value"].__set__

    def initialise(self: TaggedUnion, value: object) -> None:
        fill_slot(self, value)

    return initialise


def _no_payload(self: TaggedUnion) -> None:
    """A unit variant is called without arguments."""


def _refuse_union(cls: type, fields: tuple[str, ...], variant: str | None) -> None:
    if fields or variant:
        raise TypeNotSupported(
            f"{cls.__name__} is a union and cannot have {f'the field {fields[0]!r}' if fields else 'a variant name'}",
            hint=f"Variants have fields and names: class SomeVariant({cls.__name__}): ...",
        )


def _refuse_variant(cls: type, union: type[TaggedUnion], name: str, fields: tuple[str, ...]) -> None:
    if union.__variant_name__:
        raise TypeNotSupported(
            f"{cls.__name__} is derived from the variant {union.__name__}",
            hint="Derive each variant directly from the class of the union.",
        )
    if fields not in ((), ("value",)):
        raise TypeNotSupported(
            f"variant {cls.__name__} of {union.__name__} has the fields {', '.join(fields)}",
            hint="A variant has one field called 'value', or none. For several values make 'value' a dataclass.",
        )
    if any(name == known.__variant_name__ for known in union.__variants__):
        raise TypeNotSupported(f"{union.__name__} has two variants called {name!r}")
    if len(union.__variants__) == MAX_VARIANTS:
        raise TypeNotSupported(f"{union.__name__} has more than {MAX_VARIANTS} variants")
