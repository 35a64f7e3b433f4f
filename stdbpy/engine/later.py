"""Calls that a module wants to be made as soon as what runs is done (``volatile_nonatomic_schedule_immediate``).

Unlike rows of tables with a schedule they belong to no transaction: they are made whatever comes of it, and are
forgotten when the process ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

MOST = 100_000
"""How many calls can wait: a module could want more faster than they are made."""


class LaterCalls:
    """The calls of one database that wait. Any thread may add some."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, bytes]] = deque()
        self.wake: Callable[[], None] = _nothing
        """Called when there is another one."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, function: str, args: bytes) -> None:
        """``function`` is the full name of a reducer or procedure, ``args`` the BSATN of its arguments. Raises
        ``OverflowError`` if too many wait."""
        if len(self._waiting) >= MOST:
            raise OverflowError(f"{MOST} calls are waiting to be made later")
        self._waiting.append((function, args))
        self.wake()

    def take(self) -> Iterator[tuple[str, bytes]]:
        """Those that wait now, in order; each is gone when it is given."""
        for _ in range(len(self._waiting)):
            yield self._waiting.popleft()


def _nothing() -> None:
    """Nobody has to be woken."""
