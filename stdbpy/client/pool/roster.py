"""Which connection of a pool gets the next call, which is to be checked or made anew, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias

from stdbpy.client.pool.breaker import Breaker
from stdbpy.client.pool.health import EndpointHealth
from stdbpy.client.pool.member import C, Member, Site
from stdbpy.client.pool.options import Endpoint, PoolPolicy
from stdbpy.errors import CallTimeout, ConnectionClosed, NoConnectionAvailable, StdbError
from stdbpy.protocol.options import ReconnectPolicy


@dataclass(frozen=True, slots=True)
class Make(Generic[C]):
    """A connection is to be made for this place."""

    member: Member[C]


@dataclass(frozen=True, slots=True)
class Check(Generic[C]):
    """The connection of this place is to be asked for a sign of life."""

    member: Member[C]


Duty: TypeAlias = Make[C] | Check[C]


class Roster(Generic[C]):
    """The places of a pool: ``connections`` for each endpoint.

    It is told what happens, and says what is to be done: nothing here waits, locks, or has a clock of its
    own. ``clock`` gives seconds, ``random`` numbers in [0, 1).
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        connections: int,
        policy: PoolPolicy,
        remaking: ReconnectPolicy,
        *,
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._policy = policy
        self._remaking = remaking
        self._clock = clock
        self._random = random
        self._choices = 0
        now = clock()
        self.sites = [Site(endpoint, Breaker(policy.breaker, clock)) for endpoint in endpoints]
        # The connections of one endpoint are not neighbours: the first calls go to different endpoints.
        self.members: list[Member[C]] = [Member(site, now) for _ in range(connections) for site in self.sites]
        self.is_draining = False

    # --- choosing ------------------------------------------------------------------------------

    def choose(self) -> Member[C]:
        """The least busy of those that are well; among equals the one that was chosen longest ago.

        Raises :class:`~stdbpy.errors.NoConnectionAvailable`, and ``ConnectionClosed`` once it drains.
        """
        if self.is_draining:
            raise ConnectionClosed("the pool takes no more calls: it is being closed")
        best: Member[C] | None = None
        least = (0, 0)
        for member in self.members:
            if member.site.breaker.passes and member.is_ready:
                load = member.outstanding, member.chosen
                if best is None or load < least:
                    best, least = member, load
        if best is None:
            raise self._nothing_available()
        self._choices += 1
        best.chosen = self._choices
        return best

    @property
    def ready(self) -> int:
        """How many connections could be chosen now."""
        return sum(member.site.breaker.passes and member.is_ready for member in self.members)

    def _nothing_available(self) -> NoConnectionAvailable:
        told = "; ".join(f"{site.endpoint}: {site.last_error}" for site in self.sites if site.last_error is not None)
        return NoConnectionAvailable(
            "no connection of the pool is well" + (f" ({told})" if told else ""),
            hint="Try again later, or give pool.connection() a timeout to wait for one.",
        )

    # --- what happens --------------------------------------------------------------------------

    def came_up(self, member: Member[C]) -> None:
        """Its connection stands, for the first time or again."""
        member.forget_check()
        member.check_due = self._clock()
        member.endings = 0

    def lost(self, member: Member[C], error: StdbError) -> None:
        """Its connection was lost; perhaps it comes back by itself."""
        member.losses += 1
        member.forget_check()
        member.site.failed(error)
        if member.has_ended:
            self._make_again(member)

    def not_reached(self, member: Member[C], error: StdbError) -> None:
        """An attempt to connect failed; perhaps the connection goes on trying."""
        member.losses += 1
        member.site.not_reached(error)
        if member.connection is None or member.has_ended:
            self._make_again(member)

    def closed(self, member: Member[C]) -> None:
        """Its connection was closed by who had it, which is no failure."""
        member.forget_check()
        if not self.is_draining:
            self._make_again(member)

    def call_timed_out(self, member: Member[C], error: StdbError) -> None:
        """Somebody gave up waiting for a call.

        The call may be a slow one on a server that is well. So the connection is checked at once, and what is
        given up while that check has no answer either counts as a failure.
        """
        if member.check_began is not None:
            member.site.failed(error)
        elif member.is_connected:
            member.check_due = self._clock()

    def answered(self, member: Member[C]) -> None:
        """The check of its connection was answered."""
        now = self._clock()
        if member.check_began is not None:
            member.round_trip = now - member.check_began
            member.site.breaker.probed()
        member.forget_check()
        member.checked_at = now
        member.check_due = now + self._policy.check_interval

    def _make_again(self, member: Member[C]) -> None:
        member.make_at = self._clock() + self._remaking.delay(member.endings, self._random)
        member.endings += 1

    # --- what is to be done --------------------------------------------------------------------

    def duties(self) -> list[Duty[C]]:
        """What is to be done now; each of it is told once."""
        now = self._clock()
        duties: list[Duty[C]] = []
        for member in self.members:
            if member.make_at is not None and member.make_at <= now:
                member.make_at = None
                duties.append(Make(member))
            began = member.check_began
            if began is None:
                due = self._check_due(member)
                if due is not None and due <= now:
                    member.check_began = now
                    duties.append(Check(member))
            elif not member.is_silent and began + self._policy.check_timeout <= now:
                member.is_silent = True
                timeout = self._policy.check_timeout
                member.site.failed(CallTimeout(f"a check has no answer after {timeout:g} seconds"))
        return duties

    @property
    def next_due(self) -> float | None:
        """When there is something to do again, by the clock; ``None`` as long as nothing happens."""
        times = [time for member in self.members for time in self._times(member) if time is not None]
        return min(times, default=None)

    def _times(self, member: Member[C]) -> tuple[float | None, ...]:
        if member.check_began is None:
            return member.make_at, self._check_due(member)
        if member.is_silent:
            return (member.make_at,)
        return member.make_at, member.check_began + self._policy.check_timeout

    def _check_due(self, member: Member[C]) -> float | None:
        """When the connection is to be checked: in turn, or as the probe that its breaker waits for."""
        if not member.is_connected or member.check_due is None:
            return None
        probe_due = member.site.breaker.probe_due
        return member.check_due if probe_due is None else probe_due

    # --- its end, and what it tells ------------------------------------------------------------

    def drain(self) -> None:
        """No more choices, and no more connections."""
        self.is_draining = True
        for member in self.members:
            member.make_at = None

    @property
    def leases(self) -> int:
        return sum(member.leases for member in self.members)

    @property
    def outstanding(self) -> int:
        return sum(member.outstanding for member in self.members)

    def health(self) -> list[EndpointHealth]:
        now = self._clock()
        return [
            site.health(tuple(member.health(now) for member in self.members if member.site is site))
            for site in self.sites
        ]
