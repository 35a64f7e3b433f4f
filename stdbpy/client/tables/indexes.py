"""Finding cached rows by the table's indexes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar, TypeVarTuple, overload

from stdbpy.client.tables.source import TableSource
from stdbpy.protocol.cache import OrderedLookup, UniqueLookup
from stdbpy.sats.ranges import Range, of_numbers

Row = TypeVar("Row")
Keys = TypeVarTuple("Keys")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
More = TypeVarTuple("More")


class UniqueIndex(Generic[Row, *Keys]):
    """A unique column, or several that are unique together: ``UniqueIndex[Player, int]``."""

    __slots__ = ("columns", "find")

    find: Callable[[*Keys], Row | None]
    """The row with that key, or ``None``.

    By a primary key it costs what a look into a dictionary costs. It stays valid when the connection
    is lost and comes back. Raises ``TypeError`` for what cannot be hashed.
    """

    def __init__(self, source: TableSource, *columns: str) -> None:
        self.columns = columns
        positions = source.positions(columns)
        lookup = source.cache.unique(positions)
        find: Any = lookup.find
        if positions != (source.cache.layout.primary_key,):
            find = _guarded(lookup, source.lock, is_single=len(columns) == 1)
        self.find = find

    def __repr__(self) -> str:
        return f"<unique index over {', '.join(self.columns)}>"


def _guarded(lookup: UniqueLookup, lock: AbstractContextManager[object], *, is_single: bool) -> Callable[..., Any]:
    """``find`` of a look-up that is not one step: built when first used, and changed by messages."""

    def find_by_one(value: Any) -> Any:
        with lock:
            return lookup.find(value)

    def find_by_several(*values: Any) -> Any:
        with lock:
            return lookup.find(values)

    return find_by_one if is_single else find_by_several


class BTreeIndex(Generic[Row, *Keys]):
    """An index whose keys several rows can share: ``BTreeIndex[Score, int, int]`` is one over two columns."""

    __slots__ = ("_lookup", "_source", "columns")

    def __init__(self, source: TableSource, *columns: str) -> None:
        self.columns = columns
        self._source = source
        self._lookup: OrderedLookup | None = None

    @overload
    def filter(self: BTreeIndex[Row, int], a: range, /) -> list[Row]: ...
    @overload
    def filter(self: BTreeIndex[Row, A], a: A | Range[A], /) -> list[Row]: ...
    @overload
    def filter(self: BTreeIndex[Row, A, B], a: A | Range[A], /) -> list[Row]: ...
    @overload
    def filter(self: BTreeIndex[Row, A, B], a: A, b: B | Range[B], /) -> list[Row]: ...
    @overload
    def filter(self: BTreeIndex[Row, A, B, C], a: A | Range[A], /) -> list[Row]: ...
    @overload
    def filter(self: BTreeIndex[Row, A, B, C], a: A, b: B | Range[B], /) -> list[Row]: ...
    @overload
    def filter(self: BTreeIndex[Row, A, B, C], a: A, b: B, c: C | Range[C], /) -> list[Row]: ...
    @overload
    def filter(self: BTreeIndex[Row, A, B, C, D, *More], *key: Any) -> list[Row]: ...
    def filter(self, *key: Any) -> list[Row]:
        """The cached rows whose columns equal ``key``, in the order of the index's columns.

        The last value given may be a range (``between(3, 10)``, ``at_least(3)``, ``above(3)``,
        ``at_most(10)``, ``below(10)``, ``range(3, 10)``); behind it, columns may be left out:

        >>> db.score.by_player_and_level.filter(player)
        >>> db.score.by_player_and_level.filter(player, 7)
        >>> db.score.by_player_and_level.filter(player, between(3, 10))

        Raises ``TypeError`` for more values than columns, or none.
        """
        if not 1 <= len(key) <= len(self.columns):
            raise TypeError(f"filter takes values for {', '.join(self.columns)}, but {len(key)} were given")
        *prefix, last = key
        if isinstance(last, range):
            last = of_numbers(last)
        with self._source.lock:
            if self._lookup is None:
                self._lookup = self._source.cache.ordered(self._source.positions(self.columns))
            if not isinstance(last, Range):
                return self._lookup.select(*key)
            return self._lookup.select(*prefix, within=last)

    def __repr__(self) -> str:
        return f"<index over {', '.join(self.columns)}>"
