"""What a connection has done so far, in numbers."""

from __future__ import annotations

from bisect import bisect_left

import msgspec

_BOUNDS = tuple(base * 10.0**exponent for exponent in range(-5, 2) for base in (1.0, 2.0, 5.0))
"""Upper ends of the classes, in seconds: 10 µs, 20 µs, 50 µs, … 50 s."""


class Histogram:
    """How long things took: how many of them in each class of durations, from 10 µs to 50 s."""

    __slots__ = ("counts", "greatest", "total")

    bounds = _BOUNDS
    """The upper ends of the classes, in seconds; what took longer is in one more class."""

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.total = 0.0
        """All durations together, in seconds."""
        self.greatest = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(_BOUNDS, seconds)] += 1
        self.total += seconds
        if seconds > self.greatest:
            self.greatest = seconds

    def __len__(self) -> int:
        return sum(self.counts)

    def quantile(self, part: float) -> float:
        """A duration, in seconds, that ``part`` (0 to 1) of them did not exceed: the upper end of a class."""
        wanted = part * len(self)
        seen = 0
        for bound, count in zip(_BOUNDS, self.counts, strict=False):
            seen += count
            if seen >= wanted:
                return min(bound, self.greatest)
        return self.greatest

    def __repr__(self) -> str:
        if not len(self):
            return "<Histogram of nothing>"
        shown = {"half within": self.quantile(0.5), "99 % within": self.quantile(0.99), "longest": self.greatest}
        durations = ", ".join(f"{name} {seconds * 1000:.4g} ms" for name, seconds in shown.items())
        return f"<Histogram of {len(self)}: {durations}>"

    def copy(self) -> Histogram:
        twin = Histogram()
        twin.counts, twin.total, twin.greatest = list(self.counts), self.total, self.greatest
        return twin


class Counters:
    """The numbers of a live connection, which it adds to as it goes."""

    __slots__ = (
        "bytes_in",
        "bytes_out",
        "calls_failed",
        "calls_finished",
        "connections",
        "latency",
        "messages_in",
        "messages_out",
        "rows_changed",
        "transactions",
    )

    def __init__(self) -> None:
        self.connections = self.messages_in = self.messages_out = self.bytes_in = self.bytes_out = 0
        self.transactions = self.rows_changed = 0
        self.calls_finished = self.calls_failed = 0
        self.latency = Histogram()


class Stats(msgspec.Struct, frozen=True):
    """A connection's numbers at one moment, since it was made."""

    connections: int
    """Websockets opened: more than one after reconnections."""
    messages_in: int
    messages_out: int
    bytes_in: int
    """Of messages, as they came: perhaps compressed."""
    bytes_out: int
    transactions: int
    """Messages that changed rows."""
    rows_changed: int
    calls_pending: int
    calls_finished: int
    """Calls and queries that have an outcome, good or bad."""
    calls_failed: int
    callbacks_failed: int
    rows_cached: int
    subscriptions: int
    latency: Histogram
    """From sending a call or query until its outcome was in the cache."""
