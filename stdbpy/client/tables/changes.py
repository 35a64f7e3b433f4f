"""A stream of what happens to a table's rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from stdbpy.client.tables.source import TableSource
from stdbpy.client.tables.stream import Stream
from stdbpy.protocol.events import RowEvent

Row = TypeVar("Row")


class Inserted(msgspec.Struct, Generic[Row], frozen=True, gc=False):
    """A row came; ``event`` is why."""

    row: Row
    event: RowEvent


class Deleted(msgspec.Struct, Generic[Row], frozen=True, gc=False):
    """A row went; ``event`` is why."""

    row: Row
    event: RowEvent


class Updated(msgspec.Struct, Generic[Row], frozen=True, gc=False):
    """A row was replaced by one with the same primary key; ``event`` is why."""

    old: Row
    new: Row
    event: RowEvent


Change: TypeAlias = Inserted[Row] | Updated[Row] | Deleted[Row]


class Changes(Stream[Change[Row]]):
    """The changes of a table from the moment on that it was asked for them, as an iterator.

    ``for`` and ``async for`` wait for the next change; after ``timeout`` seconds without one, or once
    the connection was closed, the stream ends. What the connection gave up for is raised. Changes that
    nobody has taken yet are kept, so a stream that is no longer read should go: leaving the loop and
    the variable is enough, ``close`` or ``with`` make sure.
    """

    def __init__(self, source: TableSource, timeout: float | None) -> None:
        super().__init__(source.waiting, timeout)
        self._table = source.cache.layout.name
        listeners = source.cache.listeners
        append = self._pending.append
        registered: list[tuple[Any, Callable[..., None]]] = [
            (listeners.on_insert, lambda ctx, row: append(Inserted(row, ctx.event))),
            (listeners.on_delete, lambda ctx, row: append(Deleted(row, ctx.event))),
            (listeners.on_update, lambda ctx, old, new: append(Updated(old, new, ctx.event))),
        ]
        for registry, callback in registered:
            registry.add(callback)
            self._stops.append(partial(registry.remove, callback))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._table}: {self._described()}>"
