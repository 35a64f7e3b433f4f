"""What streams of changes have in common: a queue that callbacks fill and an iterator empties."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from stdbpy.client.tables.source import Waiting
from stdbpy.errors import ConnectionClosed

Item = TypeVar("Item")


class Stream(Generic[Item]):
    """An iterator for ``for`` and ``async for`` over what comes from the moment on that it was made.

    A subclass has callbacks put things into ``_pending``, which must know that queue alone, so that a
    stream that nobody reads any more is let go, and says in ``_stops`` how to remove them.
    """

    _is_closed = True  # until there is something to end

    def __init__(self, waiting: Waiting, timeout: float | None) -> None:
        self.timeout = timeout
        """Seconds after which the stream ends if nothing comes. May be changed from one thing to the next."""
        self._waiting = waiting
        self._pending: deque[Item] = deque()
        self._stops: list[Callable[[], object]] = []
        self._is_closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
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

    async def __anext__(self) -> Item:
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
            for stop in self._stops:
                stop()

    def _described(self) -> str:
        ended = ", closed" if self._is_closed else ""
        return f"{len(self._pending)} not taken yet{ended}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._described()}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._leave()
