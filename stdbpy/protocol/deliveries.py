"""What a session has to tell its user, in the order in which it happened.

A driver takes them from the session and runs callbacks for them, on whichever thread it likes: the
cache already holds everything that they tell.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from stdbpy.errors import StdbError
from stdbpy.protocol.cache import TableChanges
from stdbpy.protocol.events import RowEvent
from stdbpy.protocol.pending import PendingRequest
from stdbpy.protocol.subscription import SubscriptionState
from stdbpy.sats.values import ConnectionId, Identity


class Connected(msgspec.Struct, frozen=True):
    """The server has said who the client is. ``again``: the connection had been lost.

    The rows of a connection that is back follow as a :class:`RowsChanged` of a ``ReconnectedEvent``.
    """

    identity: Identity
    connection_id: ConnectionId
    again: bool


class Disconnected(msgspec.Struct, frozen=True):
    """An established connection ended: by ``close`` (``error`` is ``None``), or lost.

    ``retry_after`` is the number of seconds until the next attempt, ``None`` if there will be none.
    """

    error: StdbError | None
    retry_after: float | None


class AttemptFailed(msgspec.Struct, frozen=True):
    """An attempt to connect failed; ``retry_after`` as in :class:`Disconnected`."""

    error: StdbError
    retry_after: float | None


class Ended(msgspec.Struct, frozen=True):
    """The session is over: by ``close`` (``error`` is ``None``), or because trying again would not help.

    Told once, after the :class:`Disconnected` or :class:`AttemptFailed` that it ends with.
    """

    error: StdbError | None


class RowsChanged(msgspec.Struct, frozen=True):
    """A message has been applied to the cache; ``changes`` has what somebody listens to."""

    event: RowEvent
    changes: list[TableChanges]


class SubscriptionApplied(msgspec.Struct, frozen=True):
    """A subscription's rows are in the cache. Told once, not again after a reconnection."""

    subscription: SubscriptionState


class SubscriptionEnded(msgspec.Struct, frozen=True):
    """A subscription is over: its owner ended it or the connection, or, if it has an ``error``, the server did."""

    subscription: SubscriptionState


class RequestFinished(msgspec.Struct, frozen=True):
    """A call or query has its outcome."""

    request: PendingRequest


Delivery: TypeAlias = (
    Connected
    | Disconnected
    | AttemptFailed
    | Ended
    | RowsChanged
    | SubscriptionApplied
    | SubscriptionEnded
    | RequestFinished
)
