"""Which connection gets a call, and what a pool does when: over connections that are only said to be there."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from stdbpy.client.pool.breaker import BreakerPolicy, BreakerState
from stdbpy.client.pool.member import Member
from stdbpy.client.pool.options import Endpoint, PoolPolicy
from stdbpy.client.pool.roster import Check, Make, Roster
from stdbpy.errors import CallTimeout, ConnectFailed, ConnectionClosed, ConnectionLost, NoConnectionAvailable
from stdbpy.protocol.options import ReconnectPolicy
from stdbpy.protocol.session import State
from tests.client.pool.clock import Clock

POLICY = PoolPolicy(breaker=BreakerPolicy(failures=3, within=100, open_for=5), check_interval=15, check_timeout=2)
LOST = ConnectionLost("the connection was lost")
REFUSED = ConnectFailed("nothing answers there")
LATE = CallTimeout("no answer")


@dataclass
class FakeConnection:
    state: State = State.CONNECTED
    calls_pending: int = 0


@dataclass
class FakeSubscription:
    is_applied: bool = False
    is_ended: bool = False


@pytest.fixture
def clock() -> Clock:
    return Clock()


def roster_of(clock: Clock, endpoints: int = 2, connections: int = 2) -> Roster[FakeConnection]:
    """Whose connections have not been made."""
    sites = [Endpoint(f"http://{name}", "game") for name in "abc"[:endpoints]]
    return Roster(sites, connections, POLICY, ReconnectPolicy(base=4), clock=clock, random=lambda: 0.5)


def make_all(roster: Roster[FakeConnection]) -> None:
    for duty in roster.duties():
        assert isinstance(duty, Make)
        duty.member.take(FakeConnection())
        roster.came_up(duty.member)


@pytest.fixture
def roster(clock: Clock) -> Roster[FakeConnection]:
    """Two endpoints with two connections each, which all stand and have been checked."""
    roster = roster_of(clock)
    make_all(roster)
    answer_checks(roster)
    return roster


def answer_checks(roster: Roster[FakeConnection]) -> int:
    checks = [duty for duty in roster.duties() if isinstance(duty, Check)]
    for check in checks:
        roster.answered(check.member)
    return len(checks)


def connection(member: Member[FakeConnection]) -> FakeConnection:
    assert member.connection is not None
    return member.connection


def uri(member: Member[FakeConnection]) -> str:
    return member.site.endpoint.uri


# --- choosing ----------------------------------------------------------------------------------


def test_equally_busy_connections_take_turns_and_endpoints_alternate(roster: Roster[FakeConnection]) -> None:
    chosen = [roster.choose() for _ in range(4)]
    assert len({id(member) for member in chosen}) == 4
    assert [uri(member) for member in chosen] == ["http://a", "http://b", "http://a", "http://b"]
    assert roster.choose() is chosen[0]


def test_the_least_busy_is_chosen_whether_by_calls_or_by_blocks(roster: Roster[FakeConnection]) -> None:
    for load, member in enumerate(roster.members):
        connection(member).calls_pending = 10 - load
    assert roster.choose() is roster.members[3]
    roster.members[3].leases = 5
    assert roster.choose() is roster.members[2]


def test_what_is_not_connected_is_passed_over(roster: Roster[FakeConnection]) -> None:
    for member in roster.members[:3]:
        connection(member).state = State.RECONNECTING
    assert roster.ready == 1
    assert {id(roster.choose()) for _ in range(5)} == {id(roster.members[3])}


def test_a_connection_is_ready_once_what_it_was_prepared_with_is_applied_or_over(clock: Clock) -> None:
    roster = roster_of(clock, endpoints=1, connections=1)
    [member] = roster.members
    first, second = FakeSubscription(), FakeSubscription()
    member.take(FakeConnection())
    member.prepared = [first, second]
    assert not member.is_ready
    first.is_applied = True
    assert not member.is_ready
    second.is_ended = True
    assert member.is_ready


def test_without_any_the_error_says_why_and_that_nothing_was_sent(roster: Roster[FakeConnection]) -> None:
    for member in roster.members:
        connection(member).state = State.RECONNECTING
    roster.lost(roster.members[0], LOST)
    with pytest.raises(NoConnectionAvailable, match="game on http://a: the connection was lost") as raised:
        roster.choose()
    assert not raised.value.may_have_run


# --- failures ----------------------------------------------------------------------------------


def test_an_endpoint_that_fails_too_often_gets_no_calls_until_its_probe_is_answered(
    roster: Roster[FakeConnection], clock: Clock
) -> None:
    failing = roster.members[0]
    for _ in range(3):
        roster.lost(failing, LOST)
        roster.came_up(failing)
    assert {uri(roster.choose()) for _ in range(8)} == {"http://b"}
    assert roster.health()[0].breaker is BreakerState.OPEN
    assert not roster.health()[0].is_healthy
    assert not roster.duties(), "nothing is checked while it is open"
    assert roster.next_due == 5
    clock.now = 5
    assert roster.health()[0].breaker is BreakerState.HALF_OPEN
    assert {uri(roster.choose()) for _ in range(8)} == {"http://b"}
    assert answer_checks(roster) == 2
    assert roster.health()[0].is_healthy
    assert {uri(roster.choose()) for _ in range(8)} == {"http://a", "http://b"}


def test_a_probe_without_an_answer_opens_it_for_longer(roster: Roster[FakeConnection], clock: Clock) -> None:
    for _ in range(3):
        roster.lost(roster.members[0], LOST)
        roster.came_up(roster.members[0])
    clock.now = 5
    assert len(roster.duties()) == 2
    clock.now = 7
    assert not roster.duties()
    health = roster.health()[0]
    assert health.breaker is BreakerState.OPEN
    clock.now = 16
    assert roster.health()[0].breaker is BreakerState.OPEN
    clock.now = 17
    assert roster.health()[0].breaker is BreakerState.HALF_OPEN
    roster.answered(roster.members[0])
    assert roster.health()[0].breaker is BreakerState.CLOSED


def test_a_server_that_is_back_gets_calls_at_once_however_long_it_was_away(
    roster: Roster[FakeConnection], clock: Clock
) -> None:
    away = [member for member in roster.members if uri(member) == "http://a"]
    for member in away:
        connection(member).state = State.RECONNECTING
        roster.lost(member, LOST)
    for clock.now in range(1, 500, 20):
        for member in away:
            roster.not_reached(member, REFUSED)
    clock.now = 500
    connection(away[0]).state = State.CONNECTED
    roster.came_up(away[0])
    assert Check(away[0]) in roster.duties()
    roster.answered(away[0])
    assert roster.health()[0].is_healthy


def test_calls_that_time_out_count_only_while_the_connection_answers_nothing_else(
    roster: Roster[FakeConnection], clock: Clock
) -> None:
    slow = roster.members[0]
    for _ in range(10):  # a procedure that takes long, on a server that is well
        clock.now += 0.1
        roster.call_timed_out(slow, LATE)
        assert answer_checks(roster) == 1
    assert roster.health()[0].breaker is BreakerState.CLOSED
    assert roster.health()[0].failures == 0
    for _ in range(4):  # a server that is stuck
        roster.call_timed_out(slow, LATE)
        roster.duties()
    assert roster.health()[0].breaker is BreakerState.OPEN
    assert roster.health()[0].last_error is LATE


def test_a_connection_that_does_not_answer_its_check_gets_no_calls_until_it_does(
    roster: Roster[FakeConnection], clock: Clock
) -> None:
    clock.now = 15
    silent, *others = [duty.member for duty in roster.duties()]
    clock.now = 15.5
    for member in others:
        roster.answered(member)
    assert roster.next_due == 17
    clock.now = 17
    assert not roster.duties()
    assert not silent.is_ready
    assert roster.health()[0].recent_failures == 1
    assert all(roster.choose() is not silent for _ in range(8))
    clock.now = 20
    roster.answered(silent)
    assert silent.is_ready
    assert silent.round_trip == 5


def test_a_call_that_times_out_while_there_is_no_connection_says_nothing_new(
    roster: Roster[FakeConnection],
) -> None:
    member = roster.members[0]
    connection(member).state = State.RECONNECTING
    roster.lost(member, LOST)
    roster.call_timed_out(member, LATE)
    assert roster.health()[0].failures == 1
    assert not roster.duties()


# --- connections that end for good -------------------------------------------------------------


def test_a_connection_that_ended_is_made_anew_after_growing_delays(
    roster: Roster[FakeConnection], clock: Clock
) -> None:
    member = roster.members[0]
    due = []
    for _ in range(3):
        connection(member).state = State.CLOSED
        roster.not_reached(member, REFUSED)
        assert member.make_at is not None
        due.append(member.make_at - clock.now)
        assert not any(isinstance(duty, Make) for duty in roster.duties())
        clock.now = member.make_at
        assert Make(member) in roster.duties()
        assert Make(member) not in roster.duties(), "each duty is told once"
        member.take(FakeConnection())
    assert due == [2, 4, 8]
    roster.came_up(member)
    connection(member).state = State.CLOSED
    roster.lost(member, LOST)
    assert member.make_at == clock.now + 2


def test_a_connection_that_its_user_closed_is_made_anew_and_is_no_failure(roster: Roster[FakeConnection]) -> None:
    member = roster.members[0]
    connection(member).state = State.CLOSED
    roster.closed(member)
    assert member.make_at is not None
    assert roster.health()[0].failures == 0


# --- checks, health, the end -------------------------------------------------------------------


def test_each_connection_is_checked_when_it_stands_and_then_in_turn(clock: Clock) -> None:
    roster = roster_of(clock, endpoints=1, connections=1)
    assert roster.next_due == 0
    make_all(roster)
    [check] = roster.duties()
    assert check == Check(roster.members[0])
    assert roster.next_due == 2
    clock.now = 0.25
    roster.answered(check.member)
    assert check.member.round_trip == 0.25
    assert roster.next_due == 15.25
    assert not roster.duties()
    clock.now = 15.25
    assert roster.duties() == [check]


def test_a_check_that_was_under_way_when_the_connection_was_lost_is_no_second_failure(
    roster: Roster[FakeConnection], clock: Clock
) -> None:
    clock.now = 15
    assert len(roster.duties()) == 4
    roster.lost(roster.members[0], LOST)
    clock.now = 18
    roster.duties()
    assert roster.health()[0].connections[0].losses == 1
    assert roster.health()[0].failures == 2, "its own loss, and its neighbour's silence"


def test_health_tells_what_is_known_of_each_endpoint(roster: Roster[FakeConnection], clock: Clock) -> None:
    clock.now = 3
    connection(roster.members[0]).calls_pending = 2
    roster.members[2].leases = 1
    connection(roster.members[3]).state = State.RECONNECTING
    roster.lost(roster.members[3], LOST)
    a, b = roster.health()
    assert (a.uri, a.database, a.outstanding, a.is_healthy) == ("http://a", "game", 3, True)
    assert (a.failures, a.last_error, a.round_trip) == (0, None, 0)
    assert [each.outstanding for each in a.connections] == [2, 1]
    assert [each.checked_ago for each in a.connections] == [3, 3]
    assert (b.failures, b.recent_failures, b.last_error, b.is_healthy) == (1, 1, LOST, True)
    assert [each.is_ready for each in b.connections] == [True, False]
    assert b.connections[1].state is State.RECONNECTING


def test_what_drains_gives_out_nothing_and_makes_nothing(roster: Roster[FakeConnection], clock: Clock) -> None:
    connection(roster.members[1]).state = State.CLOSED
    roster.lost(roster.members[1], LOST)
    connection(roster.members[0]).calls_pending = 1
    roster.drain()
    with pytest.raises(ConnectionClosed):
        roster.choose()
    assert roster.outstanding == 1
    connection(roster.members[0]).state = State.CLOSED
    roster.closed(roster.members[0])
    clock.now = 1000
    assert not any(isinstance(duty, Make) for duty in roster.duties())
