"""Clients that send frames which nobody would: pings without end, messages in countless parts, frames too early."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stdbpy.api import ApiClient
from stdbpy.engine import Engine
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer
from stdbpy.server.websocket.connection import WebsocketConnection
from tests.server import raw

MODULE = pack(ModuleSource({"empty.py": b"from stdbpy import table, u32\n"}, "empty", None))

CONTINUATION, TEXT, BINARY, PING, PONG = 0, 1, 2, 9, 10
FINAL = 0x80


def frame(kind: int, data: bytes = b"", *, is_final: bool = True) -> bytes:
    """As a client sends it."""
    assert len(data) < 126
    return bytes((kind | (FINAL if is_final else 0), 0x80 | len(data), 0, 0, 0, 0)) + data


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer(engine=Engine(None)) as running, ApiClient(running.url, running.owner_token) as api:
        api.publish(MODULE, "empty")
        yield running


def asking(more: str = "") -> bytes:
    return (
        "GET /v1/database/empty/subscribe HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n"
        "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"sec-websocket-protocol: v2.bsatn.spacetimedb\r\n{more}\r\n"
    ).encode()


@contextmanager
def opened(server: RunningServer) -> Iterator[tuple[socket.socket, WebsocketConnection]]:
    """A client that has been let in, and the server's side of it."""
    with raw.connected(server) as connection:
        assert connection.ask(asking()).status == 101
        address = connection.socket.getsockname()
        [other] = [
            found
            for found in list(server._server.server_state.connections)
            if isinstance(found, WebsocketConnection) and found.client == address
        ]
        yield connection.socket, other


def test_pings_are_not_answered_without_end(server: RunningServer) -> None:
    with opened(server) as (client, other):

        async def flood() -> int:
            other.data_received(frame(PING, b"x" * 125) * 80_000 + frame(PING, b"last"))
            return other.transport.get_write_buffer_size()

        assert asyncio.run_coroutine_threadsafe(flood(), other.loop).result(60) < 1 << 20
        told = b""
        while bytes((FINAL | PONG, 4)) + b"last" not in told:
            told += client.recv(1 << 20)


def test_parts_of_a_message_take_no_more_than_their_bytes(server: RunningServer) -> None:
    with opened(server) as (client, other):
        client.sendall(frame(BINARY, is_final=False) + frame(CONTINUATION, is_final=False) * 10_000)
        client.sendall(frame(PING, b"here"))
        told = b""
        while b"here" not in told:
            told += client.recv(1 << 16)
        assert len(other.frames) == 1


def test_frames_before_the_client_is_let_in(server: RunningServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with socket.create_server(("127.0.0.1", 0)) as silent, raw.connected(server) as connection:
        issuer = f"http://127.0.0.1:{silent.getsockname()[1]}"
        said = json.dumps({"iss": issuer, "sub": "somebody", "iat": 1}).encode()
        parts = (b'{"alg":"ES256"}', said, bytes(64))
        token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
        connection.socket.sendall(asking(f"authorization: Bearer {token}\r\n"))
        asked, _ = silent.accept()
        with asked:
            connection.socket.sendall(frame(TEXT, b"\xff"))
            assert connection.is_closed()
            # Now, as a warning is right once the issuer hangs up.
            assert caplog.records == []
