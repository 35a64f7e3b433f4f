"""Finding cached rows by indexed columns.

A look-up over a primary key is the table itself. Others are built when they are first used, so that
an index which nobody asks costs nothing: not while rows arrive, and no memory.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain, repeat
from typing import Any, Protocol

from sortedcontainers import SortedList

from stdbpy.protocol.cache.changes import Row, RowKey
from stdbpy.protocol.cache.comparing import ComparisonKeys, ToKey
from stdbpy.protocol.cache.row_keys import column_getter
from stdbpy.protocol.catalog import TableLayout
from stdbpy.sats.ranges import Bound, Range

EVERYTHING: Range[Any] = Range()


class UniqueLookup(Protocol):
    """Finds the one row that has a value."""

    find: Callable[[Any], Row | None]
    """The row, or ``None``. Of an index over several columns it takes the tuple of their values.

    For a primary key that Python hashes as the server compares it, this is ``dict.get``.
    """


class KeptLookup(Protocol):
    """A look-up that must be told of changes."""

    @property
    def built(self) -> bool:
        """Whether it has to be told: before its first use and after it gave up, it has not."""
        ...

    def note(self, removed: Collection[Row], added: Collection[Row]) -> None:
        """Rows left the table, others came; an updated row is both."""
        ...


class PrimaryLookup:
    """Finds rows by primary key."""

    __slots__ = ("find",)

    def __init__(self, rows: Mapping[RowKey, Row], to_key: ToKey | None) -> None:
        get = rows.get
        self.find: Callable[[Any], Row | None] = get if to_key is None else lambda value: get(to_key(value))


class ColumnKeys:
    """The keys of rows in an index: what the server compares the columns by."""

    def __init__(self, layout: TableLayout, columns: tuple[int, ...], *, ordered: bool) -> None:
        keys = ComparisonKeys(layout.shapes)
        fields = layout.record.fields
        self.to_keys = [keys.ordered_by(fields[at]) if ordered else keys.hashed_by(fields[at]) for at in columns]
        self._plain = not any(self.to_keys)
        self._single = len(columns) == 1
        self._value_of = column_getter(layout, columns)

    def of_values(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The key of a row with these values, or the first ones of it."""
        if self._plain:
            return values
        return tuple(
            value if to_key is None else to_key(value) for value, to_key in zip(values, self.to_keys, strict=False)
        )

    def of_rows(self, rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
        """The key of each row, always a tuple."""
        values: Iterator[Any] = map(self._value_of, rows)
        if self._single:
            values = zip(values, strict=False)
        return values if self._plain else map(self.of_values, values)


class SecondaryLookup:
    """Finds rows by the columns of a unique constraint; kept up to date once it has been used."""

    __slots__ = ("_by_key", "_keys", "_rows", "_single", "built", "find")

    def __init__(self, layout: TableLayout, columns: tuple[int, ...], rows: Mapping[RowKey, Row]) -> None:
        self._keys = ColumnKeys(layout, columns, ordered=False)
        self._single = len(columns) == 1
        self._rows = rows
        self._by_key: dict[Any, Row] = {}
        self.built = False
        self.find: Callable[[Any], Row | None] = self._build_and_find

    def _build_and_find(self, value: Any) -> Row | None:
        if not self.built:
            self._add(self._rows.values())
            self.built = True
            self.find = self._get()
        return self._get()(value)

    def _get(self) -> Callable[[Any], Row | None]:
        get, keys = self._by_key.get, self._keys
        if not any(keys.to_keys):
            return get
        if self._single:
            [to_key] = keys.to_keys
            assert to_key is not None
            return lambda value: get(to_key(value))
        return lambda values: get(keys.of_values(values))

    def _keys_of(self, rows: Iterable[Row]) -> Iterator[Any]:
        keys = self._keys.of_rows(rows)
        return chain.from_iterable(keys) if self._single else keys

    def _add(self, rows: Collection[Row]) -> None:
        self._by_key.update(zip(self._keys_of(rows), rows, strict=True))

    def note(self, removed: Collection[Row], added: Collection[Row]) -> None:
        if removed:
            deque(map(self._by_key.pop, self._keys_of(removed), repeat(None)), maxlen=0)
        if added:
            self._add(added)


class OrderedLookup:
    """Finds rows by the first columns of an index, and a range of the next one.

    Changes are collected, and worked in when it is next used; if they become more than the rows of
    the table, it gives up until then, and is built anew.
    """

    __slots__ = ("_columns", "_groups", "_keys", "_order", "_pending", "_pending_count", "_rows", "built")

    def __init__(self, layout: TableLayout, columns: tuple[int, ...], rows: Mapping[RowKey, Row]) -> None:
        self._columns = len(columns)
        self._keys = ColumnKeys(layout, columns, ordered=True)
        self._rows = rows
        self._groups: dict[tuple[Any, ...], dict[int, Row]] = defaultdict(dict)
        """The rows by their key, and within it by ``id``: rows need not be hashable."""
        self._order: Any = None
        """The keys in order (a ``SortedList``), from the first range on."""
        self._pending: list[tuple[Collection[Row], Collection[Row]]] = []
        self._pending_count = 0
        self.built = False

    def select(self, *prefix: Any, within: Range[Any] = EVERYTHING) -> list[Row]:
        """The rows whose first columns have the values of ``prefix`` and whose next column, if there
        is one, lies ``within`` a range, in the order of the index.

        Raises ``TypeError`` for values that cannot be compared with the column's.
        """
        self._catch_up()
        key = self._keys.of_values(prefix)
        if len(key) == self._columns:
            group = self._groups.get(key)
            return [] if group is None else list(group.values())
        if self._order is None:
            self._order = SortedList(self._groups)
        to_key = self._keys.to_keys[len(key)]
        first = (*key, *_start_of(within.lower, to_key))
        last = (*key, *_end_of(within.upper, to_key))
        groups = self._groups
        return [row for found in self._order.irange(first, last, (True, False)) for row in groups[found].values()]

    def note(self, removed: Collection[Row], added: Collection[Row]) -> None:
        self._pending.append((removed, added))
        self._pending_count += len(removed) + len(added)
        if self._pending_count > len(self._rows):
            self._forget()

    def _forget(self) -> None:
        self._pending.clear()
        self._pending_count = 0
        self._groups.clear()
        self._order = None
        self.built = False

    def _catch_up(self) -> None:
        if not self.built:
            groups = self._groups
            rows = self._rows.values()
            for key, row in zip(self._keys.of_rows(rows), rows, strict=True):
                groups[key][id(row)] = row
            self.built = True
        elif self._pending:
            for removed, added in self._pending:
                self._remove(removed)
                self._add(added)
            self._pending.clear()
            self._pending_count = 0

    def _remove(self, rows: Collection[Row]) -> None:
        groups, order = self._groups, self._order
        for key, row in zip(self._keys.of_rows(rows), rows, strict=True):
            group = groups[key]
            del group[id(row)]
            if not group:
                del groups[key]
                if order is not None:
                    order.remove(key)

    def _add(self, rows: Collection[Row]) -> None:
        groups, order = self._groups, self._order
        for key, row in zip(self._keys.of_rows(rows), rows, strict=True):
            if order is not None and key not in groups:
                order.add(key)
            groups[key][id(row)] = row


class _AboveAll:
    """Greater than everything: behind a key, it stands for the end of the keys that begin so."""

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True


_ABOVE_ALL = _AboveAll()


def _start_of(low: Bound[Any] | None, to_key: ToKey | None) -> tuple[Any, ...]:
    if low is None:
        return ()
    value = low.value if to_key is None else to_key(low.value)
    return (value,) if low.included else (value, _ABOVE_ALL)


def _end_of(high: Bound[Any] | None, to_key: ToKey | None) -> tuple[Any, ...]:
    if high is None:
        return (_ABOVE_ALL,)
    value = high.value if to_key is None else to_key(high.value)
    return (value, _ABOVE_ALL) if high.included else (value,)
