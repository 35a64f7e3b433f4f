"""A session that a test feeds by hand, message by message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from stdbpy.protocol.deliveries import Delivery
from stdbpy.protocol.handshake import V1, V1_JSON, V2, V3
from stdbpy.protocol.options import ReconnectPolicy, SessionOptions
from stdbpy.protocol.row_list import RowList
from stdbpy.protocol.session import Session
from stdbpy.protocol.v1 import codec as v1_codec
from stdbpy.protocol.v1 import json_codec as v1_json_codec
from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import codec as v2_codec
from stdbpy.protocol.v2 import messages as m2
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp
from tests.protocol.mirror import report_everything
from tests.protocol.model_server import CATALOG

ME = Identity(bytes(range(32)))
OTHER = Identity(bytes(range(1, 33)))
HERE = ConnectionId.from_int(7)
ELSEWHERE = ConnectionId.from_int(8)

D = TypeVar("D")


class Script:
    """One session under one subprotocol; ``told`` is all that it delivered."""

    def __init__(self, subprotocol: str = V3, *, draw: Callable[[], float] = lambda: 0.5, **options: Any) -> None:
        self.subprotocol = subprotocol
        self.now = 100.0
        options.setdefault("reconnect", ReconnectPolicy())
        self.session = Session(
            CATALOG, SessionOptions("http://s", "game", **options), clock=lambda: self.now, random=draw
        )
        report_everything(self.session.cache)
        self.told: list[Delivery] = []

    def connect(self, identity: Identity = ME, connection_id: ConnectionId = HERE) -> Script:
        self.session.opened(self.subprotocol)
        if self.subprotocol in (V2, V3):
            self.hear(m2.InitialConnection(identity, connection_id, "token"))
        else:
            self.hear(m1.IdentityToken(identity, "token", connection_id))
        return self

    def hear(self, *messages: Any) -> None:
        for message in messages:
            frame: bytes | str
            if self.subprotocol in (V2, V3):
                frame = v2_codec.encode_server_message(message)
            elif self.subprotocol == V1:
                frame = v1_codec.encode_server_message(message)
            else:
                assert self.subprotocol == V1_JSON
                frame = v1_json_codec.encode_server_message(message)
            self.session.receive(frame)
        self.told += self.session.take_deliveries()

    def said(self) -> list[Any]:
        """What the session sent since it was last asked."""
        messages: list[Any] = []
        for frame in self.session.take_outgoing():
            if isinstance(frame, str):
                messages.append(v1_json_codec.decode_client_message(frame))
            elif self.subprotocol == V1:
                messages.append(v1_codec.decode_client_message(frame))
            else:
                messages += v2_codec.decode_client_messages(frame)
        return messages

    def forget(self) -> None:
        """What was told so far is of no interest."""
        self.session.take_deliveries()
        self.told.clear()

    def of(self, kind: type[D]) -> list[D]:
        self.told += self.session.take_deliveries()
        return [delivery for delivery in self.told if isinstance(delivery, kind)]


def rows(table: str, *values: tuple[object, ...]) -> RowList:
    return RowList.of([CATALOG.tables[table].codec.encode(value) for value in values])


def query_rows(table: str, *values: tuple[object, ...]) -> m2.QueryRows:
    return m2.QueryRows([m2.SingleTableRows(table, rows(table, *values))])


def inserted(query_set_id: int, table: str, *values: tuple[object, ...]) -> m2.TransactionUpdate:
    """A v2 transaction that inserts rows."""
    update = m2.PersistentTableRows(rows(table, *values), RowList.of([]))
    return m2.TransactionUpdate(
        [m2.QuerySetUpdate(query_set_id, [m2.TableUpdate(table, [m2.PersistentTable(update)])])]
    )


def v1_update(table: str, *values: tuple[object, ...]) -> m1.DatabaseUpdate:
    update = m1.QueryUpdate(deletes=RowList.of([]), inserts=rows(table, *values))
    return m1.DatabaseUpdate([m1.TableUpdate(4096, table, len(values), [m1.Uncompressed(update)])])


def v1_transaction(
    status: m1.UpdateStatus,
    reducer: str,
    args: bytes | str,
    request_id: int,
    *,
    identity: Identity = ME,
    connection_id: ConnectionId = HERE,
) -> m1.TransactionUpdate:
    call = m1.ReducerCallInfo(reducer, 1, args, request_id)
    energy = m1.EnergyQuanta(5)
    return m1.TransactionUpdate(status, Timestamp(9), identity, connection_id, call, energy, TimeDuration(3))
