"""Frames of v2 and v3, for both sides.

A client's frame is one message in BSATN (v3: one or more); a server's has the byte of its
compression before that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from stdbpy.errors import DecodeError, counted
from stdbpy.protocol.compression import DEFAULT_LIMIT, Compression, compress, decompress
from stdbpy.protocol.layout import Layout, MessageSet
from stdbpy.protocol.v2 import messages as m
from stdbpy.sats import types as t

M = TypeVar("M")

_U32 = t.Primitive.U32
_STRING = t.Primitive.STRING
_STRINGS = t.ArrayType(_STRING)


def _client_messages() -> MessageSet[m.ClientMessage]:
    layout = Layout()
    call_flags = layout.enumeration(m.CallFlags)
    subscribe_set = layout.record(m.SubscribeSet, _U32, _STRINGS)
    return MessageSet(
        "client",
        layout,
        [
            layout.record(m.Subscribe, _U32, _U32, _STRINGS),
            layout.record(m.Unsubscribe, _U32, _U32, layout.enumeration(m.UnsubscribeFlags)),
            layout.record(m.OneOffQuery, _U32, _STRING),
            layout.record(m.CallReducer, _U32, call_flags, _STRING, t.BYTES),
            layout.record(m.CallProcedure, _U32, call_flags, _STRING, t.BYTES),
            layout.record(m.SubscribeBatch, _U32, t.ArrayType(subscribe_set)),
        ],
    )


def _server_messages() -> MessageSet[m.ServerMessage]:
    layout = Layout()
    rows = layout.row_list()
    query_rows = layout.record(m.QueryRows, t.ArrayType(layout.record(m.SingleTableRows, _STRING, rows)))
    table_update_rows = layout.union(
        m.TableUpdateRows,
        layout.record(m.PersistentTableRows, rows, rows),
        layout.record(m.EventTableRows, rows),
    )
    table_update = layout.record(m.TableUpdate, _STRING, t.ArrayType(table_update_rows))
    query_set_update = layout.record(m.QuerySetUpdate, _U32, t.ArrayType(table_update))
    transaction_update = layout.record(m.TransactionUpdate, t.ArrayType(query_set_update))
    reducer_ok = layout.record(m.ReducerOk, t.BYTES, transaction_update)
    reducer_outcome = layout.union(m.ReducerOutcome, reducer_ok, t.UNIT, t.BYTES, _STRING)
    procedure_status = layout.union(m.ProcedureStatus, t.BYTES, _STRING)
    set_outcome = layout.union(m.SubscribeSetOutcome, query_rows, _STRING)
    set_result = layout.record(m.SubscribeSetResult, _U32, set_outcome)
    return MessageSet(
        "server",
        layout,
        [
            layout.record(m.InitialConnection, t.IDENTITY, t.CONNECTION_ID, _STRING),
            layout.record(m.SubscribeApplied, _U32, _U32, query_rows),
            layout.record(m.UnsubscribeApplied, _U32, _U32, t.option(query_rows)),
            layout.record(m.SubscriptionError, t.option(_U32), _U32, _STRING),
            transaction_update,
            layout.record(m.OneOffQueryResult, _U32, t.result(query_rows, _STRING)),
            layout.record(m.ReducerResult, _U32, t.TIMESTAMP, reducer_outcome),
            layout.record(m.ProcedureResult, procedure_status, t.TIMESTAMP, t.TIME_DURATION, _U32),
            layout.record(m.SubscribeBatchApplied, _U32, t.ArrayType(set_result)),
        ],
    )


CLIENT_MESSAGES = _client_messages()
SERVER_MESSAGES = _server_messages()


def encode_client_message(message: m.ClientMessage) -> bytes:
    """The frame of one message. Raises ``EncodeError``."""
    return CLIENT_MESSAGES.encode(message)


def encode_client_messages(messages: Iterable[m.ClientMessage]) -> bytes:
    """The v3 frame of one or more messages. Raises ``EncodeError``."""
    return b"".join(map(CLIENT_MESSAGES.encode, messages))


def decode_client_message(frame: bytes) -> m.ClientMessage:
    """The message of a v2 frame. Raises ``DecodeError``."""
    return _only(CLIENT_MESSAGES, frame)


def decode_client_messages(frame: bytes) -> list[m.ClientMessage]:
    """The messages of a v3 frame, at least one. Raises ``DecodeError``."""
    return _all(CLIENT_MESSAGES, frame)


def encode_server_message(message: m.ServerMessage, compression: Compression = Compression.NONE) -> bytes:
    """The frame of one message. Raises ``EncodeError``, and ``MissingExtra`` for brotli without it."""
    return compress(SERVER_MESSAGES.encode(message), compression)


def encode_server_messages(messages: Iterable[m.ServerMessage], compression: Compression = Compression.NONE) -> bytes:
    """The v3 frame of one or more messages. Raises as :func:`encode_server_message` does."""
    return compress(b"".join(map(SERVER_MESSAGES.encode, messages)), compression)


def decode_server_message(frame: bytes, limit: int = DEFAULT_LIMIT) -> m.ServerMessage:
    """The message of a v2 frame, which has at most ``limit`` bytes when decompressed.

    Raises ``DecodeError``, and ``MissingExtra`` for brotli without it.
    """
    return _only(SERVER_MESSAGES, decompress(frame, limit))


def decode_server_messages(frame: bytes, limit: int = DEFAULT_LIMIT) -> list[m.ServerMessage]:
    """The messages of a v3 frame, at least one. Raises as :func:`decode_server_message` does."""
    return _all(SERVER_MESSAGES, decompress(frame, limit))


def _only(messages: MessageSet[M], data: bytes) -> M:
    message, end = messages.decode_from(data, 0)
    if end != len(data):
        left = counted(len(data) - end, "byte")
        raise DecodeError(f"{left} stand behind the message", offset=end, expected="the end of the frame")
    return message


def _all(messages: MessageSet[M], data: bytes) -> list[M]:
    message, end = messages.decode_from(data, 0)
    found = [message]
    while end != len(data):
        message, end = messages.decode_from(data, end)
        found.append(message)
    return found
