"""Waiting for what happens elsewhere."""

from __future__ import annotations

import threading

import pytest

from stdbpy.testing import wait_until


def test_it_gives_what_was_waited_for() -> None:
    seen: list[int] = []
    threading.Timer(0.02, lambda: seen.append(3)).start()
    assert wait_until(lambda: seen) == [3]


def test_a_condition_that_never_holds_is_shown() -> None:
    counted = [1]
    with pytest.raises(AssertionError, match=r"len\(counted\) == 2.*not within 0\.02 seconds; it gave False last"):
        wait_until(lambda: len(counted) == 2, 0.02)
    with pytest.raises(AssertionError, match=r"^the second one: not within 0\.02 seconds; it gave None last"):
        wait_until(lambda: None, 0.02, what="the second one")


def test_conditions_may_assert() -> None:
    def holds() -> bool:
        assert not tries, "too many"
        return True

    tries = [1]
    with pytest.raises(AssertionError, match=r"it does not hold within 0\.02 seconds: too many"):
        wait_until(holds, 0.02)
    threading.Timer(0.02, tries.clear).start()
    assert wait_until(holds)
