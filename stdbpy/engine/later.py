"""Calls that a module wants to be made as soon as what runs is done (``volatile_nonatomic_schedule_immediate``).

Unlike rows of tables with a schedule they belong to no transaction: they are made whatever comes of it, and are
forgotten when the process ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from threading import Lock

MOST = 100_000
MOST_BYTES = 64 << 20
"""How many calls can wait, and how large their arguments are together: a module could want more faster than
they are made."""


class LaterCalls:
    """The calls of one database that wait. Any thread may add some."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._bytes = 0
        self._counting = Lock()
        self.wake: Callable[[], None] = _nothing
        """Called when there is another one."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, function: str, args: bytes) -> None:
        """``function`` is the full name of a reducer or procedure, ``args`` the BSATN of its arguments. Raises
        ``OverflowError`` if too many wait."""
        with self._counting:
            if len(self._waiting) >= MOST or self._bytes + len(args) > MOST_BYTES:
                raise OverflowError(f"as much as can wait is waiting to be made later: {len(self._waiting)} calls")
            self._bytes += len(args)
            self._waiting.append((function, args))
        self.wake()

    def take(self) -> Iterator[tuple[str, bytes]]:
        """Those that wait now, in order; each is gone when it is given."""
        for _ in range(len(self._waiting)):
            function, args = self._waiting.popleft()
            with self._counting:
                self._bytes -= len(args)
            yield function, args


def _nothing() -> None:
    """Nobody has to be woken."""
