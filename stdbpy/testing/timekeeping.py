"""Time in a database under test: it passes when the test says so, and what is due runs then."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TypeVar

from stdbpy.engine.database import Database
from stdbpy.sats.values import Timestamp
from stdbpy.testing.clock import FrozenClock
from stdbpy.testing.observed import ObservedInstance

PATIENCE = 30.0
"""Seconds that what is at work may take, by the clock on the wall."""

MOST_STEPS = 100_000
"""How often the clock may stop on its way because something is due."""

T = TypeVar("T")


class Timekeeper:
    """Puts the clock of a database forward."""

    def __init__(self, database: Database, instance: ObservedInstance, clock: FrozenClock) -> None:
        self._database = database
        self._instance = instance
        self._clock = clock

    def run_due(self) -> None:
        """Runs what is due, once each, and waits for procedures to end or sleep."""
        self._database.run_due().result(PATIENCE)
        self._settle()

    def advance(self, until: Timestamp) -> None:
        """Runs what falls due until then, each at its time."""
        for _ in range(MOST_STEPS):
            self.run_due()
            due = min(self._due(), default=None)
            if due is None or due > until:
                self._clock.set(max(until, self._clock()))
                return
            self._clock.set(max(due, self._clock()))
        raise AssertionError(f"{MOST_STEPS} schedules fell due, and the clock does not show {until} yet")

    def outcome_of(self, begun: Future[T]) -> T:
        """What a procedure comes to that has begun. Its sleep takes no time: the clock is put forward to its end."""
        self._clock.began()
        begun.add_done_callback(lambda _: self._clock.ended())
        while not begun.done():
            self._settle()
            wake = self._clock.next_wake()
            if not begun.done() and wake is not None:
                self.advance(wake)
        return begun.result()

    def _due(self) -> list[Timestamp]:
        schedule = self._database.transact(lambda _: self._instance.due.next_due()).result(PATIENCE)
        return [moment for moment in (schedule, self._clock.next_wake()) if moment is not None]

    def _settle(self) -> None:
        if not self._clock.settle(PATIENCE):
            raise AssertionError(f"a procedure has neither ended nor gone to sleep within {PATIENCE:.0f} seconds")
