"""Where the connections of a pool go, and how it looks after them."""

from __future__ import annotations

from dataclasses import dataclass, field

from stdbpy.client.pool.breaker import BreakerPolicy


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A database on a server: one of those that a pool may call."""

    uri: str
    """The server's address, such as ``http://127.0.0.1:3000``."""
    database: str
    """Name or identity."""
    token: str | None = field(default=None, repr=False)
    """For this endpoint alone (a token is good for one server); ``None``: the one given to the pool."""

    def __str__(self) -> str:
        return f"{self.database} on {self.uri}"


@dataclass(frozen=True, slots=True)
class PoolPolicy:
    """Times are in seconds."""

    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    """When an endpoint gets no more calls for a while."""
    check_interval: float = 15.0
    """How long after an answered check each connection is checked again."""
    check_timeout: float = 5.0
    """A check that is not answered by then is a failure."""
    drain_timeout: float = 10.0
    """How long pending calls are waited for on leaving the pool's block, and by ``drain`` if it is not told."""
