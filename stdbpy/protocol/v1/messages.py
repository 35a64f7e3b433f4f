"""The messages of protocol v1, in both of its formats.

Source: ``crates/client-api-messages/src/websocket/v1.rs`` of 2.8.3; 1.2.0 has all of them but the
two of procedures. Fields have the names and the order of the wire; ids are u32. What the format
decides:

=====================  ===============================  =======================
part                   ``v1.bsatn``                     ``v1.json``
=====================  ===============================  =======================
arguments and results  ``bytes``, in BSATN              ``str``, JSON text
lists of rows          ``RowList``                      ``list[str]``, JSON text
updates of a table     ``CompressableQueryUpdate``      ``QueryUpdate``
=====================  ===============================  =======================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from stdbpy.protocol.row_list import RowList
from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp

FULL_UPDATE = 0
"""Flag of a call: the caller is told of it in any case."""
NO_SUCCESS_NOTIFY = 1
"""Flag of a call: the caller is told of its success only if it sees rows change."""

Encoded: TypeAlias = bytes | str
"""A value in BSATN, or as JSON text."""
Rows: TypeAlias = RowList | Sequence[str]


class QueryId(msgspec.Struct, frozen=True, gc=False):
    """The client's number for a subscription."""

    id: int


# --- client → server ---------------------------------------------------------------------------


class CallReducer(msgspec.Struct, gc=False):
    reducer: str
    args: Encoded
    request_id: int
    flags: int


class Subscribe(msgspec.Struct, gc=False):
    """Replaces all that the client is subscribed to. Answered by :class:`InitialSubscription`."""

    query_strings: Sequence[str]
    request_id: int


class OneOffQuery(msgspec.Struct, gc=False):
    message_id: bytes
    query_string: str


class SubscribeSingle(msgspec.Struct, gc=False):
    query: str
    request_id: int
    query_id: QueryId


class SubscribeMulti(msgspec.Struct, gc=False):
    query_strings: Sequence[str]
    request_id: int
    query_id: QueryId


class Unsubscribe(msgspec.Struct, gc=False):
    """Ends what :class:`SubscribeSingle` began."""

    request_id: int
    query_id: QueryId


class UnsubscribeMulti(msgspec.Struct, gc=False):
    """Ends what :class:`SubscribeMulti` began."""

    request_id: int
    query_id: QueryId


class CallProcedure(msgspec.Struct, gc=False):
    procedure: str
    args: Encoded
    request_id: int
    flags: int


ClientMessage: TypeAlias = (
    CallReducer
    | Subscribe
    | OneOffQuery
    | SubscribeSingle
    | SubscribeMulti
    | Unsubscribe
    | UnsubscribeMulti
    | CallProcedure
)


# --- server → client ---------------------------------------------------------------------------


class QueryUpdate(msgspec.Struct, gc=False):
    deletes: Rows
    inserts: Rows


class CompressableQueryUpdate(TaggedUnion):
    """A :class:`QueryUpdate`, or its bytes compressed."""


class Uncompressed(CompressableQueryUpdate):
    value: QueryUpdate


class Brotli(CompressableQueryUpdate):
    value: bytes


class Gzip(CompressableQueryUpdate):
    value: bytes


class TableUpdate(msgspec.Struct, gc=False):
    table_id: int
    table_name: str
    num_rows: int
    """Of all updates together."""
    updates: Sequence[CompressableQueryUpdate] | Sequence[QueryUpdate]


class DatabaseUpdate(msgspec.Struct, gc=False):
    tables: Sequence[TableUpdate]


class InitialSubscription(msgspec.Struct, gc=False):
    database_update: DatabaseUpdate
    request_id: int
    total_host_execution_duration: TimeDuration


class UpdateStatus(TaggedUnion):
    """What became of a reducer's call."""


class Committed(UpdateStatus):
    value: DatabaseUpdate


class Failed(UpdateStatus):
    value: str


class OutOfEnergy(UpdateStatus):
    pass


class ReducerCallInfo(msgspec.Struct, gc=False):
    reducer_name: str
    reducer_id: int
    args: Encoded
    request_id: int


class EnergyQuanta(msgspec.Struct, frozen=True, gc=False):
    quanta: int


class TransactionUpdate(msgspec.Struct, gc=False):
    status: UpdateStatus
    timestamp: Timestamp
    caller_identity: Identity
    caller_connection_id: ConnectionId
    """All zeros if no connection called."""
    reducer_call: ReducerCallInfo
    energy_quanta_used: EnergyQuanta
    total_host_execution_duration: TimeDuration


class TransactionUpdateLight(msgspec.Struct, gc=False):
    request_id: int
    update: DatabaseUpdate


class IdentityToken(msgspec.Struct, gc=False):
    identity: Identity
    token: str
    connection_id: ConnectionId

    def __repr__(self) -> str:
        return f"IdentityToken({self.identity!r}, token=..., {self.connection_id!r})"


class OneOffTable(msgspec.Struct, gc=False):
    table_name: str
    rows: Rows


class OneOffQueryResponse(msgspec.Struct, gc=False):
    message_id: bytes
    error: str | None
    tables: Sequence[OneOffTable]
    total_host_execution_duration: TimeDuration


class SubscribeRows(msgspec.Struct, gc=False):
    table_id: int
    table_name: str
    table_rows: TableUpdate


class SubscribeApplied(msgspec.Struct, gc=False):
    request_id: int
    total_host_execution_duration_micros: int
    query_id: QueryId
    rows: SubscribeRows


class UnsubscribeApplied(msgspec.Struct, gc=False):
    request_id: int
    total_host_execution_duration_micros: int
    query_id: QueryId
    rows: SubscribeRows


class SubscriptionError(msgspec.Struct, gc=False):
    total_host_execution_duration_micros: int
    request_id: int | None
    query_id: int | None
    table_id: int | None
    error: str


class SubscribeMultiApplied(msgspec.Struct, gc=False):
    request_id: int
    total_host_execution_duration_micros: int
    query_id: QueryId
    update: DatabaseUpdate


class UnsubscribeMultiApplied(msgspec.Struct, gc=False):
    request_id: int
    total_host_execution_duration_micros: int
    query_id: QueryId
    update: DatabaseUpdate


class ProcedureStatus(TaggedUnion):
    """What a procedure returned, or how its call failed."""


class ProcedureReturned(ProcedureStatus, variant="Returned"):
    value: bytes | str


class ProcedureOutOfEnergy(ProcedureStatus, variant="OutOfEnergy"):
    pass


class ProcedureInternalError(ProcedureStatus, variant="InternalError"):
    value: str


class ProcedureResult(msgspec.Struct, gc=False):
    status: ProcedureStatus
    timestamp: Timestamp
    total_host_execution_duration: TimeDuration
    request_id: int


ServerMessage: TypeAlias = (
    InitialSubscription
    | TransactionUpdate
    | TransactionUpdateLight
    | IdentityToken
    | OneOffQueryResponse
    | SubscribeApplied
    | UnsubscribeApplied
    | SubscriptionError
    | SubscribeMultiApplied
    | UnsubscribeMultiApplied
    | ProcedureResult
)
