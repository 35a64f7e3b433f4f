"""Requests that are larger than any should be, and those that never end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from stdbpy.api import ApiClient
from stdbpy.server import RunningServer, asked, connection
from tests.server.raw import RawConnection, connected

PING = b"GET /v1/ping HTTP/1.1\r\nhost: localhost\r\n"
LARGEST = connection.LARGEST_HEAD
MANY_BYTES = LARGEST + (1 << 18)
"""More than the largest head and what is read of a socket at once."""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as running:
        yield running


@pytest.fixture
def raw(server: RunningServer) -> Iterator[RawConnection]:
    with connected(server) as connection:
        yield connection


def test_heads_within_the_bounds_pass(raw: RawConnection) -> None:
    large = PING + b"large: " + bytes(LARGEST - 100).replace(b"\0", b"a") + b"\r\n\r\n"
    many = PING + b"many: x\r\n" * (connection.MOST_HEADERS - 1) + b"\r\n"
    for request in (large, many, large):
        assert raw.ask(request).status == 200


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(PING + b"large: " + b"a" * LARGEST + b"\r\n\r\n", id="one large header"),
        pytest.param(PING + b"large: " + b"a" * MANY_BYTES, id="a header without end"),
        pytest.param(PING + b"a" * MANY_BYTES, id="a header's name without end"),
        pytest.param(b"GET /" + b"a" * MANY_BYTES, id="an address without end"),
        pytest.param(PING + b"many: x\r\n" * (MANY_BYTES // 9), id="headers without end"),
        pytest.param(PING + b"many: x\r\n" * connection.MOST_HEADERS + b"\r\n", id="too many headers"),
    ],
)
def test_heads_without_bound_are_refused(head: bytes, raw: RawConnection) -> None:
    assert raw.ask(head).status == connection.HEAD_TOO_LARGE
    assert raw.is_closed()


def test_an_address_that_is_too_long_is_refused(raw: RawConnection) -> None:
    request = b"GET /" + b"a" * connection.LONGEST_URL + b" HTTP/1.1\r\nhost: localhost\r\n\r\n"
    assert raw.ask(request).status == connection.URI_TOO_LONG
    assert raw.is_closed()


def test_headers_after_a_body_have_bounds_too(raw: RawConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "IDLE_DRAIN", 60)
    monkeypatch.setattr(asked, "LONGEST_DRAIN", 60)
    request = b"POST /v1/identity HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    raw.socket.sendall(request)
    with pytest.raises(OSError, match=r"reset|pipe"):
        for _ in range(1000):
            raw.socket.sendall(b"more: " + b"a" * 65536)


def test_a_large_body_in_small_pieces_is_no_large_head(server: RunningServer, raw: RawConnection) -> None:
    piece = b"1\r\n \r\n"
    with ApiClient(server.url, server.owner_token):
        raw.socket.sendall(
            b"POST /v1/database/none/sql HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
            + piece * (LARGEST // 4)
            + b"0\r\n\r\n"
        )
        answer = raw.answer()
        assert answer.status == 404
        if b"connection: close" not in answer.head:  # as where it is given before all of the body has come
            assert raw.ask(PING + b"\r\n").status == 200


@pytest.mark.parametrize("length", [b"content-length: 10", b"transfer-encoding: chunked"], ids=["length", "chunked"])
@pytest.mark.parametrize(
    ("request_line", "status"),
    [(b"POST /v1/database/none/sql", 404), (b"POST /v1/ping", 405)],
)
def test_a_refusal_does_not_wait_for_a_body_that_never_comes(
    raw: RawConnection, monkeypatch: pytest.MonkeyPatch, request_line: bytes, status: int, length: bytes
) -> None:
    monkeypatch.setattr(asked, "IDLE_DRAIN", 0.01)
    answer = raw.ask(request_line + b" HTTP/1.1\r\nhost: localhost\r\n" + length + b"\r\n\r\n")
    assert answer.status == status
    assert b"connection: close" in answer.head
    assert raw.is_closed()


def test_a_refusal_does_not_wait_for_a_body_that_comes_for_ever(
    raw: RawConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "IDLE_DRAIN", 30)
    monkeypatch.setattr(asked, "LONGEST_DRAIN", 0.1)
    head = b"POST /v1/database/none/sql HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n"
    answer = raw.ask(head)
    assert answer.status == 404
    assert b"connection: close" in answer.head


def sent(raw: RawConnection, request: bytes) -> bytes:
    """What the server says to something unfinished until it breaks off."""
    raw.socket.sendall(request)
    said = b""
    with suppress(ConnectionResetError):
        while part := raw.socket.recv(65536):
            said += part
    return said


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"G", id="a letter"),
        pytest.param(PING, id="half a head"),
        pytest.param(PING + b"\r\nG", id="half a second one"),
    ],
)
def test_a_head_that_does_not_come_is_not_waited_for(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(connection, "HEAD_PATIENCE", 0.1)
    with connected(server) as raw:
        assert sent(raw, begun).count(b"HTTP/1.1 ") == begun.count(b"\r\n\r\n")


def test_a_body_that_does_not_come_is_not_waited_for(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_PATIENCE", 0.05)
    monkeypatch.setattr(connection, "BODY_PATIENCE", 0.2)
    with connected(server) as raw, ApiClient(server.url, server.owner_token) as api:
        head = "POST /v1/identity/websocket-token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n12345"
        monkeypatch.setattr(asked, "IDLE_DRAIN", 30)
        monkeypatch.setattr(asked, "LONGEST_DRAIN", 30)
        assert sent(raw, head.encode()) == b""
        api.ping()


def test_an_idle_connection_between_requests_stays(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_PATIENCE", 0.05)
    monkeypatch.setattr(connection, "BODY_PATIENCE", 0.05)
    with connected(server) as raw:
        assert raw.ask(PING + b"\r\n").status == 200
        raw.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            raw.socket.recv(1)
        raw.socket.settimeout(30)
        assert raw.ask(PING + b"\r\n").status == 200
