"""Which changed rows can make a difference to a query: looking at each query after each transaction would
be too much where thousands of clients ask for one row each.

A query with ``WHERE id = 5`` is found by the value 5 in its table's ``id`` column; one that joins such a
table is found by the rows that the changed row is joined with.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

from stdbpy.engine.delta import TableChanges
from stdbpy.engine.store.index import Index

Decode = Callable[[bytes], tuple[Any, ...]]

Q = TypeVar("Q", bound=Hashable)


class Guard(Protocol):
    """What to look at in a row. Two that look at the same are equal."""

    def __hash__(self) -> int: ...

    def values(self, row: bytes) -> Iterable[Any]:
        """What is found there; queries that want something else have nothing to do with the row."""


@dataclass(frozen=True, slots=True)
class OwnValue:
    """Looks at a column of the row."""

    column: int
    decode: Decode = field(compare=False, repr=False)

    def values(self, row: bytes) -> tuple[Any, ...]:
        return self.decode(row)


@dataclass(frozen=True, slots=True)
class JoinedValue:
    """Looks at a column of the rows of another table that have the same value in ``other_key`` as the row in
    ``key``. Rows that have just left the other table are not there; they are changes themselves."""

    key: int
    other_table: int
    other_key: int
    other_column: int
    decode_key: Decode = field(compare=False, repr=False)
    index: Index = field(compare=False, repr=False)
    decode_other: Decode = field(compare=False, repr=False)

    def values(self, row: bytes) -> Iterator[Any]:
        for other in self.index.rows(self.index.key_type.encode(self.decode_key(row))):
            yield from self.decode_other(other)


@dataclass(frozen=True, slots=True)
class Trigger:
    """Changes of a table matter: all of them, or those for which the guard finds the value."""

    table: int
    guard: Guard | None = None
    value: Any = None


class Triggered(Generic[Q]):
    """Who wants to know of the changes of one table."""

    __slots__ = ("_by_value", "_of_all")

    def __init__(self) -> None:
        self._of_all: dict[Q, None] = {}
        self._by_value: dict[Guard, dict[Any, dict[Q, None]]] = {}

    def __bool__(self) -> bool:
        return bool(self._of_all or self._by_value)

    def add(self, trigger: Trigger, who: Q) -> None:
        if trigger.guard is None:
            self._of_all[who] = None
        else:
            self._by_value.setdefault(trigger.guard, {}).setdefault(trigger.value, {})[who] = None

    def remove(self, trigger: Trigger, who: Q) -> None:
        if trigger.guard is None:
            del self._of_all[who]
            return
        by_value = self._by_value[trigger.guard]
        del by_value[trigger.value][who]
        if not by_value[trigger.value]:
            del by_value[trigger.value]
            if not by_value:
                del self._by_value[trigger.guard]

    def concerned(self, changes: TableChanges, found: dict[Q, None]) -> None:
        """Adds to ``found`` those to whom one of the changed rows may matter."""
        found.update(self._of_all)
        for guard, by_value in self._by_value.items():
            if len(by_value) == 1:  # looking would cost as much as working it out
                for wanting in by_value.values():
                    found.update(wanting)
                continue
            for row in chain(changes.inserted, changes.deleted):
                for value in guard.values(row):
                    if value in by_value:
                        found.update(by_value[value])
