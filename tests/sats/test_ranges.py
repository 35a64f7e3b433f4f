"""Ranges of keys."""

from __future__ import annotations

import enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy import Range, above, at_least, at_most, below, between

numbers = st.integers(-5, 5)
bounds = st.sampled_from([at_least, above, at_most, below])


def lies_in(number: int, range_: Range[int]) -> bool:
    lower, upper = range_.lower, range_.upper
    return (lower is None or number > lower.value or (lower.included and number == lower.value)) and (
        upper is None or number < upper.value or (upper.included and number == upper.value)
    )


def test_bounds():
    def inside(range_: Range[int]) -> list[int]:
        return [number for number in range(6) if lies_in(number, range_)]

    assert inside(between(2, 4)) == [2, 3, 4]
    assert inside(at_least(4)) == [4, 5]
    assert inside(above(4)) == [5]
    assert inside(at_most(1)) == [0, 1]
    assert inside(below(1)) == [0]
    assert inside(Range()) == [0, 1, 2, 3, 4, 5]


@given(low=numbers, high=numbers, number=numbers)
def test_between_is_both_bounds(low, high, number):
    assert between(low, high) == at_least(low) & at_most(high)
    assert lies_in(number, between(low, high)) == (low <= number <= high)


@given(bounds, numbers, bounds, numbers)
def test_joining(first, low, second, high):
    one, other = first(low), second(high)
    if (one.lower is None) == (other.lower is None):
        with pytest.raises(ValueError, match="bound the same side"):
            one & other
        return
    joined = one & other
    assert eval(repr(joined), vars(__import__("stdbpy.sats.ranges").sats.ranges)) == joined
    # On half-integers, so that a range between two neighbours is not empty.
    if joined.is_empty:
        assert not any(lies_in(number / 2, joined) for number in range(-12, 13))
    elif low != high:
        assert any(lies_in(number / 2, joined) for number in range(-12, 13))


class Rank(enum.IntEnum):
    GENERAL = 9
    PRIVATE = 1


def test_members_of_an_enum_are_in_the_order_of_their_definition():
    assert not between(Rank.GENERAL, Rank.PRIVATE).is_empty
    assert between(Rank.PRIVATE, Rank.GENERAL).is_empty
    assert (at_least(Rank.PRIVATE) & below(Rank.PRIVATE)).is_empty


def test_values_without_an_order_are_left_to_the_host():
    assert not between(object(), object()).is_empty
    assert (above("b") & below("a")).is_empty
