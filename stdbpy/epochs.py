"""The clock that compiled code looks at: it counts while guests run, and stands still when none does."""

from __future__ import annotations

from math import ceil
from threading import Event, Thread
from time import sleep

import wasmtime

TICK = 0.05
"""Seconds."""


class Epochs:
    """Counts up the epoch of an engine on a thread of its own, which lasts as long as the process."""

    def __init__(self, engine: wasmtime.Engine) -> None:
        self._engine = engine
        self._running: set[int] = set()
        self._is_asleep = False
        self._wake = Event()
        Thread(target=self._count, name="stdbpy-wasm-clock", daemon=True).start()

    def begin(self, call: int) -> None:
        """A call, which is any number, runs from now on until it is said to :meth:`end`."""
        self._running.add(call)
        if self._is_asleep:
            self._wake.set()

    def end(self, call: int) -> None:
        self._running.discard(call)

    def _count(self) -> None:
        while True:
            self._is_asleep = True
            if not self._running:
                self._wake.wait()
            self._is_asleep = False
            self._wake.clear()
            sleep(TICK)
            self._engine.increment_epoch()


def ticks(seconds: float) -> int:
    """How many ticks take at least so long."""
    return ceil(seconds / TICK) + 1
