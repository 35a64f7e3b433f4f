"""Finding cached rows by the table's indexes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, TypeVarTuple, overload

from stdbpy.client.tables.source import TableSource
from stdbpy.protocol.cache import OrderedLookup, UniqueLookup
from stdbpy.sats.ranges import Range, of_numbers
from stdbpy.sats.shapes import Union

Row = TypeVar("Row")
Keys = TypeVarTuple("Keys")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
More = TypeVarTuple("More")

_UNFIT = (KeyError, AttributeError, TypeError)
"""What comes of looking for a value of another type than the column's."""


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
            find = _guarded(lookup, source, columns)
        self.find = find

    def __repr__(self) -> str:
        return f"<unique index over {', '.join(self.columns)}>"


def _refused(source: TableSource, columns: tuple[str, ...], values: tuple[Any, ...], error: Exception) -> TypeError:
    """What is raised for values that no row can have in these columns: says of one of them what it holds."""
    fields = source.cache.layout.record.fields
    for column, position, value in zip(columns, source.positions(columns), values, strict=False):
        shape = fields[position]
        if isinstance(shape, Union) and not _is_of(shape, value):
            held = ", ".join(map(repr, shape.members)) if shape.members else " or ".join(shape.labels)
            return TypeError(f"the column {column!r} holds {held}, not {value!r}")
    given = ", ".join(map(repr, values))
    return TypeError(f"no row can have {given} in {', '.join(columns)}: {error}")


def _is_of(shape: Union, value: object) -> bool:
    if shape.members is not None:
        return value in shape.members
    return shape.classes is None or isinstance(value, shape.classes)


def _guarded(lookup: UniqueLookup, source: TableSource, columns: tuple[str, ...]) -> Callable[..., Any]:
    """``find`` of a look-up that is not one step: built when first used, and changed by messages."""
    lock = source.lock

    def find_by_one(value: Any) -> Any:
        try:
            with lock:
                return lookup.find(value)
        except _UNFIT as error:
            raise _refused(source, columns, (value,), error) from error

    def find_by_several(*values: Any) -> Any:
        try:
            with lock:
                return lookup.find(values)
        except _UNFIT as error:
            raise _refused(source, columns, values, error) from error

    return find_by_one if len(columns) == 1 else find_by_several


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

        Raises ``TypeError`` for more values than columns, or none, and for values that no row can have.
        """
        if not 1 <= len(key) <= len(self.columns):
            raise TypeError(f"filter takes values for {', '.join(self.columns)}, but {len(key)} were given")
        *prefix, last = key
        if isinstance(last, range):
            last = of_numbers(last)
        try:
            with self._source.lock:
                if self._lookup is None:
                    self._lookup = self._source.cache.ordered(self._source.positions(self.columns))
                if not isinstance(last, Range):
                    return self._lookup.select(*key)
                return self._lookup.select(*prefix, within=last)
        except _UNFIT as error:
            raise _refused(self._source, self.columns, key, error) from error

    def __repr__(self) -> str:
        return f"<index over {', '.join(self.columns)}>"
