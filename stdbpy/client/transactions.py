"""A stream of what happens to all subscribed rows, transaction by transaction."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from stdbpy.client.tables.source import Waiting
from stdbpy.client.tables.stream import Stream
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


class Transactions(Stream[Transaction]):
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
        super().__init__(waiting, timeout)
        # Nobody reports a change of a table that nobody listens to.
        for table in tables:
            listeners = table.listeners
            for registry in (listeners.on_insert, listeners.on_delete, listeners.on_update):
                registry.add(_listen)
                self._stops.append(partial(registry.remove, _listen))
        hook = partial(_take, self._pending)
        hooks.append(hook)
        self._stops.append(partial(hooks.remove, hook))


def _take(pending: deque[Transaction], context: EventContext, changes: Sequence[TableChanges]) -> None:
    told = tuple(change for change in changes if change.inserted or change.deleted or change.updated)
    pending.append(Transaction(context.event, told))


def _listen(*_: Any) -> None:
    """Stands for somebody who wants to know."""
