"""A connected client as its database knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stdbpy.engine.results import Caller
from stdbpy.engine.subscriptions.events import (
    BatchSubscribed,
    CallEnded,
    CallRefused,
    Event,
    Mailbox,
    QueryAnswered,
    SetId,
    Subscribed,
    Unsubscribed,
    Updated,
)

if TYPE_CHECKING:
    from stdbpy.engine.subscriptions.query import SubscribedQuery


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """How a client wants to be told of things."""

    confirmed: bool = True
    """Whether only of what is durable; otherwise at once."""
    by_set: bool = True
    """Whether rows are told for each set of queries that has them. Otherwise the client knows no sets:
    a query that is in several of its sets counts once."""
    takes_events: bool = True
    """Whether it knows rows that are told once and kept nowhere, which event tables have."""


class Subscriber:
    """A client's sets of queries, and the events that it has not been given yet."""

    def __init__(self, caller: Caller, *, is_owner: bool, mailbox: Mailbox, options: ConnectionOptions) -> None:
        self.caller = caller
        self.is_owner = is_owner
        self.options = options
        self.sets: dict[SetId, Sequence[SubscribedQuery]] = {}
        self.has_ended = False
        self._mailbox = mailbox
        self._held: list[Event] = []
        """What it will be told when it is durable."""

    def tell(self, event: Event) -> None:
        if self.options.confirmed:
            self._held.append(event)
        else:
            self._mailbox.put(event)

    def hold(self, event: Event) -> None:
        """As :meth:`tell`, but not before it is durable, whatever the client wants."""
        self._held.append(event)

    def let_go(self) -> None:
        """What was held back is durable."""
        held = self._held
        if held:
            self._held = []
            for event in held:
                self._mailbox.put(event)

    def end(self, event: Event) -> None:
        """Gives it its last event, at once; what was held back is lost, be it another last event."""
        if not self.has_ended or self._held:
            self.has_ended = True
            self._held.clear()
            self._mailbox.put(event)

    def take_back(self, error: str) -> bool:
        """What has happened since the last time was undone: turns the calls that were to be told into
        refusals. False if the client was told, or would have been, of what is not so. It was told of something."""
        held = self._held
        if not held or any(isinstance(event, _OF_ROWS) for event in held):
            return False
        self._held = []
        for event in held:
            match event:
                case CallEnded(request, function, outcome):
                    self._mailbox.put(CallRefused(request, function, error, outcome.timestamp))
                case Updated():
                    pass
                case _:
                    self._mailbox.put(event)
        return True


_OF_ROWS = (Subscribed, BatchSubscribed, Unsubscribed, QueryAnswered)
"""What tells rows that may have been undone, and cannot be told once more."""
