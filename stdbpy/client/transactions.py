"""A stream of what happens to all subscribed rows, transaction by transaction."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from stdbpy.client.tables.source import Waiting
from stdbpy.errors import ConnectionClosed
from stdbpy.protocol.cache import TableCache, TableChanges
from stdbpy.protocol.events import RowEvent

if TYPE_CHECKING:
    from stdbpy.client.contexts import EventContext


class Transaction(msgspec.Struct, frozen=True):
    """All that one message changed in the subscribed rows: a transaction of the database, the beginning or end
    of a subscription, or what was missed while the connection was lost."""

    event: RowEvent
    """Which of these, and who did it as far as the protocol tells."""
    changes: tuple[TableChanges, ...]
    """Of each table in which there were any."""


class Transactions:
    """Transactions from the moment on that it was asked for them, as an iterator.

    ``for`` and ``async for`` wait for the next one; after ``timeout`` seconds without one, or once the
    connection was closed, the stream ends. What the connection gave up for is raised. What nobody has
    taken yet is kept, so a stream that is no longer read should go: leaving the loop and the variable is
    enough, ``close`` or ``with`` make sure.
    """

    def __init__(
        self,
        tables: Iterable[TableCache],
        hooks: list[Callable[..., object]],
        waiting: Waiting,
        timeout: float | None = None,
    ) -> None:
        self.timeout = timeout
        """May be changed from one transaction to the next."""
        self._hooks = hooks
        self._waiting = waiting
        self._pending: deque[Transaction] = deque()
        self._is_closed = False
        # Nobody reports a change of a table that nobody listens to.
        self._listened = [
            registry
            for listeners in (table.listeners for table in tables)
            for registry in (listeners.on_insert, listeners.on_delete, listeners.on_update)
        ]
        for registry in self._listened:
            registry.add(_listen)
        # It knows the queue alone, so that a stream that nobody reads any more is let go.
        self._hook = partial(_take, self._pending)
        hooks.append(self._hook)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Transaction:
        if not self._pending:
            try:
                self._waiting.wait_until(self._has_pending, self.timeout)
            except ConnectionClosed:
                self.close()
        if not self._pending:
            raise StopIteration
        return self._pending.popleft()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Transaction:
        if not self._pending:
            try:
                await self._waiting.wait_until_async(self._has_pending, self.timeout)
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
            self._hooks.remove(self._hook)
            for registry in self._listened:
                registry.remove(_listen)

    def __repr__(self) -> str:
        ended = ", closed" if self._is_closed else ""
        return f"<{type(self).__name__}: {len(self._pending)} not taken yet{ended}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_hook"):
            self._leave()


def _take(pending: deque[Transaction], context: EventContext, changes: Sequence[TableChanges]) -> None:
    told = tuple(change for change in changes if change.inserted or change.deleted or change.updated)
    pending.append(Transaction(context.event, told))


def _listen(*_: Any) -> None:
    """Stands for somebody who wants to know."""
