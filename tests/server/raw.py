"""Requests byte by byte, over a socket of their own."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from stdbpy.server import RunningServer

_LENGTH = re.compile(rb"content-length: (\d+)")


@dataclass(frozen=True)
class RawAnswer:
    status: int
    head: bytes
    body: bytes

    def header_names(self) -> list[bytes]:
        return [line.partition(b":")[0] for line in self.head.split(b"\r\n")[1:]]


class RawConnection:
    def __init__(self, server: RunningServer, connected: socket.socket) -> None:
        self.socket = connected
        self._server = server
        self._unread = b""

    def call_request(self, database: str, reducer: str, *args: object, token: str | None = None) -> bytes:
        body = json.dumps(args).encode()
        return (
            f"POST /v1/database/{database}/call/{reducer} HTTP/1.1\r\nhost: localhost\r\n"
            f"authorization: Bearer {token or self._server.owner_token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode() + body

    def call(self, database: str, reducer: str, *args: object, token: str | None = None) -> RawAnswer:
        return self.ask(self.call_request(database, reducer, *args, token=token))

    def ask(self, request: bytes) -> RawAnswer:
        self.socket.sendall(request)
        return self.answer()

    def answer(self) -> RawAnswer:
        while b"\r\n\r\n" not in self._unread:
            self._read()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length is not None else 0
        while len(self._unread) < size:
            self._read()
        body, self._unread = self._unread[:size], self._unread[size:]
        return RawAnswer(int(head.split(b" ", 2)[1]), head, body)

    def is_closed(self) -> bool:
        """Waits for the server's next word; whether it was that there are no more."""
        return not self._unread and self.socket.recv(4096) == b""

    def _read(self) -> None:
        part = self.socket.recv(65536)
        assert part, "the connection ended before the answer did"
        self._unread += part


@contextmanager
def connected(server: RunningServer) -> Iterator[RawConnection]:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        # What is sent before the last answer is sent at once, too.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield RawConnection(server, connection)
