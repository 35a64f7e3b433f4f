"""What a server tells a client, whichever version of the protocol carries it."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from stdbpy.protocol.row_list import JsonRowList, RowList
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp

Rows: TypeAlias = RowList | JsonRowList


class TableRows(msgspec.Struct, frozen=True, gc=False):
    """Rows of one table; ``None`` where there are none. A message may name a table several times.

    ``is_event`` says that the rows (all of them inserts) are events, which nobody keeps. Only v2 and
    v3 say so.
    """

    table: str
    inserts: Rows | None
    deletes: Rows | None
    is_event: bool


class IdentityReceived(msgspec.Struct, frozen=True, gc=False):
    """The first message: who the client is. ``token`` lets it come back as the same."""

    identity: Identity
    connection_id: ConnectionId
    token: str

    def __repr__(self) -> str:
        return f"IdentityReceived({self.identity!r}, {self.connection_id!r}, token=...)"


class SubscribeApplied(msgspec.Struct, frozen=True, gc=False):
    """A subscription has begun; ``tables`` holds the rows that it starts with, as inserts."""

    request_id: int
    query_set_id: int
    tables: list[TableRows]


class UnsubscribeApplied(msgspec.Struct, frozen=True, gc=False):
    """A subscription has ended; ``tables`` holds the rows that leave, as deletes (``None``: not told)."""

    request_id: int
    query_set_id: int
    tables: list[TableRows] | None


class SubscriptionError(msgspec.Struct, frozen=True, gc=False):
    """A subscription could not begin, or has ended because a query of it failed.

    Without ``request_id`` it failed after it had begun; v1 may also leave out ``query_set_id``:
    then all subscriptions have ended.
    """

    request_id: int | None
    query_set_id: int | None
    error: str


class Committed(msgspec.Struct, frozen=True, gc=False):
    """The reducer's changes are made. ``returned`` is what it gave back, in BSATN: so far always ``b""``."""

    returned: bytes = b""


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The reducer refused: ``error`` is a value of its error type in BSATN, most often text (v2, v3)."""

    error: bytes


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The reducer failed (or refused, under v1, which does not tell them apart), with this message."""

    message: str


class OutOfEnergy(msgspec.Struct, frozen=True, gc=False):
    """The database's owner has no energy left to run it (v1)."""


ReducerOutcome: TypeAlias = Committed | Refused | Failed | OutOfEnergy

COMMITTED = Committed()
OUT_OF_ENERGY = OutOfEnergy()


class ReducerCallInfo(msgspec.Struct, frozen=True, gc=False):
    """The call that made a transaction, one's own or another client's: under v1 without light mode."""

    name: str
    args: bytes | str
    """In BSATN; under ``v1.json``, JSON text."""
    caller_identity: Identity
    caller_connection_id: ConnectionId | None
    """``None`` for reducers that no connection called, such as scheduled ones."""
    request_id: int
    """The caller's own number for it; 0 where there is none."""
    outcome: ReducerOutcome
    timestamp: Timestamp
    energy: int
    duration: TimeDuration


class TransactionUpdate(msgspec.Struct, frozen=True, gc=False):
    """Changes of subscribed rows that one transaction made, and under v1 the call that made them."""

    tables: list[TableRows]
    call: ReducerCallInfo | None


class ReducerResult(msgspec.Struct, frozen=True, gc=False):
    """What became of one's own call of a reducer, and the changes of subscribed rows (v2, v3)."""

    request_id: int
    timestamp: Timestamp
    outcome: ReducerOutcome
    tables: list[TableRows]


class ProcedureResult(msgspec.Struct, frozen=True, gc=False):
    """What became of one's own call of a procedure: ``returned`` (in BSATN; under ``v1.json``, JSON
    text) or, if that is ``None``, ``error``."""

    request_id: int
    timestamp: Timestamp
    duration: TimeDuration
    returned: bytes | str | None
    error: str | None


class QueryResult(msgspec.Struct, frozen=True, gc=False):
    """The rows of a one-off query, as inserts, or an ``error``."""

    request_id: int
    tables: list[TableRows]
    error: str | None


Incoming: TypeAlias = (
    IdentityReceived
    | SubscribeApplied
    | UnsubscribeApplied
    | SubscriptionError
    | TransactionUpdate
    | ReducerResult
    | ProcedureResult
    | QueryResult
)
