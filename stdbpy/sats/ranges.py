"""Ranges of keys, for ``filter`` and ``delete`` of an index.

>>> between(18, 65)
between(18, 65)
>>> at_least(18) & below(65)
at_least(18) & below(65)
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Bound(Generic[K]):
    """One end of a range."""

    value: K
    included: bool


@dataclass(frozen=True, slots=True, repr=False)
class Range(Generic[K]):
    """The keys between two bounds; ``None`` means that there is no bound on that side.

    Made by :func:`between`, :func:`at_least`, :func:`above`, :func:`at_most` and :func:`below`.
    ``&`` joins a lower with an upper bound.
    """

    lower: Bound[K] | None = None
    upper: Bound[K] | None = None

    def __and__(self, other: Range[K]) -> Range[K]:
        if (self.lower and other.lower) or (self.upper and other.upper):
            raise ValueError(f"{self!r} and {other!r} bound the same side")
        return Range(self.lower or other.lower, self.upper or other.upper)

    def __repr__(self) -> str:
        lower, upper = self.lower, self.upper
        if lower and upper and lower.included and upper.included:
            return f"between({lower.value!r}, {upper.value!r})"
        parts = []
        if lower:
            parts.append(f"{'at_least' if lower.included else 'above'}({lower.value!r})")
        if upper:
            parts.append(f"{'at_most' if upper.included else 'below'}({upper.value!r})")
        return " & ".join(parts) or "Range()"

    @property
    def is_empty(self) -> bool:
        """Whether no key can lie between the bounds: the lower one is above the upper one."""
        if self.lower is None or self.upper is None:
            return False
        low, high = _place(self.lower.value), _place(self.upper.value)
        try:
            backwards = bool(high < low)  # what has no order is left to the host
        except TypeError:
            return False
        return backwards or (low == high and not (self.lower.included and self.upper.included))


def _place(key: Any) -> Any:
    """What has the order of ``key`` in an index: members of an enum come in the order of their
    definition there, whatever their values are."""
    return list(type(key)).index(key) if isinstance(key, enum.Enum) else key


def between(low: K, high: K) -> Range[K]:
    """Keys from ``low`` to ``high``, both included, as SQL's BETWEEN."""
    return Range(Bound(low, included=True), Bound(high, included=True))


def at_least(low: K) -> Range[K]:
    """Keys greater than or equal to ``low``."""
    return Range(lower=Bound(low, included=True))


def above(low: K) -> Range[K]:
    """Keys greater than ``low``."""
    return Range(lower=Bound(low, included=False))


def at_most(high: K) -> Range[K]:
    """Keys less than or equal to ``high``."""
    return Range(upper=Bound(high, included=True))


def below(high: K) -> Range[K]:
    """Keys less than ``high``."""
    return Range(upper=Bound(high, included=False))


def of_numbers(numbers: range) -> Range[int]:
    """The keys that a ``range`` has. Raises ``ValueError`` for one that leaves out numbers."""
    if numbers.step != 1:
        raise ValueError(f"{numbers!r} leaves out numbers, which an index cannot")
    if not numbers:
        return Range(Bound(numbers.start, included=True), Bound(numbers.start, included=False))
    # Not its stop, which no column can hold that it is the first number too large for.
    return between(numbers.start, numbers[-1])
