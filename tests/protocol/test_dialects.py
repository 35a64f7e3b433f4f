"""Requests as frames that a server understands, in every dialect; and messages of newer servers."""

from __future__ import annotations

from typing import cast

import pytest

from stdbpy.errors import EncodeError, NotSupported, ProtocolError
from stdbpy.protocol import handshake
from stdbpy.protocol import incoming as i
from stdbpy.protocol import requests as r
from stdbpy.protocol.catalog import FunctionLayout
from stdbpy.protocol.dialect import dialect_for
from stdbpy.protocol.row_list import RowList
from stdbpy.protocol.v1 import codec as v1
from stdbpy.protocol.v1 import json_codec as v1_json
from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import codec as v2
from stdbpy.protocol.v2 import messages as m2
from stdbpy.sats import types as t
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp

SQL = ("SELECT * FROM a", "SELECT * FROM ä")
ID = m1.QueryId(7)
BSATN_REQUESTS = [
    (r.Subscribe(1, 7, SQL), m1.SubscribeMulti(list(SQL), 1, ID), m2.Subscribe(1, 7, list(SQL))),
    (
        r.Unsubscribe(2, 7),
        m1.UnsubscribeMulti(2, ID),
        m2.Unsubscribe(2, 7, m2.UnsubscribeFlags.SendDroppedRows),
    ),
    (r.OneOffQuery(3, SQL[0]), m1.OneOffQuery(b"\3\0\0\0", SQL[0]), m2.OneOffQuery(3, SQL[0])),
]


@pytest.mark.parametrize(("request_", "in_v1", "in_v2"), BSATN_REQUESTS)
def test_the_server_reads_what_was_asked(request_: r.Request, in_v1: m1.ClientMessage, in_v2: m2.ClientMessage) -> None:
    assert v1.decode_client_message(_binary(handshake.V1, request_)) == in_v1
    assert v2.decode_client_message(_binary(handshake.V2, request_)) == in_v2
    assert v2.decode_client_messages(_binary(handshake.V3, request_)) == [in_v2]


@pytest.mark.parametrize(
    ("request_", "message", "text"),
    [
        (
            r.OneOffQuery(3, "SELECT 1"),
            m1.OneOffQuery(b"\3\0\0\0", "SELECT 1"),
            '{"OneOffQuery":{"message_id":"03000000","query_string":"SELECT 1"}}',
        ),
        (
            r.Subscribe(1, 7, ["a"]),
            m1.SubscribeMulti(["a"], 1, ID),
            '{"SubscribeMulti":{"query_strings":["a"],"request_id":1,"query_id":{"id":7}}}',
        ),
    ],
)
def test_requests_as_json(request_: r.Request, message: m1.ClientMessage, text: str) -> None:
    assert dialect_for(handshake.V1_JSON).encode(request_) == text
    assert v1_json.decode_client_message(text) == message


def function(name: str, *types: t.AlgebraicType) -> FunctionLayout:
    return FunctionLayout(name, t.product(*((f"p{position}", type) for position, type in enumerate(types))))


CALLED: list[tuple[r.CallKind, FunctionLayout, tuple[object, ...], bytes]] = [
    ("reducer", function("möve", t.Primitive.STRING), ("ü",), b"\2\0\0\0\xc3\xbc"),
    ("reducer", function("r"), (), b""),
    ("reducer", function("r", t.Primitive.U8, t.Primitive.U16), (1, 2), b"\1\2\0"),
    (
        "reducer",
        function("r", t.Primitive.U8, t.BYTES, t.ArrayType(t.Primitive.STRING), t.option(t.Primitive.I8)),
        (1, b"abc", ["d"], -1),
        b"\1\3\0\0\0abc\1\0\0\0\1\0\0\0d\0\xff",
    ),
    ("procedure", function("p", t.option(t.Primitive.U8)), (None,), b"\1"),
]


@pytest.mark.parametrize(("kind", "layout", "args", "encoded"), CALLED)
@pytest.mark.parametrize("number", [1, (1 << 32) - 1])
def test_calls(kind: r.CallKind, layout: FunctionLayout, args: tuple[object, ...], encoded: bytes, number: int) -> None:
    name = layout.name
    in_v1: m1.ClientMessage
    in_v2: m2.ClientMessage
    if kind == "reducer":
        in_v1 = m1.CallReducer(name, encoded, number, m1.FULL_UPDATE)
        in_v2 = m2.CallReducer(number, m2.CallFlags.Default, name, encoded)
    else:
        in_v1 = m1.CallProcedure(name, encoded, number, 0)
        in_v2 = m2.CallProcedure(number, m2.CallFlags.Default, name, encoded)
    frames = {
        subprotocol: dialect_for(subprotocol).call_writer(kind, layout)(number, args)
        for subprotocol in (handshake.V1, handshake.V2, handshake.V3)
    }
    assert {type(frame) for frame in frames.values()} == {bytes}
    assert v1.decode_client_message(cast("bytes", frames[handshake.V1])) == in_v1
    assert v2.decode_client_message(cast("bytes", frames[handshake.V2])) == in_v2
    assert v2.decode_client_messages(cast("bytes", frames[handshake.V3])) == [in_v2]


def test_calls_as_json() -> None:
    dialect = dialect_for(handshake.V1_JSON)
    frame = dialect.call_writer("reducer", function("möve", t.Primitive.STRING))(1, ('"',))
    assert frame == '{"CallReducer":{"reducer":"möve","args":"[\\"\\\\\\"\\"]","request_id":1,"flags":0}}'
    frame = dialect.call_writer("procedure", function("p", t.Primitive.U8))(1, (3,))
    assert frame == '{"CallProcedure":{"procedure":"p","args":"[3]","request_id":1,"flags":0}}'


