"""A stream of what happens to a table's rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeAlias, TypeVar

import msgspec

from stdbpy.client.tables.source import TableSource, Waiting
from stdbpy.errors import ConnectionClosed
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


class Changes(Generic[Row]):
    """The changes of a table from the moment on that it was asked for them, as an iterator.

    ``for`` and ``async for`` wait for the next change; after ``timeout`` seconds without one, or once
    the connection was closed, the stream ends. What the connection gave up for is raised. Changes that
    nobody has taken yet are kept, so a stream that is no longer read should go: leaving the loop and
    the variable is enough, ``close`` or ``with`` make sure.
    """

    def __init__(self, source: TableSource, timeout: float | None) -> None:
        self._table = source.cache.layout.name
        self._timeout = timeout
        self._waiting: Waiting = source.waiting
        self._pending: deque[Change[Row]] = deque()
        self._is_closed = False
        listeners = source.cache.listeners
        # Callbacks that know the queue alone, so that a stream that nobody reads any more is let go.
        append = self._pending.append
        self._registered: list[tuple[Any, Callable[..., None]]] = [
            (listeners.on_insert, lambda ctx, row: append(Inserted(row, ctx.event))),
            (listeners.on_delete, lambda ctx, row: append(Deleted(row, ctx.event))),
            (listeners.on_update, lambda ctx, old, new: append(Updated(old, new, ctx.event))),
        ]
        for registry, callback in self._registered:
            registry.add(callback)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Change[Row]:
        if not self._pending:
            try:
                self._waiting.wait_until(self._has_pending, self._timeout)
            except ConnectionClosed:
                self.close()
        if not self._pending:
            raise StopIteration
        return self._pending.popleft()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change[Row]:
        if not self._pending:
            try:
                await self._waiting.wait_until_async(self._has_pending, self._timeout)
            except ConnectionClosed:
                self.close()
        if not self._pending:
            raise StopAsyncIteration
        return self._pending.popleft()

    def _has_pending(self) -> bool:
        return bool(self._pending) or self._is_closed

    def close(self) -> None:
        """Ends the stream: what is already there can still be taken, nothing is added."""
        self._leave()
        self._waiting.look_again()

    def _leave(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            for registry, callback in self._registered:
                registry.remove(callback)

    def __repr__(self) -> str:
        ended = ", closed" if self._is_closed else ""
        return f"<{type(self).__name__} of {self._table}: {len(self._pending)} not taken yet{ended}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_registered"):
            self._leave()
