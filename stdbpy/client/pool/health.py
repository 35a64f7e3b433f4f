"""What a pool tells of itself, as data."""

from __future__ import annotations

import msgspec

from stdbpy.client.pool.breaker import BreakerState
from stdbpy.errors import StdbError
from stdbpy.protocol.session import State


class ConnectionHealth(msgspec.Struct, frozen=True):
    """One connection of a pool. Durations are in seconds."""

    state: State
    is_ready: bool
    """Connected, and what ``prepare`` subscribed to is in its cache: it gets calls unless its breaker is open."""
    outstanding: int
    """Calls that have no answer yet, and blocks of ``pool.connection()``."""
    round_trip: float | None
    """How long the last check took, through the database; ``None`` before there was one."""
    checked_ago: float | None
    """Since the last answered check."""
    losses: int
    """How often it was lost, or could not be made."""


class EndpointHealth(msgspec.Struct, frozen=True):
    """One endpoint of a pool."""

    uri: str
    database: str
    breaker: BreakerState
    recent_failures: int
    """Those that count for the breaker; it opens with ``BreakerPolicy.failures``."""
    failures: int
    """Connections that were lost or not made, and calls and checks without an answer, since the pool is there."""
    last_error: StdbError | None
    connections: tuple[ConnectionHealth, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether it gets calls."""
        return self.breaker is BreakerState.CLOSED and any(each.is_ready for each in self.connections)

    @property
    def outstanding(self) -> int:
        return sum(each.outstanding for each in self.connections)

    @property
    def round_trip(self) -> float | None:
        """The shortest of its connections' last checks."""
        return min((each.round_trip for each in self.connections if each.round_trip is not None), default=None)
