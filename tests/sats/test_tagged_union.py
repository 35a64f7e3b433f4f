"""Tagged unions behave as frozen dataclasses do."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from stdbpy.errors import TypeNotSupported
from stdbpy.sats.annotations import f32, u8
from stdbpy.sats.tagged_union import TaggedUnion


class Shape(TaggedUnion):
    """A union with a method of its own."""

    def area(self) -> float:
        match self:
            case Circle(radius):
                return 3 * radius * radius
            case Nothing():
                return 0
        raise AssertionError(self)


class Circle(Shape):
    value: f32


class Nothing(Shape):
    pass


class Byte(Shape, variant="U8"):
    value: u8


def test_variants_are_in_the_order_of_definition() -> None:
    assert Shape.__variants__ == (Circle, Nothing, Byte)
    assert [variant.__variant_name__ for variant in Shape.__variants__] == ["Circle", "Nothing", "U8"]
    assert [variant.__match_args__ for variant in Shape.__variants__] == [("value",), (), ("value",)]


def test_values() -> None:
    assert Circle(1.5).value == 1.5
    assert Circle(value=1.5) == Circle(1.5)
    assert Circle(1.5) != Circle(2.5)
    assert Circle(1) != Byte(1)
    assert Nothing() == Nothing()
    assert Nothing() != Circle(0)
    assert Circle(1.5) != 1.5
    assert len({Circle(1.5), Circle(1.5), Nothing(), Nothing(), Byte(1)}) == 3
    assert repr([Circle(1.5), Nothing()]) == "[Circle(1.5), Nothing()]"
    assert isinstance(Circle(1.5), Shape)
    assert (Circle(2).area(), Nothing().area()) == (12, 0)


@pytest.mark.parametrize("value", [Circle(1.5), Nothing()])
def test_copies(value: Shape) -> None:
    assert copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value


def test_values_do_not_change() -> None:
    circle: Any = Circle(1.5)
    with pytest.raises(AttributeError, match="Circle is immutable"):
        circle.value = 2
    with pytest.raises(AttributeError, match="Circle is immutable"):
        del circle.value
    with pytest.raises(AttributeError):
        circle.other = 2
    assert not hasattr(circle, "__dict__")


@pytest.mark.parametrize(("make", "args"), [(Circle, ()), (Circle, (1, 2)), (Nothing, (1,))])
def test_wrong_arguments(make: Any, args: tuple[int, ...]) -> None:
    with pytest.raises(TypeError):
        make(*args)


def _namespace(**annotations: object) -> dict[str, Any]:
    return {"__annotations__": annotations, "__module__": __name__}


@pytest.mark.parametrize(
    ("bases", "annotations", "extra", "says", "hint"),
    [
        ((Shape,), {"radius": f32}, {}, "variant New of Shape has the fields radius", "make 'value' a dataclass"),
        ((Shape,), {"value": f32, "other": u8}, {}, "has the fields value, other", "make 'value' a dataclass"),
        ((Shape,), {"value": f32}, {"value": 1.0}, "New.value has a default", "Remove it"),
        ((Circle,), {}, {}, "New is derived from the variant Circle", "directly from the class of the union"),
        ((TaggedUnion,), {"value": f32}, {}, "New is a union and cannot have the field 'value'", "class SomeVariant"),
    ],
)
def test_what_is_no_union(
    bases: tuple[type, ...], annotations: dict[str, object], extra: dict[str, Any], says: str, hint: str
) -> None:
    with pytest.raises(TypeNotSupported) as caught:
        type(TaggedUnion)("New", bases, _namespace(**annotations) | extra)
    assert says in str(caught.value)
    assert hint in caught.value.hint
    assert Shape.__variants__ == (Circle, Nothing, Byte)


def test_names_of_variants_are_unique() -> None:
    with pytest.raises(TypeNotSupported, match="two variants called 'U8'"):

        class Again(Shape, variant="U8"):
            pass

    with pytest.raises(TypeNotSupported, match="cannot have a variant name"):

        class Named(TaggedUnion, variant="x"):
            pass


def test_a_union_has_256_variants_at_most() -> None:
    union = type(TaggedUnion)("Many", (TaggedUnion,), _namespace())
    for number in range(256):
        type(TaggedUnion)(f"V{number}", (union,), _namespace())
    with pytest.raises(TypeNotSupported, match="more than 256"):
        type(TaggedUnion)("V256", (union,), _namespace())
