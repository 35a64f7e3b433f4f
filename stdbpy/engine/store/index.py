"""Indexes: from the values of some columns to the rows that have them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

from sortedcontainers import SortedKeyList

from stdbpy.engine.store.columns import KeyType
from stdbpy.engine.store.ordering import TOP, key_comparables
from stdbpy.schema.model import IndexAlgorithm

_NO_ROWS: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Included:
    """A bound that belongs to the range."""

    value: Any


@dataclass(frozen=True, slots=True)
class Excluded:
    """A bound that does not belong to the range."""

    value: Any


Bound = Included | Excluded | None
"""One end of a range over one column; ``None`` is unbounded."""


class Index:
    """One index of one table.

    ``entries`` maps a key in BSATN to its row or, if there are several, to a dict of them. The
    order of the keys, which only ranges need, is made at the first range and kept up from then on.
    """

    __slots__ = (
        "_comparables",
        "_order",
        "algorithm",
        "columns",
        "entries",
        "id",
        "key_of",
        "key_type",
        "name",
        "unique",
    )

    def __init__(
        self,
        id: int,
        name: str,
        columns: tuple[int, ...],
        key_type: KeyType,
        *,
        unique: bool,
        algorithm: IndexAlgorithm = IndexAlgorithm.BTREE,
    ) -> None:
        self.id = id
        self.name = name
        self.columns = columns
        self.key_type = key_type
        self.key_of = key_type.reader()
        self.unique = unique
        self.algorithm = algorithm
        self.entries: dict[bytes, bytes | dict[bytes, None]] = {}
        self._comparables = key_comparables(key_type.fields, key_type.shapes)
        self._order: SortedKeyList | None = None

    @property
    def has_order(self) -> bool:
        """Whether it can be searched by range: all but hash indexes can."""
        return self.algorithm is not IndexAlgorithm.HASH

    # --- changing ----------------------------------------------------------------------------

    def claim(self, row: bytes) -> bool:
        """Adds a row to a unique index, unless another row has its key."""
        key = self.key_of(row)
        if self.entries.setdefault(key, row) is not row:
            return False
        if self._order is not None:
            self._order.add(key)
        return True

    def add(self, row: bytes) -> None:
        """Adds a row, which is not there yet, to an index that is not unique."""
        key = self.key_of(row)
        there = self.entries.get(key)
        if there is None:
            self.entries[key] = row
            if self._order is not None:
                self._order.add(key)
        elif isinstance(there, dict):
            there[row] = None
        else:
            self.entries[key] = {there: None, row: None}

    def remove(self, row: bytes) -> None:
        """Forgets a row that is there."""
        key = self.key_of(row)
        there = self.entries[key]
        if isinstance(there, dict):
            del there[row]
            if len(there) == 1:
                (self.entries[key],) = there
        else:
            del self.entries[key]
            if self._order is not None:
                self._order.remove(key)

    def empty_copy(self) -> Index:
        """The same index of another table that is alike."""
        other = copy(self)
        other.entries = {}
        other.clear()
        return other

    def share(self, other: Index) -> None:
        """Takes over the entries of an index on the same columns of the same rows."""
        self.entries = other.entries
        self._order = other._order

    def clear(self) -> None:
        self.entries.clear()
        self._order = None

    # --- searching ---------------------------------------------------------------------------

    def rows(self, key: bytes) -> Iterator[bytes]:
        """The rows whose key, in BSATN, is ``key``. The index must not change meanwhile."""
        there = self.entries.get(key)
        if there is None:
            return iter(_NO_ROWS)
        return iter(there) if isinstance(there, dict) else iter((there,))

    def rows_between(self, prefix: tuple[Any, ...], lower: Bound, upper: Bound) -> Iterator[bytes]:
        """The rows whose first columns equal ``prefix`` and whose next lies between the bounds, in
        the order of their keys. The index must not change meanwhile."""
        if self._order is None:
            are_comparable = not any(self._comparables)
            by = self.key_type.codec.decode if are_comparable else self._comparable_key
            self._order = SortedKeyList(self.entries, key=by)
        start = tuple(self._comparable(position, value) for position, value in enumerate(prefix))
        low, high = start, (*start, TOP)
        if lower is not None:
            low = (*start, self._comparable(len(start), lower.value))
            if isinstance(lower, Excluded):
                low = (*low, TOP)
        if upper is not None:
            high = (*start, self._comparable(len(start), upper.value))
            if isinstance(upper, Included):
                high = (*high, TOP)
        if not low < high:
            return
        for key in self._order.irange_key(low, high, inclusive=(True, False)):
            there = self.entries[key]
            if isinstance(there, dict):
                yield from there
            else:
                yield there

    def _comparable_key(self, key: bytes) -> tuple[Any, ...]:
        values = self.key_type.codec.decode(key)
        return tuple(self._comparable(position, value) for position, value in enumerate(values))

    def _comparable(self, position: int, value: Any) -> Any:
        of = self._comparables[position]
        return value if of is None else of(value)
