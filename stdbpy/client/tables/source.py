"""What the handles of tables need of a connection."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from stdbpy.protocol.cache import TableCache


class Waiting(Protocol):
    """How a stream of changes waits for callbacks to run. A connection implements one of the two, and
    the other one raises :class:`~stdbpy.errors.ClientError` that says which kind it is.

    These two return whether ``ready()`` became true: ``False`` after ``timeout`` seconds. They raise
    :class:`~stdbpy.errors.ConnectionClosed` once no callback will ever run again, or what the
    connection gave up for.
    """

    def wait_until(self, ready: Callable[[], bool], timeout: float | None) -> bool: ...

    async def wait_until_async(self, ready: Callable[[], bool], timeout: float | None) -> bool: ...

    def look_again(self) -> None:
        """Has who waits ask ``ready()`` again, as no callback will have brought it about. May be called in any
        thread that may use the connection."""
        ...


@dataclass(frozen=True, slots=True)
class TableSource:
    """One table of a connection: the cache that its rows are in, and how to wait for its changes.

    ``lock`` is held while messages change the cache: by an asynchronous connection, which runs in one
    thread with what looks at the rows, none need be.
    """

    cache: TableCache
    waiting: Waiting
    lock: AbstractContextManager[object] = field(default_factory=nullcontext)

    def positions(self, columns: tuple[str, ...]) -> tuple[int, ...]:
        """Where the columns of these names are. Raises ``ValueError`` for a name that is none."""
        names: tuple[Any, ...] = self.cache.layout.columns
        return tuple(names.index(column) for column in columns)
