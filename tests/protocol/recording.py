"""Conversations with a real server: what is asked, and the frames that come back.

A recorded one is a file of ``transcripts/``: JSON with the frames in order, BSATN as hex. The test
against the real servers makes them; the token in them is replaced by as many x.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from stdbpy.protocol import incoming as i
from stdbpy.protocol import requests as r
from stdbpy.protocol.catalog import FunctionLayout
from stdbpy.protocol.dialect import Dialect, dialect_for
from stdbpy.protocol.handshake import V1_JSON, handshake_for
from stdbpy.protocol.options import CompressionName, SessionOptions
from stdbpy.sats import types as t

TRANSCRIPTS = Path(__file__).parent / "transcripts"

_ANSWER_WITHIN = 60.0

SQL = (
    r.Subscribe(1, 11, ["SELECT * FROM user", "SELECT * FROM message"]),
    r.Subscribe(2, 12, ["SELECT * FROM nowhere"]),
    r.OneOffQuery(3, "SELECT * FROM user"),
    r.OneOffQuery(4, "SELECT * FROM nowhere"),
)


@dataclass(frozen=True)
class Call:
    """A call whose arguments are yet to be encoded."""

    name: str
    args: tuple[object, ...] = ()
    types: tuple[t.AlgebraicType, ...] = ()
    procedure: bool = False

    def frame(self, number: int, dialect: Dialect) -> bytes | str:
        parameters = t.product(*((f"arg{position}", type) for position, type in enumerate(self.types)))
        function = FunctionLayout(self.name, parameters)
        return dialect.call_writer("procedure" if self.procedure else "reducer", function)(number, self.args)


_TEXT = (t.Primitive.STRING,)
_NUMBERS = (t.Primitive.U32, t.Primitive.U32)

CONVERSATIONS: dict[str, Sequence[r.Request | Call]] = {
    "quickstart_chat": (
        *SQL,
        Call("set_name", ("Zoë",), _TEXT),
        Call("set_name", ("",), _TEXT),
        Call("send_message", ("hello",), _TEXT),
        Call("send_message", ("compressed " * 110,), _TEXT),
        Call("nobody_wrote_this", ("x",), _TEXT),
        r.Unsubscribe(5, 11),
        Call("send_message", ("nobody sees it",), _TEXT),
    ),
    "sdk_test_event_table": (
        r.Subscribe(1, 11, ["SELECT * FROM test_event"]),
        Call("emit_test_event", ("one", 1), (t.Primitive.STRING, t.Primitive.U64)),
        Call("emit_multiple_test_events"),
        Call("noop"),
    ),
    "sdk_test_procedure": (
        r.Subscribe(1, 11, ["SELECT * FROM my_table"]),
        Call("return_primitive", (2, 3), _NUMBERS, procedure=True),
        Call("insert_with_tx_commit", procedure=True),
        Call("will_panic", procedure=True),
        Call("nobody_wrote_this", procedure=True),
    ),
}


@dataclass(frozen=True)
class Transcript:
    subprotocol: str
    frames: tuple[bytes | str, ...]

    def write(self, path: Path) -> None:
        frames = [frame if isinstance(frame, str) else frame.hex() for frame in self.frames]
        text = json.dumps({"subprotocol": self.subprotocol, "frames": frames}, ensure_ascii=False, indent=1)
        path.write_text(text + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> Transcript:
        content = json.loads(path.read_text("utf-8"))
        is_json = content["subprotocol"] == V1_JSON
        frames = (frame if is_json else bytes.fromhex(frame) for frame in content["frames"])
        return cls(content["subprotocol"], tuple(frames))


def record(
    server: str, database: str, subprotocol: str, compression: CompressionName, conversation: Sequence[r.Request | Call]
) -> Transcript:
    """Has the conversation: each request is answered before the next one is made."""
    dialect = dialect_for(subprotocol)
    opening = handshake_for(
        SessionOptions(server, database, subprotocols=(subprotocol,), compression=compression), None
    )
    frames: list[bytes | str] = []
    with connect(
        opening.url,
        subprotocols=[Subprotocol(subprotocol)],
        additional_headers=opening.headers,
        compression=None,
        max_size=None,
        proxy=None,
    ) as socket:
        assert socket.subprotocol == subprotocol
        frames.append(_without_token(socket.recv(_ANSWER_WITHIN), dialect))
        for number, each in enumerate(conversation, 100):
            if isinstance(each, Call):
                request_id = number
                socket.send(each.frame(number, dialect))
            else:
                request_id = each.request_id
                socket.send(dialect.encode(each))
            answered = False
            while not answered:
                frames.append(socket.recv(_ANSWER_WITHIN))
                answered = any(_answers(told, request_id) for told in dialect.decode(frames[-1]))
    return Transcript(subprotocol, tuple(frames))


def _answers(told: i.Incoming, request_id: int) -> bool:
    if isinstance(told, i.TransactionUpdate):  # v1 leaves the number out of some failures
        return told.call is not None
    return getattr(told, "request_id", None) == request_id


def _without_token(frame: bytes | str, dialect: Dialect) -> bytes | str:
    [told] = dialect.decode(frame)
    assert isinstance(told, i.IdentityReceived)
    hidden = "x" * len(told.token)
    if isinstance(frame, str):
        return frame.replace(told.token, hidden)
    return frame.replace(told.token.encode(), hidden.encode())
