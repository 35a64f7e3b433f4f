"""Handles of tables: what ``db.player`` is.

Generated code has a class for each table and view, and makes it with what its connection gives:

>>> class PlayerHandle(KeyedTableHandle[Player, "EventContext"]):
...     def __init__(self, source: TableSource) -> None:
...         super().__init__(source)
...         self.id: UniqueIndex[Player, int] = UniqueIndex(source, "id")
...         self.level: BTreeIndex[Player, int] = BTreeIndex(source, "level")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from stdbpy.client.tables.changes import Changes
from stdbpy.client.tables.indexes import BTreeIndex, UniqueIndex
from stdbpy.client.tables.source import TableSource
from stdbpy.errors import counted

Row = TypeVar("Row")
Ctx = TypeVar("Ctx")
"""The context that callbacks are given."""


class _Watched(Generic[Row, Ctx]):
    """What can be told of any table: that rows come."""

    def __init__(self, source: TableSource) -> None:
        self._source = source

    def on_insert(self, callback: Callable[[Ctx, Row], object]) -> Callable[[Ctx, Row], object]:
        """Calls ``callback(ctx, row)`` for each row that comes, once all changes of its transaction are
        made; also a decorator. ``ctx.event`` is why it came. The callback is returned."""
        self._source.cache.listeners.on_insert.add(callback)
        return callback

    def remove_on_insert(self, callback: Callable[[Ctx, Row], object]) -> None:
        """Raises ``ValueError`` for what is no callback of ``on_insert``."""
        self._source.cache.listeners.on_insert.remove(callback)

    def changes(self, timeout: float | None = None) -> Changes[Row]:
        """What happens to the rows from now on, as a stream for ``for`` or ``async for``.

        The stream ends after ``timeout`` seconds without a change (``None``: it waits on), and when
        the connection is closed.
        """
        return Changes(self._source, timeout)

    def __repr__(self) -> str:
        return f"<table {self._source.cache.layout.name}>"

    if not TYPE_CHECKING:  # which knows the attributes

        def __getattr__(self, name):
            raise AttributeError(_missing(self, name), name=name, obj=self)


class EventTableHandle(_Watched[Row, Ctx]):
    """A table whose rows are events: they are told, and not kept."""


class TableHandle(_Watched[Row, Ctx]):
    """The cached rows of a table or view: those that subscriptions ask for.

    ``len(db.player)``, ``for player in db.player``; each iteration goes over the rows of the moment in
    which it began, in no particular order.
    """

    def count(self) -> int:
        return len(self._source.cache)

    def iter(self) -> Iterator[Row]:
        return iter(self._source.cache.snapshot())

    def __len__(self) -> int:
        return len(self._source.cache)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._source.cache.snapshot())

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<table {self._source.cache.layout.name}: {counted(len(self), 'row')}>"

    def on_delete(self, callback: Callable[[Ctx, Row], object]) -> Callable[[Ctx, Row], object]:
        """Calls ``callback(ctx, row)`` for each row that goes, as with :meth:`on_insert`."""
        self._source.cache.listeners.on_delete.add(callback)
        return callback

    def remove_on_delete(self, callback: Callable[[Ctx, Row], object]) -> None:
        """Raises ``ValueError`` for what is no callback of ``on_delete``."""
        self._source.cache.listeners.on_delete.remove(callback)


class KeyedTableHandle(TableHandle[Row, Ctx]):
    """The cached rows of a table that has a primary key, by which rows are updated."""

    def on_update(self, callback: Callable[[Ctx, Row, Row], object]) -> Callable[[Ctx, Row, Row], object]:
        """Calls ``callback(ctx, old, new)`` for each row that is replaced by another one with the same
        primary key, as with :meth:`on_insert`."""
        self._source.cache.listeners.on_update.add(callback)
        return callback

    def remove_on_update(self, callback: Callable[[Ctx, Row, Row], object]) -> None:
        """Raises ``ValueError`` for what is no callback of ``on_update``."""
        self._source.cache.listeners.on_update.remove(callback)


_FINDING = {"find": UniqueIndex, "filter": BTreeIndex}
_CHANGING = ("insert", "update", "delete")


def _missing(handle: _Watched[Row, Ctx], name: str) -> str:
    """The message of an ``AttributeError``: what many look for here is elsewhere."""
    if name in _CHANGING:
        return f"{handle!r} has no {name!r}: a client changes rows by calling reducers"
    indexes = [attribute for attribute, value in vars(handle).items() if isinstance(value, _FINDING.get(name, ()))]
    if indexes:
        those = ", ".join(f"{index}.{name}(…)" for index in indexes)
        return f"{handle!r} has no {name!r} of its own, but indexes have: {those}"
    return f"{type(handle).__name__!r} object has no attribute {name!r}"  # Python adds "Did you mean"
