"""Where a websocket is opened, and with what."""

from __future__ import annotations

import sys

import pytest

from stdbpy.errors import MissingExtra, UsageError
from stdbpy.protocol.handshake import OFFERED, V1, handshake_for
from stdbpy.protocol.options import SessionOptions


@pytest.mark.parametrize(
    ("server", "start"),
    [
        ("http://127.0.0.1:3000", "ws://127.0.0.1:3000/v1"),
        ("https://maincloud.spacetimedb.com/", "wss://maincloud.spacetimedb.com/v1"),
        ("ws://[::1]:3000", "ws://[::1]:3000/v1"),
        ("wss://example.com/behind/a/proxy/", "wss://example.com/behind/a/proxy/v1"),
    ],
)
def test_the_address(server: str, start: str) -> None:
    made = handshake_for(SessionOptions(server, "chat"), None)
    assert made.url == f"{start}/database/chat/subscribe?compression=None"
    assert made.headers == {}
    assert made.subprotocols == OFFERED


def test_what_is_wished_for() -> None:
    options = SessionOptions(
        "http://localhost:3000",
        "a/b c",
        subprotocols=(V1,),
        compression="gzip",
        light=True,
        confirmed=False,
        session_id="s&1",
    )
    made = handshake_for(options, "secret")
    assert made.url == (
        "ws://localhost:3000/v1/database/a%2Fb%20c/subscribe"
        "?compression=Gzip&light=true&confirmed=false&session_id=s%261"
    )
    assert made.headers == {"Authorization": "Bearer secret"}
    assert made.subprotocols == (V1,)
    assert "secret" not in repr(made)


@pytest.mark.parametrize(
    "server",
    [
        "",
        "localhost:3000",
        "ftp://localhost",
        "http://",
        "http://a:b@localhost",
        "http://localhost:99999",
        "http://[::1",
    ],
)
def test_no_address_of_a_server(server: str) -> None:
    with pytest.raises(UsageError):
        handshake_for(SessionOptions(server, "chat"), None)


def test_brotli_is_not_asked_for_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    options = SessionOptions("http://localhost", "chat", compression="brotli")
    assert "compression=Brotli" in handshake_for(options, None).url
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(MissingExtra):
        handshake_for(options, None)
