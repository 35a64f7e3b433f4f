"""Threads for what may have to wait: for a database that is being opened, or is busy for a while or for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

SEATS = 64
"""How many wait at a time; the next ones stand in a line, and nobody else notices. Those who wait for a database
that does not end what it does give up after half a minute."""

P = ParamSpec("P")
T = TypeVar("T")


class WaitingRoom:
    """Its threads are not those that asyncio lends for files and for large answers: a few databases that are stuck
    would hold all of them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(SEATS, "stdbpy-waiting")

    async def run(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """What ``function`` comes to in a thread. It is carried out even if nobody waits any more."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(function, *args, **named))

    def close(self) -> None:
        """Does not wait for those who do; who stands in line goes home."""
        self._threads.shutdown(wait=False, cancel_futures=True)
