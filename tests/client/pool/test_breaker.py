"""Circuit breakers, by a clock that the tests turn."""

from __future__ import annotations

import pytest

from stdbpy.client.pool.breaker import Breaker, BreakerPolicy, BreakerState
from tests.client.pool.clock import Clock

POLICY = BreakerPolicy(failures=3, within=10, open_for=5, open_at_most=15)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(POLICY, clock)


def open_it(breaker: Breaker) -> None:
    for _ in range(POLICY.failures):
        breaker.failed()
    assert breaker.state is BreakerState.OPEN


def test_it_opens_with_the_last_of_so_many_failures(breaker: Breaker) -> None:
    breaker.failed()
    breaker.failed()
    assert breaker.passes
    assert breaker.failures == 2
    breaker.failed()
    assert breaker.state is BreakerState.OPEN
    assert not breaker.passes


def test_failures_that_are_older_than_the_time_do_not_count(breaker: Breaker, clock: Clock) -> None:
    breaker.failed()
    breaker.failed()
    clock.now += 10.5
    assert breaker.failures == 0
    breaker.failed()
    breaker.failed()
    assert breaker.passes
    clock.now += 9.5
    breaker.failed()
    assert not breaker.passes


def test_it_is_half_open_after_its_time_and_lets_no_calls_pass_yet(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    assert breaker.probe_due == 5
    clock.now = 4.9
    assert breaker.state is BreakerState.OPEN
    clock.now = 5
    assert breaker.state is BreakerState.HALF_OPEN
    assert not breaker.passes


def test_a_probe_that_was_answered_closes_it_and_the_past_is_forgotten(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.now = 5
    breaker.probed()
    assert breaker.state is BreakerState.CLOSED
    assert breaker.probe_due is None
    breaker.failed()
    breaker.failed()
    assert breaker.passes


def test_what_was_answered_while_it_was_open_changes_nothing(breaker: Breaker) -> None:
    open_it(breaker)
    breaker.probed()
    assert breaker.state is BreakerState.OPEN


def test_each_probe_that_fails_doubles_the_time_up_to_the_longest(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    for expected in (5, 10, 15, 15):
        assert breaker.probe_due == clock.now + expected
        clock.now += expected
        breaker.failed()
    clock.now += 15
    breaker.probed()
    open_it(breaker)
    assert breaker.probe_due == clock.now + 5, "closed, it has forgotten how long it was open"


def test_failures_while_it_is_open_do_not_prolong_it(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.now = 4
    breaker.failed()
    assert breaker.probe_due == 5


def test_a_policy_of_one_failure_opens_at_once(clock: Clock) -> None:
    breaker = Breaker(BreakerPolicy(failures=1), clock)
    breaker.failed()
    assert not breaker.passes
