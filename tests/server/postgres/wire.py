"""PostgreSQL's protocol byte by byte, from the client's side."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

VERSION_3 = 3 << 16


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack(">i", len(body) + 4) + body


def startup(version: int = VERSION_3, /, **parameters: str) -> bytes:
    named = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items())
    return struct.pack(">ii", len(named) + 9, version) + named + b"\0"


def password(token: str) -> bytes:
    return message(b"p", token.encode() + b"\0")


def query(text: str) -> bytes:
    return message(b"Q", text.encode() + b"\0")


@dataclass
class Told:
    """What came for one query."""

    columns: list[tuple[str, int]] = field(default_factory=list)
    """Names, and the numbers of types."""
    rows: list[tuple[bytes, ...]] = field(default_factory=list)
    tag: str = ""
    error: dict[str, str] = field(default_factory=dict)
    """By the letters of the fields: S is the severity, C the code, M the sentence, H the hint."""


class Wire:
    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self._unread = b""

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def read(self, size: int) -> bytes:
        """Raises ``EOFError`` at the end of the connection."""
        while len(self._unread) < size:
            try:
                part = self.socket.recv(65536)
            except ConnectionError:
                part = b""
            if not part:
                raise EOFError(self._unread)
            self._unread += part
        found, self._unread = self._unread[:size], self._unread[size:]
        return found

    def next(self) -> tuple[bytes, bytes]:
        kind, size = struct.unpack(">ci", self.read(5))
        return kind, self.read(size - 4)

    def until(self, *kinds: bytes) -> list[tuple[bytes, bytes]]:
        """Messages up to one of these kinds, which is among them."""
        found = [self.next()]
        while found[-1][0] not in kinds:
            found.append(self.next())
        return found

    def rest(self) -> list[tuple[bytes, bytes]]:
        """All that comes until the server ends the connection."""
        found: list[tuple[bytes, bytes]] = []
        while True:
            try:
                found.append(self.next())
            except EOFError as end:
                assert end.args == (b"",), "it ended in the middle of a message"
                return found

    def log_in(self, database: str, token: str) -> list[tuple[bytes, bytes]]:
        self.send(startup(user="ada", database=database))
        assert self.next() == (b"R", struct.pack(">i", 3))
        self.send(password(token))
        return self.until(b"Z", b"E")

    def ask(self, text: str) -> Told:
        self.send(query(text))
        return told(self.until(b"Z"))


def told(messages: list[tuple[bytes, bytes]]) -> Told:
    found = Told()
    for kind, body in messages:
        match kind:
            case b"T":
                found.columns = list(_columns(body))
            case b"D":
                found.rows.append(tuple(_values(body)))
            case b"C":
                found.tag = body.rstrip(b"\0").decode()
            case b"E":
                found.error = error_fields(body)
    return found


def error_fields(body: bytes) -> dict[str, str]:
    return {text[:1].decode(): text[1:].decode() for text in body.split(b"\0") if text}


def _columns(body: bytes) -> Iterator[tuple[str, int]]:
    rest = body[2:]
    for _ in range(int.from_bytes(body[:2], "big")):
        name, _, rest = rest.partition(b"\0")
        table, position, oid, size, modifier, is_binary = struct.unpack(">ihihih", rest[:18])
        assert (table, position, size, modifier, is_binary) == (0, 0, 0, 0, 0)
        yield name.decode(), oid
        rest = rest[18:]
    assert not rest


def _values(body: bytes) -> Iterator[bytes]:
    start = 2
    for _ in range(int.from_bytes(body[:2], "big")):
        size = int.from_bytes(body[start : start + 4], "big")
        yield body[start + 4 : start + 4 + size]
        start += 4 + size
    assert start == len(body)


@contextmanager
def connected(port: int) -> Iterator[Wire]:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        yield Wire(connection)


@contextmanager
def logged_in(port: int, database: str, token: str) -> Iterator[Wire]:
    with connected(port) as wire:
        assert wire.log_in(database, token)[-1] == (b"Z", b"I")
        yield wire
