"""The layouts of v1's messages: the same in both formats, except for rows, arguments and results."""

from __future__ import annotations

from stdbpy.protocol.layout import Layout, MessageSet
from stdbpy.protocol.v1 import messages as m
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import Codec, compile_codec

_U8 = t.Primitive.U8
_U32 = t.Primitive.U32
_U64 = t.Primitive.U64
_U128 = t.Primitive.U128
_STRING = t.Primitive.STRING
_STRINGS = t.ArrayType(_STRING)


def _client_messages(*, json: bool) -> MessageSet[m.ClientMessage]:
    layout = Layout()
    args = _STRING if json else t.BYTES
    query_id = layout.record(m.QueryId, _U32)
    return MessageSet(
        "client",
        layout,
        [
            layout.record(m.CallReducer, _STRING, args, _U32, _U8),
            layout.record(m.Subscribe, _STRINGS, _U32),
            layout.record(m.OneOffQuery, t.BYTES, _STRING),
            layout.record(m.SubscribeSingle, _STRING, _U32, query_id),
            layout.record(m.SubscribeMulti, _STRINGS, _U32, query_id),
            layout.record(m.Unsubscribe, _U32, query_id),
            layout.record(m.UnsubscribeMulti, _U32, query_id),
            layout.record(m.CallProcedure, _STRING, args, _U32, _U8),
        ],
    )


def _query_update(layout: Layout) -> t.TypeRef:
    rows = layout.row_list()
    return layout.record(m.QueryUpdate, rows, rows)


def _server_messages(*, json: bool) -> MessageSet[m.ServerMessage]:
    layout = Layout()
    query_id = layout.record(m.QueryId, _U32)
    value: t.AlgebraicType
    rows: t.AlgebraicType
    if json:
        value, rows = _STRING, _STRINGS
        update = layout.record(m.QueryUpdate, rows, rows)
    else:
        value, rows = t.BYTES, layout.row_list()
        update = layout.union(m.CompressableQueryUpdate, _query_update(layout), t.BYTES, t.BYTES)
    table_update = layout.record(m.TableUpdate, _U32, _STRING, _U64, t.ArrayType(update))
    database_update = layout.record(m.DatabaseUpdate, t.ArrayType(table_update))
    subscribe_rows = layout.record(m.SubscribeRows, _U32, _STRING, table_update)
    one_off_table = layout.record(m.OneOffTable, _STRING, rows)
    return MessageSet(
        "server",
        layout,
        [
            layout.record(m.InitialSubscription, database_update, _U32, t.TIME_DURATION),
            layout.record(
                m.TransactionUpdate,
                layout.union(m.UpdateStatus, database_update, _STRING, t.UNIT),
                t.TIMESTAMP,
                t.IDENTITY,
                t.CONNECTION_ID,
                layout.record(m.ReducerCallInfo, _STRING, _U32, value, _U32),
                layout.record(m.EnergyQuanta, _U128),
                t.TIME_DURATION,
            ),
            layout.record(m.TransactionUpdateLight, _U32, database_update),
            layout.record(m.IdentityToken, t.IDENTITY, _STRING, t.CONNECTION_ID),
            layout.record(
                m.OneOffQueryResponse, t.BYTES, t.option(_STRING), t.ArrayType(one_off_table), t.TIME_DURATION
            ),
            layout.record(m.SubscribeApplied, _U32, _U64, query_id, subscribe_rows),
            layout.record(m.UnsubscribeApplied, _U32, _U64, query_id, subscribe_rows),
            layout.record(m.SubscriptionError, _U64, t.option(_U32), t.option(_U32), t.option(_U32), _STRING),
            layout.record(m.SubscribeMultiApplied, _U32, _U64, query_id, database_update),
            layout.record(m.UnsubscribeMultiApplied, _U32, _U64, query_id, database_update),
            layout.record(
                m.ProcedureResult,
                layout.union(m.ProcedureStatus, value, t.UNIT, _STRING),
                t.TIMESTAMP,
                t.TIME_DURATION,
                _U32,
            ),
        ],
    )


def _query_update_codec() -> Codec[m.QueryUpdate]:
    layout = Layout()
    return compile_codec(_query_update(layout), layout.typespace, layout.classes)


CLIENT_MESSAGES = _client_messages(json=False)
SERVER_MESSAGES = _server_messages(json=False)
JSON_CLIENT_MESSAGES = _client_messages(json=True)
JSON_SERVER_MESSAGES = _server_messages(json=True)

QUERY_UPDATE = _query_update_codec()
"""What is inside of a compressed update."""
