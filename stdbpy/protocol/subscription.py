"""One subscription of a session, through connections that come and go."""

from __future__ import annotations

from enum import Enum

from stdbpy.errors import StdbError


class Phase(Enum):
    """Where a subscription stands, as its owner sees it."""

    PENDING = "pending"
    """Asked for, or waiting for a connection to be asked for."""
    APPLIED = "applied"
    """Its rows are in the cache; while the connection is lost, the rows of then."""
    ENDING = "ending"
    """To end: its rows may still be there."""
    ENDED = "ended"
    """Over; ``error`` says why, if its owner did not end it."""


class SubscriptionState:
    """The queries of one query set and where they stand. Its session alone changes it."""

    __slots__ = ("cached", "error", "live", "phase", "queries", "query_set_id")

    def __init__(self, query_set_id: int, queries: tuple[str, ...]) -> None:
        self.query_set_id = query_set_id
        self.queries = queries
        self.phase = Phase.PENDING
        self.error: StdbError | None = None
        self.live = False
        """The server has applied it on the present connection."""
        self.cached = False
        """Rows of it may be in the cache, from this connection or a former one."""

    def __repr__(self) -> str:
        return f"<SubscriptionState {self.query_set_id} {self.phase.value}: {'; '.join(self.queries)}>"
