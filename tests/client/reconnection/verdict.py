"""Reads what a client's callbacks were told against what a witness heard.

The witness's transactions give a sequence of states, S0, S1, …. The client is in one of them after each
message: a transaction takes it to the next one, a reconnection to the same or a later one, and all else
leaves it where it is. Since states may recur, the places where the client may be are a set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from stdbpy.client import (
    ReconnectedEvent,
    ReducerEvent,
    SubscribeAppliedEvent,
    TransactionEvent,
    UnsubscribeAppliedEvent,
)
from stdbpy.protocol.events import RowEvent
from tests.client.reconnection.witness import Row, Witness


@dataclass
class Change:
    """One message's callbacks, in their order."""

    event: RowEvent
    deleted: list[Row] = field(default_factory=list)
    inserted: list[Row] = field(default_factory=list)
    updated: list[tuple[Row, Row]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.deleted) + len(self.inserted) + len(self.updated)


class _State:
    """Rows, and one number for them: the sum of their digests."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self.rows: set[Row] = set()
        self.digest = 0
        for row in rows:
            self.insert(row)

    def insert(self, row: Row) -> None:
        assert row not in self.rows, f"{row} is inserted and there already"
        self.rows.add(row)
        self.digest ^= _digest(row)

    def delete(self, row: Row) -> None:
        assert row in self.rows, f"{row} is deleted and not there"
        self.rows.remove(row)
        self.digest ^= _digest(row)

    def apply(self, change: Change) -> None:
        for row in change.deleted:
            self.delete(row)
        for old, new in change.updated:
            assert old != new, f"{old} is updated to itself"
            self.delete(old)
            self.insert(new)
        for row in change.inserted:
            self.insert(row)


def _digest(row: Row) -> int:
    return int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest(), "little")


def states(heard: Witness) -> tuple[list[int], set[Row]]:
    """The digest of each state, and the rows of the last one."""
    state = _State(heard.first)
    digests = [state.digest]
    for deletes, inserts in heard.transactions:
        for row in deletes:
            state.delete(row)
        for row in inserts:
            state.insert(row)
        digests.append(state.digest)
    return digests, state.rows


def check(changes: Sequence[Change], heard: Witness) -> int:
    """Checks every callback; gives the number of transactions that the client heard as such.

    Raises ``AssertionError`` for the first message that took the client to where it cannot be.
    """
    digests, last = states(heard)
    client = _State()
    places: set[int] | None = None  # before the subscription is applied there are none
    followed = 0
    for number, change in enumerate(changes):
        client.apply(change)
        event = change.event
        if places is None:
            assert isinstance(event, SubscribeAppliedEvent | ReconnectedEvent), event
            if client.rows:
                places = _where(digests, client.digest, 0)
        elif isinstance(event, TransactionEvent | ReducerEvent):
            assert change.size, f"message {number} is a transaction without changes: {event}"
            places = {place + 1 for place in places if digests[place + 1 : place + 2] == [client.digest]}
            followed += 1
        elif isinstance(event, ReconnectedEvent):
            places = _where(digests, client.digest, min(places))
        else:
            assert isinstance(event, SubscribeAppliedEvent | UnsubscribeAppliedEvent)
            assert not change.size, f"message {number} is of a subscription whose rows were there before: {change}"
        assert places is None or places, f"message {number} ({event}) leads to a state that never was"
    assert places is not None and len(digests) - 1 in places, "the client is not where the server is"
    assert client.rows == last
    return followed


def _where(digests: Sequence[int], digest: int, earliest: int) -> set[int]:
    return {place for place in range(earliest, len(digests)) if digests[place] == digest}