@pytest.mark.parametrize("subprotocol", handshake.SUBPROTOCOLS)
def test_calls_that_do_not_fit_are_refused(subprotocol: str) -> None:
    dialect = dialect_for(subprotocol)
    write = dialect.call_writer("reducer", function("r", t.Primitive.STRING, t.Primitive.U8))
    with pytest.raises(EncodeError, match="p1"):
        write(1, ("x", 256))
    with pytest.raises(EncodeError, match="p0"):
        write(1, ("\ud800", 1))
    with pytest.raises(EncodeError):
        write(1, ("x",))
    with pytest.raises(EncodeError):
        dialect.call_writer("reducer", function("\ud800"))(1, ())


def test_frames_of_v3_are_joined() -> None:
    dialect = dialect_for(handshake.V3)
    frame = b"".join(_binary(handshake.V3, request) for request, _, _ in BSATN_REQUESTS)
    messages = [message for _, _, message in BSATN_REQUESTS]
    assert dialect.joins_frames
    assert v2.decode_client_messages(frame) == messages
    assert v2.encode_client_messages(messages) == frame


def test_several_subscriptions_at_once() -> None:
    batch = r.SubscribeBatch(5, [r.QuerySet(7, ["a"]), r.QuerySet(8, ["b", "c"])])
    message = m2.SubscribeBatch(5, [m2.SubscribeSet(7, ["a"]), m2.SubscribeSet(8, ["b", "c"])])
    assert v2.decode_client_message(_binary(handshake.V2, batch)) == message
    with pytest.raises(NotSupported):
        dialect_for(handshake.V1).encode(batch)


def test_each_subscription_of_a_batch_is_told_of() -> None:
    rows = RowList.of([b"ab", b"cd"])
    applied = m2.SetApplied(m2.QueryRows([m2.SingleTableRows("t", rows)]))
    message = m2.SubscribeBatchApplied(
        5, [m2.SubscribeSetResult(7, applied), m2.SubscribeSetResult(8, m2.SetError("no"))]
    )
    frame = v2.encode_server_message(message)
    assert frame[1] == 8
    assert v2.decode_server_message(frame) == message
    assert dialect_for(handshake.V2).decode(frame) == [
        i.SubscribeApplied(5, 7, [i.TableRows("t", rows, None, False)]),
        i.SubscriptionError(5, 8, "no"),
    ]


def test_several_messages_of_one_frame_are_told_in_order() -> None:
    messages = [
        m2.ReducerResult(1, Timestamp(5), m2.OkEmpty()),
        m2.ProcedureResult(m2.ProcedureInternalError("no"), Timestamp(6), TimeDuration(7), 2),
        m2.TransactionUpdate([]),
    ]
    frame = v2.encode_server_messages(messages)
    assert v2.decode_server_messages(frame) == messages
    assert dialect_for(handshake.V3).decode(frame) == [
        i.ReducerResult(1, Timestamp(5), i.COMMITTED, []),
        i.ProcedureResult(2, Timestamp(6), TimeDuration(7), None, "no"),
        i.TransactionUpdate([], None),
    ]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (m1.Committed(m1.DatabaseUpdate([])), i.COMMITTED),
        (m1.Failed("no"), i.Failed("no")),
        (m1.OutOfEnergy(), i.OUT_OF_ENERGY),
    ],
)
def test_a_call_of_v1_that_no_connection_made(status: m1.UpdateStatus, outcome: i.ReducerOutcome) -> None:
    identity = Identity(bytes(range(32)))
    message = m1.TransactionUpdate(
        status,
        Timestamp(5),
        identity,
        ConnectionId(bytes(16)),
        m1.ReducerCallInfo("tick", 3, b"\1", 0),
        m1.EnergyQuanta(1 << 100),
        TimeDuration(-6),
    )
    call = i.ReducerCallInfo("tick", b"\1", identity, None, 0, outcome, Timestamp(5), 1 << 100, TimeDuration(-6))
    assert dialect_for(handshake.V1).decode(v1.encode_server_message(message)) == [i.TransactionUpdate([], call)]
    message.reducer_call.args = "[1]"
    [told] = dialect_for(handshake.V1_JSON).decode(v1_json.encode_server_message(message))
    assert isinstance(told, i.TransactionUpdate)
    assert told.call is not None
    assert (told.call.outcome, told.call.args, told.call.energy) == (outcome, "[1]", 1 << 100)


@pytest.mark.parametrize("subprotocol", handshake.SUBPROTOCOLS)
@pytest.mark.parametrize(
    "request_",
    [
        r.Subscribe(1, -1, []),
        r.OneOffQuery(1 << 32, "SELECT 1"),
        r.OneOffQuery(-1, "SELECT 1"),
    ],
)
def test_what_does_not_fit_is_refused(subprotocol: str, request_: r.Request) -> None:
    with pytest.raises(EncodeError):
        dialect_for(subprotocol).encode(request_)


@pytest.mark.parametrize("chosen", [None, "v9.bsatn.spacetimedb"])
def test_a_subprotocol_that_nobody_speaks(chosen: str | None) -> None:
    with pytest.raises(ProtocolError, match=str(chosen).lower() if chosen else "none"):
        dialect_for(chosen)


def test_the_token_is_not_shown() -> None:
    for message in (
        i.IdentityReceived(Identity(bytes(32)), ConnectionId(bytes(16)), "secret"),
        m1.IdentityToken(Identity(bytes(32)), "secret", ConnectionId(bytes(16))),
        m2.InitialConnection(Identity(bytes(32)), ConnectionId(bytes(16)), "secret"),
    ):
        assert "secret" not in repr(message)


def _binary(subprotocol: str, request: r.Request) -> bytes:
    frame = dialect_for(subprotocol).encode(request)
    assert isinstance(frame, bytes)
    return frame
