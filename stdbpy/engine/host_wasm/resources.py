"""What a guest holds by number: sources it reads from, sinks it writes to, row iterators, timers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Generic, TypeVar

CHUNK_BYTES = 32 * 1024
"""A chunk ends with the row that makes it larger than this, as on the real server."""

T = TypeVar("T")


class Slab(Generic[T]):
    """Things by number, from 1; numbers that are free again are given out first."""

    __slots__ = ("_free", "_things")

    def __init__(self) -> None:
        self._things: dict[int, T] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._things)

    def add(self, thing: T) -> int:
        number = self._free.pop() if self._free else len(self._things) + 1
        self._things[number] = thing
        return number

    def get(self, number: int) -> T | None:
        return self._things.get(number)

    def take(self, number: int) -> T | None:
        thing = self._things.pop(number, None)
        if thing is not None:
            self._free.append(number)
        return thing

    def clear(self) -> None:
        self._things.clear()
        self._free.clear()


class Source:
    """Bytes that a guest reads piece by piece."""

    __slots__ = ("_data", "_offset")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    @property
    def remaining(self) -> int:
        return len(self._data) - self._offset

    def take(self, most: int) -> bytes:
        start = self._offset
        self._offset = min(start + most, len(self._data))
        return self._data[start : self._offset]


class RowIterator:
    """The rows of one moment, which a guest takes in chunks of some 32 KiB, as many at a time as its buffer holds."""

    __slots__ = ("_ends", "_next", "_rows", "_upcoming")

    def __init__(self, rows: Iterator[bytes]) -> None:
        self._rows = list(rows)
        self._ends = list(accumulate(map(len, self._rows)))
        self._next = 0
        self._upcoming = b""
        self._advance()

    def _advance(self) -> None:
        start = min(self._next, len(self._rows))
        taken = self._ends[start - 1] if start else 0
        self._next = bisect_right(self._ends, taken + CHUNK_BYTES) + 1
        self._upcoming = b"".join(self._rows[start : self._next])

    @property
    def is_exhausted(self) -> bool:
        return not self._upcoming

    @property
    def next_size(self) -> int:
        """Bytes of the chunk that is next."""
        return len(self._upcoming)

    def take(self, room: int) -> bytes:
        """As many of the next chunks as fit into ``room`` bytes."""
        taken = []
        while self._upcoming and len(self._upcoming) <= room:
            taken.append(self._upcoming)
            room -= len(self._upcoming)
            self._advance()
        return b"".join(taken)
