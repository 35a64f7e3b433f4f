"""The places of a pool: one for each of its connections, grouped by endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from stdbpy.client.pool.breaker import Breaker
from stdbpy.client.pool.health import ConnectionHealth, EndpointHealth
from stdbpy.client.pool.options import Endpoint
from stdbpy.errors import StdbError
from stdbpy.protocol.session import State


class Pooled(Protocol):
    """A live connection, as far as a roster looks at it."""

    @property
    def state(self) -> State: ...

    @property
    def calls_pending(self) -> int: ...


class Prepared(Protocol):
    """A subscription that a connection must have before it is of use."""

    is_applied: bool
    is_ended: bool


C = TypeVar("C", bound=Pooled)


class Site:
    """An endpoint, and what is known of how it fares."""

    def __init__(self, endpoint: Endpoint, breaker: Breaker) -> None:
        self.endpoint = endpoint
        self.breaker = breaker
        self.failures = 0
        self.last_error: StdbError | None = None

    def failed(self, error: StdbError) -> None:
        self.failures += 1
        self.last_error = error
        self.breaker.failed()

    def not_reached(self, error: StdbError) -> None:
        """An attempt to connect failed, by which a breaker that is open learns nothing new."""
        self.failures += 1
        self.last_error = error
        if self.breaker.passes:
            self.breaker.failed()

    def health(self, connections: tuple[ConnectionHealth, ...]) -> EndpointHealth:
        return EndpointHealth(
            self.endpoint.uri,
            self.endpoint.database,
            self.breaker.state,
            self.breaker.failures,
            self.failures,
            self.last_error,
            connections,
        )


class Member(Generic[C]):
    """A place for a connection, which is made anew when it ends for good."""

    def __init__(self, site: Site, make_at: float) -> None:
        self.site = site
        self.connection: C | None = None
        self.make_at: float | None = make_at
        """When a connection is to be made; ``None`` while there is one, or one is being made."""
        self.leases = 0
        """How many have it for a block of their own."""
        self.chosen = 0
        """The number of the choice that fell on it last."""
        self.check_due: float | None = None
        self.check_began: float | None = None
        """When the check was sent that has no answer yet."""
        self.is_silent = False
        """That check is overdue."""
        self.checked_at: float | None = None
        self.round_trip: float | None = None
        self.losses = 0
        self.endings = 0
        """How many connections in a row ended for good."""
        self.prepared: Sequence[Prepared] = ()
        """What its connection must have, besides standing, to be ready."""

    def take(self, connection: C) -> None:
        """``connection`` has this place."""
        self.connection = connection
        self.make_at = None
        self.prepared = ()

    @property
    def is_connected(self) -> bool:
        return self.connection is not None and self.connection.state is State.CONNECTED

    @property
    def has_ended(self) -> bool:
        return self.connection is not None and self.connection.state is State.CLOSED

    @property
    def is_ready(self) -> bool:
        if self.is_silent or not self.is_connected:
            return False
        if self.prepared:
            if not all(each.is_applied or each.is_ended for each in self.prepared):
                return False
            self.prepared = ()
        return True

    @property
    def outstanding(self) -> int:
        """Calls of users that have no answer yet, and blocks: without the pool's own check."""
        pending = 0 if self.connection is None else self.connection.calls_pending
        return self.leases + max(pending - (self.check_began is not None), 0)

    def forget_check(self) -> None:
        self.check_due = self.check_began = None
        self.is_silent = False

    def health(self, now: float) -> ConnectionHealth:
        return ConnectionHealth(
            State.CONNECTING if self.connection is None else self.connection.state,
            self.is_ready,
            self.outstanding,
            self.round_trip,
            None if self.checked_at is None else now - self.checked_at,
            self.losses,
        )
