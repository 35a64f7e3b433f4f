"""What a database has done and has, in numbers: for whoever watches it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock


@dataclass(slots=True)
class Counts:
    """What a database has done since it was opened. Its own thread counts, any other may look."""

    calls: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """By the reducer's name, and whether the call was committed."""
    statements: Counter[bool] = field(default_factory=Counter)
    """Requests in SQL, by whether they were carried out."""
    refusals: Counter[str] = field(default_factory=Counter)
    """By the reducer that refused."""
    crashes: Counter[str] = field(default_factory=Counter)
    """By the reducer that has a bug."""

    def count_call(self, reducer: str, error: str | None, *, is_bug: bool) -> None:
        self.calls[reducer, error is None] += 1
        if error is not None:
            (self.crashes if is_bug else self.refusals)[reducer] += 1


class RequestCounts:
    """HTTP requests that procedures have sent. Any thread may count."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.begun = self.failed = self.timed_out = self.in_progress = 0
        self.sent_bytes = self.received_bytes = 0
        """Of addresses, headers and bodies."""

    def count_begin(self, size: int) -> None:
        with self._lock:
            self.begun += 1
            self.in_progress += 1
            self.sent_bytes += size

    def count_answer(self, size: int) -> None:
        with self._lock:
            self.in_progress -= 1
            self.received_bytes += size

    def count_failure(self, *, timed_out: bool) -> None:
        with self._lock:
            self.in_progress -= 1
            self.failed += not timed_out
            self.timed_out += timed_out


@dataclass(frozen=True, slots=True)
class Figures:
    counts: Counts
    requests: RequestCounts
    rows: Mapping[tuple[int, str], int]
    """Rows of each table, by its number and name."""
    waiting: int
    """Jobs that the database's thread has not begun."""
    clients: int
    """That stay connected."""
    subscribed_clients: int
    """Those of them who are subscribed to something."""
    subscription_sets: int
    live_queries: int
    """Distinct queries that somebody is subscribed to."""
    held_queries: int
    """The same, each as often as there are clients who are."""
