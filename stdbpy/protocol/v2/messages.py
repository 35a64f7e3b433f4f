"""The messages of protocol v2, which v3 shares: several of them may follow each other in its frames.

Source: ``crates/client-api-messages/src/websocket/v2.rs`` of 2.8.3 and, for the batches, of 2.14.
Fields have the names and the order of the wire. Ids are u32, rows are not decoded.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from stdbpy.protocol.row_list import RowList
from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.values import ConnectionId, Err, Identity, Ok, TimeDuration, Timestamp


class UnsubscribeFlags(enum.Enum):
    Default = 0
    SendDroppedRows = 1


class CallFlags(enum.Enum):
    """Reserved."""

    Default = 0


# --- client → server ---------------------------------------------------------------------------


class Subscribe(msgspec.Struct, gc=False):
    request_id: int
    query_set_id: int
    query_strings: Sequence[str]


class Unsubscribe(msgspec.Struct, gc=False):
    request_id: int
    query_set_id: int
    flags: UnsubscribeFlags


class OneOffQuery(msgspec.Struct, gc=False):
    request_id: int
    query_string: str


class CallReducer(msgspec.Struct, gc=False):
    request_id: int
    flags: CallFlags
    reducer: str
    args: bytes


class CallProcedure(msgspec.Struct, gc=False):
    request_id: int
    flags: CallFlags
    procedure: str
    args: bytes


class SubscribeSet(msgspec.Struct, gc=False):
    query_set_id: int
    query_strings: Sequence[str]


class SubscribeBatch(msgspec.Struct, gc=False):
    """Since 2.14."""

    request_id: int
    sets: Sequence[SubscribeSet]


ClientMessage: TypeAlias = Subscribe | Unsubscribe | OneOffQuery | CallReducer | CallProcedure | SubscribeBatch


# --- server → client ---------------------------------------------------------------------------


class InitialConnection(msgspec.Struct, gc=False):
    identity: Identity
    connection_id: ConnectionId
    token: str

    def __repr__(self) -> str:
        return f"InitialConnection({self.identity!r}, {self.connection_id!r}, token=...)"


class SingleTableRows(msgspec.Struct, gc=False):
    table: str
    rows: RowList


class QueryRows(msgspec.Struct, gc=False):
    tables: Sequence[SingleTableRows]


class SubscribeApplied(msgspec.Struct, gc=False):
    request_id: int
    query_set_id: int
    rows: QueryRows


class UnsubscribeApplied(msgspec.Struct, gc=False):
    request_id: int
    query_set_id: int
    rows: QueryRows | None


class SubscriptionError(msgspec.Struct, gc=False):
    request_id: int | None
    query_set_id: int
    error: str


class PersistentTableRows(msgspec.Struct, gc=False):
    inserts: RowList
    deletes: RowList


class EventTableRows(msgspec.Struct, gc=False):
    events: RowList


class TableUpdateRows(TaggedUnion):
    """The changed rows of a table: of one that keeps them, or of an event table."""


class PersistentTable(TableUpdateRows):
    value: PersistentTableRows


class EventTable(TableUpdateRows):
    value: EventTableRows


class TableUpdate(msgspec.Struct, gc=False):
    table_name: str
    rows: Sequence[TableUpdateRows]


class QuerySetUpdate(msgspec.Struct, gc=False):
    query_set_id: int
    tables: Sequence[TableUpdate]


class TransactionUpdate(msgspec.Struct, gc=False):
    query_sets: Sequence[QuerySetUpdate]


class OneOffQueryResult(msgspec.Struct, gc=False):
    request_id: int
    result: Ok[QueryRows] | Err[str]


class ReducerOk(msgspec.Struct, gc=False):
    ret_value: bytes
    transaction_update: TransactionUpdate


class ReducerOutcome(TaggedUnion):
    """What became of a call: its changes, nothing at all, an error of the reducer's, or a failure."""


class Returned(ReducerOutcome, variant="Ok"):
    value: ReducerOk


class OkEmpty(ReducerOutcome):
    """It went well, returned nothing and changed no row that the client sees."""


class Refused(ReducerOutcome, variant="Err"):
    value: bytes


class ReducerInternalError(ReducerOutcome, variant="InternalError"):
    value: str


class ReducerResult(msgspec.Struct, gc=False):
    request_id: int
    timestamp: Timestamp
    result: ReducerOutcome


class ProcedureStatus(TaggedUnion):
    """What a procedure returned, or how its call failed."""


class ProcedureReturned(ProcedureStatus, variant="Returned"):
    value: bytes


class ProcedureInternalError(ProcedureStatus, variant="InternalError"):
    value: str


class ProcedureResult(msgspec.Struct, gc=False):
    status: ProcedureStatus
    timestamp: Timestamp
    total_host_execution_duration: TimeDuration
    request_id: int


class SubscribeSetOutcome(TaggedUnion):
    """The rows that a query set starts with, or why it could not begin."""


class SetApplied(SubscribeSetOutcome, variant="Applied"):
    value: QueryRows


class SetError(SubscribeSetOutcome, variant="Error"):
    value: str


class SubscribeSetResult(msgspec.Struct, gc=False):
    query_set_id: int
    outcome: SubscribeSetOutcome


class SubscribeBatchApplied(msgspec.Struct, gc=False):
    """Since 2.14."""

    request_id: int
    results: Sequence[SubscribeSetResult]


ServerMessage: TypeAlias = (
    InitialConnection
    | SubscribeApplied
    | UnsubscribeApplied
    | SubscriptionError
    | TransactionUpdate
    | OneOffQueryResult
    | ReducerResult
    | ProcedureResult
    | SubscribeBatchApplied
)
