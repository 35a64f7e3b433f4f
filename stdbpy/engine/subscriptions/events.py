"""What a connected client is told, in the order in which things happened. How it is written down for
the client is the business of whoever gives it its mailbox."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from stdbpy.engine.delta import Commit
from stdbpy.engine.results import CallOutcome, ProcedureOutcome
from stdbpy.engine.subscriptions.changes import QueryRows, RowChanges
from stdbpy.sats.values import Timestamp

Request = Any
"""What a client asked for, as its connection was given it; it comes back in the answer."""

SetId = Any
"""A client's name for a set of queries that it subscribed to at once; hashable."""

Updates = Sequence[tuple[SetId, RowChanges]]
"""What a transaction did to the rows of a client's sets, by set, then by table."""


class Subscribed(NamedTuple):
    """A set of queries is in place; these are its rows."""

    request: Request
    set_id: SetId
    rows: Sequence[QueryRows]


class Unsubscribed(NamedTuple):
    """A set of queries is gone, with these rows; ``None`` if the client did not want to know them."""

    request: Request
    set_id: SetId
    rows: Sequence[QueryRows] | None


class SubscriptionFailed(NamedTuple):
    """A set of queries could not be put in place or taken away; without a request, it has ended."""

    request: Request | None
    set_id: SetId
    error: str


class BatchSubscribed(NamedTuple):
    """Several sets of queries were asked for at once: what came of each, all at one moment."""

    request: Request
    outcomes: Sequence[Subscribed | SubscriptionFailed]

    @property
    def rows(self) -> list[QueryRows]:
        """Those of all sets that are in place."""
        return [rows for outcome in self.outcomes if isinstance(outcome, Subscribed) for rows in outcome.rows]


class Updated(NamedTuple):
    """A transaction has changed rows of the client's sets."""

    commit: Commit
    request: Request | None
    """The request of the client that caused it, who is another one or did not ask for an answer."""
    updates: Updates


class CallEnded(NamedTuple):
    """A reducer that the client called has run. ``updates`` are the call's own; others' come apart."""

    request: Request
    function: CalledFunction
    outcome: CallOutcome
    updates: Updates


class CallRefused(NamedTuple):
    """A call that the client asked for did not take place."""

    request: Request
    function: CalledFunction
    error: str
    timestamp: Timestamp


class CalledFunction(NamedTuple):
    name: str
    number: int | None
    """Its place among the module's reducers; ``None`` if there is no such reducer."""
    args: bytes


class QueryAnswered(NamedTuple):
    """What a query gives once: its rows, or why it gives none."""

    request: Request
    rows: QueryRows | None
    error: str | None
    duration_micros: int


class ProcedureEnded(NamedTuple):
    """A procedure that the client called has run, or could not be."""

    request: Request
    outcome: ProcedureOutcome


class EndReason(enum.Enum):
    DATABASE_GONE = enum.auto()
    """It was deleted, or cleared, or has been updated in a way that clients do not survive."""
    STORAGE_FAILED = enum.auto()
    """What the client may have been told of could not be written down, so it was undone."""
    BUG = enum.auto()
    """The server cannot go on; its log says why."""
    REFUSED = enum.auto()
    """The client has sent what nobody understands; :attr:`Ended.detail` says what."""


class Ended(NamedTuple):
    """The client is not connected any more; nothing comes after this."""

    reason: EndReason
    detail: str = ""


Event = (
    Subscribed
    | Unsubscribed
    | SubscriptionFailed
    | BatchSubscribed
    | Updated
    | CallEnded
    | CallRefused
    | QueryAnswered
    | ProcedureEnded
    | Ended
)


class Mailbox(Protocol):
    """Where the events of one client go."""

    def put(self, event: Event) -> None:
        """Takes an event. Called on the database's thread, so it must neither wait nor raise."""
