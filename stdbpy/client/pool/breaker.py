"""A circuit breaker: after several failures in a short time, no more calls until a probe was answered.

Of our own, as the libraries for it (pybreaker, purgatory, circuitbreaker) judge calls that they wrap, one
at a time, by the clock of the machine. Here the failures are those of connections, which carry many calls
at once and are lost between calls as well; and the pool itself sends the probe, so that no call of a user's
is the one that finds out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class BreakerState(Enum):
    CLOSED = "closed"
    """All is well: calls pass."""
    OPEN = "open"
    """Too much has failed: no call passes."""
    HALF_OPEN = "half-open"
    """It has been open for long enough: one probe decides whether it closes or opens anew."""


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a breaker opens, and for how long."""

    failures: int = 5
    """So many failures, …"""
    within: float = 30.0
    """… none of which is older than so many seconds, open it."""
    open_for: float = 5.0
    """Seconds until a probe may close it again. The time doubles with each probe that fails, …"""
    open_at_most: float = 60.0
    """… up to so many seconds."""


class Breaker:
    """``clock`` gives seconds. Not for several threads at once: who has them locks."""

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._clock = clock
        self._failed_at: deque[float] = deque(maxlen=policy.failures)
        self._opened_at: float | None = None
        self._open_for = policy.open_for

    @property
    def state(self) -> BreakerState:
        if self._opened_at is None:
            return BreakerState.CLOSED
        if self._clock() < self._opened_at + self._open_for:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    @property
    def passes(self) -> bool:
        """Whether calls may be made."""
        return self._opened_at is None

    @property
    def probe_due(self) -> float | None:
        """When, by the clock, it is half-open and to be probed; ``None`` while it is closed."""
        return None if self._opened_at is None else self._opened_at + self._open_for

    @property
    def failures(self) -> int:
        """How many failures count at the moment."""
        self._forget()
        return len(self._failed_at)

    def failed(self) -> None:
        """Something failed that was the fault of server or network."""
        now = self._clock()
        match self.state:
            case BreakerState.HALF_OPEN:
                self._open_for = min(self._open_for * 2, self._policy.open_at_most)
                self._opened_at = now
            case BreakerState.CLOSED:
                self._forget()
                self._failed_at.append(now)
                if len(self._failed_at) >= self._policy.failures:
                    self._opened_at = now
            case BreakerState.OPEN:
                """What was under way when it opened tells nothing new."""

    def probed(self) -> None:
        """A probe was answered: closes it if it is half-open."""
        if self.state is BreakerState.HALF_OPEN:
            self._opened_at = None
            self._open_for = self._policy.open_for
            self._failed_at.clear()

    def _forget(self) -> None:
        oldest = self._clock() - self._policy.within
        while self._failed_at and self._failed_at[0] < oldest:
            self._failed_at.popleft()
