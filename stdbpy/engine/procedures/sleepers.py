"""Procedures that wait for a time to come."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition

from stdbpy.errors import EngineError
from stdbpy.sats.values import Timestamp

_LONGEST_WAIT = 3600.0


class Sleepers:
    """``clock`` may be set: :meth:`look_at_clock` tells."""

    def __init__(self, clock: Callable[[], Timestamp]) -> None:
        self._clock = clock
        self._condition = Condition()
        self._has_ended = False

    def sleep_until(self, when: Timestamp) -> Timestamp:
        """Returns when the clock shows ``when``, and what it shows then. Raises ``EngineError`` when this is closed."""
        with self._condition:
            while not self._has_ended and (now := self._clock()) < when:
                self._condition.wait(min((int(when) - int(now)) / 1e6, _LONGEST_WAIT))
            if self._has_ended:
                raise EngineError("The database was closed")
        return self._clock()

    def look_at_clock(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def close(self) -> None:
        with self._condition:
            self._has_ended = True
            self._condition.notify_all()
