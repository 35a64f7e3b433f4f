"""The synchronous connections of a process: closed when it exits, and not shared with what it forks."""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import suppress
from typing import Protocol
from weakref import WeakSet

from stdbpy.errors import StdbError

LOCKED_WITHIN = 1.0
"""Seconds that a fork waits for a connection that another thread holds the lock of."""


class OpenConnection(Protocol):
    """What can be asked of each of them."""

    lock: threading.RLock

    def close(self) -> None: ...

    def abandon(self) -> None:
        """In a forked process: the one that it was forked from goes on with the connection."""
        ...


open_connections: WeakSet[OpenConnection] = WeakSet()

_locked: list[OpenConnection] = []
"""While the process forks."""


def _lock_all() -> None:
    """Before a fork: no other thread then changes a cache, nor has a lock that the new process would wait for."""
    _locked.extend(each for each in list(open_connections) if each.lock.acquire(timeout=LOCKED_WITHIN))


def _unlock_all() -> None:
    while _locked:
        _locked.pop().lock.release()


def _abandon_all() -> None:
    _unlock_all()
    for each in list(open_connections):
        each.abandon()
    open_connections.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock_all, after_in_parent=_unlock_all, after_in_child=_abandon_all)


@atexit.register
def _close_all() -> None:
    for each in list(open_connections):
        with suppress(StdbError):
            each.close()
