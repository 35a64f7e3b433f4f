"""The numbers of auto-increment columns.

Numbers are handed out from blocks of 4096. Taking a block is recorded, and a restart goes on
behind the last block taken, so that no number is given out twice; a transaction that fails does
not give its numbers back. Behind the greatest number of the column's type the numbers wrap around
as integers of that size do, and behind the sequence's own greatest it starts again at its least.
All this is how SpacetimeDB 2.8.3 behaves.
"""

from __future__ import annotations

from collections.abc import Callable

from stdbpy.errors import SchemaError
from stdbpy.sats import types as t
from stdbpy.schema.model import Sequence

BLOCK = 4096
"""How many numbers are taken at once."""

_SIZES = {t.Primitive(f"{sign}{8 * size}"): size for sign in "IU" for size in (1, 2, 4, 8, 16, 32)}
_I128_MAX = (1 << 127) - 1


class Numbers:
    """The numbers of one sequence, and the column of a row that they go to."""

    __slots__ = (
        "_find",
        "_increment",
        "_mask",
        "_maximum",
        "_minimum",
        "_offset",
        "_signed",
        "_size",
        "_zero",
        "definition",
        "id",
        "ledger",
        "next",
        "taken_up_to",
    )

    def __init__(
        self, id: int, definition: Sequence, type: t.AlgebraicType, offset: int | Callable[[bytes], int]
    ) -> None:
        if not isinstance(type, t.Primitive) or type not in _SIZES:
            raise SchemaError(f"Sequence {definition.name!r} numbers a column that holds no integer")
        self.id = id
        self.definition = definition
        self._size = _SIZES[type]
        self._signed = type.value.startswith("I")
        self._zero = bytes(self._size)
        self._mask = (1 << 8 * self._size) - 1
        self._offset = offset if isinstance(offset, int) else 0
        self._find = None if isinstance(offset, int) else offset
        self._minimum = 1 if definition.min_value is None else definition.min_value
        self._maximum = _I128_MAX if definition.max_value is None else definition.max_value
        self._increment = definition.increment
        self.next = 1 if definition.start is None else definition.start
        """The number that is given out next."""
        self.taken_up_to = self.next
        """Where the block ends: this number is not given out before another block is taken."""
        self.ledger: set[Numbers] = set()
        """Where it is noted that a block was taken."""

    def go_on_as(self, other: Numbers) -> None:
        """Goes on where another version of the same sequence stands."""
        self.next, self.taken_up_to = other.next, other.taken_up_to

    def go_on_from(self, taken_up_to: int) -> None:
        """Starts behind the last block that was taken, as after a restart."""
        self.next = self.taken_up_to = taken_up_to

    def _take_block(self) -> None:
        """Takes the next numbers; fewer than a block if there are no more different ones."""
        self.ledger.add(self)
        ahead = self.taken_up_to + BLOCK * self._increment
        if self._minimum <= ahead <= self._maximum:
            self.taken_up_to = ahead
            return
        first = self.taken_up_to
        for _ in range(BLOCK):
            following = self._after(self.taken_up_to)
            if following == first:
                break
            self.taken_up_to = following

    def value_in(self, row: bytes) -> bytes:
        """The column's value in BSATN."""
        start = self._offset if self._find is None else self._find(row)
        return row[start : start + self._size]

    def could_give(self, row: bytes) -> bool:
        """Whether the column holds a number of those that the sequence gives out."""
        number = int.from_bytes(self.value_in(row), "little", signed=self._signed)
        return self._minimum <= number <= self._maximum

    def asked_by(self, row: bytes) -> bool:
        """Whether the column holds a 0, which asks for a number."""
        return self.value_in(row) == self._zero

    def filled(self, row: bytes) -> bytes:
        """``row`` with the next number in its column if that holds a 0; ``row`` itself if not."""
        start = self._offset if self._find is None else self._find(row)
        end = start + self._size
        if row[start:end] != self._zero:
            return row
        number = self.next
        if number == self.taken_up_to:
            self._take_block()
        self.next = self._after(number)
        return row[:start] + (number & self._mask).to_bytes(self._size, "little") + row[end:]

    def _after(self, number: int) -> int:
        following = number + self._increment
        if self._minimum <= following <= self._maximum:
            return following
        span = self._maximum - self._minimum + 1
        return self._minimum + (following - self._minimum) % span
