"""The clock of a database under test: it stands still, and procedures that sleep go by it."""

from __future__ import annotations

from threading import Condition

from stdbpy.errors import EngineError
from stdbpy.sats.values import Timestamp

BEGINNING = Timestamp.parse("2025-01-01T00:00:00Z")
"""What it shows unless a test says otherwise."""


class FrozenClock:
    """Shows the same moment until it is set. Any thread may use it.

    It also knows who waits for it: what a test waits for is either at work or asleep.
    """

    def __init__(self, moment: Timestamp = BEGINNING) -> None:
        self._moment = moment
        self._changed = Condition()
        self._wakes: list[Timestamp] = []
        self._at_work = 0
        self._has_ended = False

    def __call__(self) -> Timestamp:
        return self._moment

    def set(self, moment: Timestamp) -> None:
        with self._changed:
            self._moment = moment
            self._changed.notify_all()

    def close(self) -> None:
        """Whoever sleeps gets an ``EngineError``."""
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    # --- sleeping ----------------------------------------------------------------------------

    def sleep_until(self, when: Timestamp, *, is_awaited: bool) -> Timestamp:
        """Returns when the clock shows ``when`` or later, and what it shows then. ``is_awaited`` is whether it is
        one of those that :meth:`began` counts."""
        with self._changed:
            if is_awaited:
                self._wakes.append(when)
                self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: self._has_ended or self._moment >= when)
            finally:
                if is_awaited:
                    self._wakes.remove(when)
            if self._has_ended:
                raise EngineError("The database was closed")
            return self._moment

    def next_wake(self) -> Timestamp | None:
        """When the first sleeper wants to be woken."""
        with self._changed:
            return min(self._wakes, default=None)

    # --- what is waited for ------------------------------------------------------------------

    def began(self) -> None:
        """Something has begun whose end, or sleep, :meth:`settle` waits for."""
        with self._changed:
            self._at_work += 1

    def ended(self) -> None:
        with self._changed:
            self._at_work -= 1
            self._changed.notify_all()

    def settle(self, patience: float) -> bool:
        """Returns when all that has begun has ended or sleeps until later; false after so many seconds."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._at_work <= sum(when > self._moment for when in self._wakes), patience
            )
