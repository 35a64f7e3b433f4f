"""Where the procedures of tests meet the tests: they run in the same process."""

from __future__ import annotations

from collections import defaultdict
from threading import Event

PATIENCE = 60

_events: dict[str, Event] = defaultdict(Event)


def reset() -> None:
    _events.clear()


def happened(name: str) -> None:
    _events[name].set()


def wait_for(name: str) -> None:
    assert _events[name].wait(PATIENCE), f"{name} did not happen"
