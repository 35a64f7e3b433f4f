"""Which streams of messages have something to send, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic

from stdbpy.engine.outboxes.records import streams
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
"""Seconds before a message is sent again; each attempt that fails doubles them. These are SpacetimeDB's."""

MOST_UNDER_WAY = 64
"""Messages of a database that are sent and not done with; as in SpacetimeDB."""


class _Stream:
    __slots__ = ("blocked_until", "is_under_way", "pause")

    def __init__(self) -> None:
        self.is_under_way = False
        """Whether its first message is on its way, or what came of it."""
        self.blocked_until: float | None = None
        self.pause = SHORTEST_PAUSE


class Outgoing:
    """The streams of one database that may have something to send, each of which sends one message at a time. Its
    thread alone uses this; ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._streams: dict[int, _Stream] = {}
        """The others have nothing to send."""
        self._under_way = 0

    def wake(self, stream: int) -> None:
        """There is another message."""
        self._streams.setdefault(stream, _Stream())

    def ready(self) -> Iterator[int]:
        """The streams whose next message can be sent. Each is to be told to :meth:`begin`, or to be idle."""
        now = self._clock()
        for number, stream in list(self._streams.items()):
            if self._under_way >= MOST_UNDER_WAY:
                return
            if not stream.is_under_way and (stream.blocked_until is None or stream.blocked_until <= now):
                yield number

    def begin(self, stream: int) -> None:
        """Its next message is on its way."""
        self._streams[stream].is_under_way = True
        self._under_way += 1

    def be_idle(self, stream: int) -> None:
        """It has nothing to send."""
        del self._streams[stream]

    def finish(self, stream: int) -> None:
        """What was on its way is done with."""
        self._streams[stream] = _Stream()
        self._under_way -= 1

    def fail(self, stream: int) -> None:
        """What was on its way has to be sent again, after a pause."""
        found = self._streams[stream]
        found.is_under_way = False
        self._under_way -= 1
        self.pause(stream)

    def pause(self, stream: int) -> None:
        """Its next message cannot be sent at present."""
        found = self._streams[stream]
        found.blocked_until = self._clock() + found.pause
        found.pause = min(2 * found.pause, LONGEST_PAUSE)

    def seconds_to_next(self) -> float | None:
        """How long no message is to be sent, if nothing happens; ``None`` for ever."""
        if self._under_way >= MOST_UNDER_WAY:
            return None
        waiting = [stream.blocked_until or 0.0 for stream in self._streams.values() if not stream.is_under_way]
        return max(0.0, min(waiting) - self._clock()) if waiting else None


def resume(outgoing: Outgoing, store: Store) -> None:
    """What was not done with when the process ended goes on."""
    for stream in streams(Transaction(store)):
        if stream.settled + 1 < stream.next:
            outgoing.wake(stream.id)
