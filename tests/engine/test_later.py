"""Calls that modules want to be made later: how many can wait."""

from __future__ import annotations

import pytest

from stdbpy.engine import later
from stdbpy.engine.later import LaterCalls


def test_arguments_that_wait_are_bounded_together(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(later, "MOST_BYTES", 10)
    calls = LaterCalls()
    calls.add("one", bytes(6))
    with pytest.raises(OverflowError, match="1 calls"):
        calls.add("two", bytes(5))
    calls.add("three", bytes(4))
    assert [function for function, _ in calls.take()] == ["one", "three"]
    calls.add("four", bytes(10))


def test_calls_that_wait_are_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(later, "MOST", 2)
    calls = LaterCalls()
    calls.add("one", b"")
    calls.add("two", b"")
    with pytest.raises(OverflowError, match="2 calls"):
        calls.add("three", b"")
