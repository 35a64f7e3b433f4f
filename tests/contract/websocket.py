"""A raw client of the websocket, which says and hears single messages."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from stdbpy.protocol.row_list import RowList
from stdbpy.protocol.v1 import codec as v1_bsatn
from stdbpy.protocol.v1 import json_codec as v1_json
from stdbpy.protocol.v2 import codec as v2_codec

V1, V1_JSON, V2, V3 = (f"{name}.spacetimedb" for name in ("v1.bsatn", "v1.json", "v2.bsatn", "v3.bsatn"))

PATIENCE = 60.0
"""Seconds that a server has to say the next thing."""


class Server(Protocol):
    """Where to connect to, and the token of whom."""

    @property
    def url(self) -> str: ...

    @property
    def token(self) -> str: ...


class Wire:
    """A raw client: messages of one protocol in both directions, and nothing in between."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._waiting: deque[Any] = deque()

    @property
    def subprotocol(self) -> str:
        return str(self.connection.subprotocol)

    def send(self, *messages: Any) -> None:
        """Each in a frame of its own, but under v3 all in one."""
        match self.subprotocol:
            case "v3.bsatn.spacetimedb":
                self.connection.send(v2_codec.encode_client_messages(messages))
            case "v2.bsatn.spacetimedb":
                for message in messages:
                    self.connection.send(v2_codec.encode_client_message(message))
            case "v1.bsatn.spacetimedb":
                for message in messages:
                    self.connection.send(v1_bsatn.encode_client_message(message))
            case _:
                for message in messages:
                    self.connection.send(v1_json.encode_client_message(message))

    def next(self) -> Any:
        """The server's next message. Raises ``ConnectionClosed``, and ``TimeoutError`` if none comes."""
        while not self._waiting:
            frame = self.connection.recv(timeout=PATIENCE)
            match self.subprotocol:
                case "v3.bsatn.spacetimedb":
                    self._waiting.extend(v2_codec.decode_server_messages(frame))
                case "v2.bsatn.spacetimedb":
                    self._waiting.append(v2_codec.decode_server_message(frame))
                case "v1.bsatn.spacetimedb":
                    self._waiting.append(v1_bsatn.decode_server_message(frame))
                case _:
                    self._waiting.append(v1_json.decode_server_message(frame))
        return self._waiting.popleft()

    def ask(self, message: Any) -> Any:
        self.send(message)
        return self.next()

    def closing(self) -> tuple[int, str]:
        """The code and reason with which the server ends the connection, after all it has to say."""
        try:
            while True:
                self.next()
        except ConnectionClosed as ended:
            return (ended.rcvd.code, ended.rcvd.reason) if ended.rcvd is not None else (1006, "")


@contextmanager
def connected(
    server: Server,
    database: str,
    *protocols: str,
    token: str | None = "own",  # a word that stands for the token
    query: str = "compression=None",
) -> Iterator[Wire]:
    """A client that has connected; its greeting has not been read yet."""
    token = server.token if token == "own" else token
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    url = f"{server.url.replace('http', 'ws', 1)}/v1/database/{database}/subscribe?{query}"
    with connect(
        url,
        subprotocols=[*protocols],  # type: ignore[list-item]  # a NewType of str
        additional_headers=headers,
        compression=None,
        max_size=None,
        proxy=None,
        open_timeout=PATIENCE,
    ) as connection:
        yield Wire(connection)


def rows_of(rows: RowList) -> list[bytes]:
    return rows.slices() if len(rows) else []
