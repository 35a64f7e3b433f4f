"""Who may talk to the server: hosts, origins, addresses to listen at."""

from __future__ import annotations

import pytest

from stdbpy.errors import UsageError
from stdbpy.server.config import ServerConfig
from stdbpy.server.fence import Fence


def refusal(host: str, origin: str | None = None, **config: object) -> str | None:
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    return Fence(ServerConfig(**config)).refusal(headers)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:3000",
        "127.1.2.3:80",
        "localhost",
        "LocalHost:3000",
        "chat.localhost:3000",
        "[::1]",
        "[::1]:3000",
    ],
)
def test_this_machines_own_names_pass(host: str):
    assert refusal(host) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:3000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example#localhost",
        "user@localhost@evil.example",
        "0.0.0.0:3000",
        "192.168.0.1:3000",
        "[::2]:3000",
        "[::1",
        "2130706433",
        "0x7f000001",
        "xlocalhost",
        "evil.example/localhost",
        "evil.example@127.0.0.1",
        "127.0.0.1/evil.example",
        "127.0.0.1:evil.example",
        "local\thost",
    ],
)
def test_other_names_do_not(host: str):
    assert refusal(host) is not None


def test_listed_names_pass():
    assert refusal("dev.example:3000", allowed_hosts=("Dev.example",)) is None
    assert refusal("other.example", allowed_hosts=("dev.example",)) is not None


def test_the_address_listened_at_passes():
    assert refusal("192.168.0.7:3000", listen_addr="192.168.0.7:3000") is None
    assert refusal("192.168.0.8:3000", listen_addr="192.168.0.7:3000") is not None


@pytest.mark.parametrize(
    "origin",
    ["http://localhost", "http://localhost:5173", "https://127.0.0.1:8443", "http://[::1]:5173", "HTTP://LOCALHOST"],
)
def test_pages_of_this_machine_pass_on_any_port(origin: str):
    assert refusal("localhost:3000", origin) is None


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "https://localhost.evil.example",
        "http://evil.example:3000",
        "file://",
        "ftp://localhost",
        "http://",
        "http://[::1",
        "localhost",
        "http://localhost@evil.example",
    ],
)
def test_other_pages_do_not(origin: str):
    assert refusal("localhost:3000", origin) is not None


def test_listed_pages_pass():
    origins = ("https://Game.example/", "null")
    assert refusal("localhost", "https://game.example", allow_origins=origins) is None
    assert refusal("localhost", "null", allow_origins=origins) is None
    assert refusal("localhost", "http://game.example", allow_origins=origins) is not None
    assert refusal("localhost", "https://anything.example", allow_origins=("*",)) is None


def test_a_page_that_passes_does_not_open_other_hosts():
    assert refusal("evil.example", "http://localhost:5173") is not None


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"localhost"), (b"host", b"evil.example")],
        [(b"host", b"localhost"), (b"origin", b"http://localhost"), (b"origin", b"http://evil.example")],
    ],
)
def test_headers_that_say_two_things(headers: list[tuple[bytes, bytes]]):
    assert Fence(ServerConfig()).refusal(headers) is not None


@pytest.mark.parametrize(
    ("address", "host", "port", "only_loopback"),
    [
        ("127.0.0.1:3000", "127.0.0.1", 3000, True),
        ("localhost:0", "localhost", 0, True),
        ("[::1]:3000", "::1", 3000, True),
        ("0.0.0.0:3000", "0.0.0.0", 3000, False),
        ("[::]:80", "::", 80, False),
        ("example.org:65535", "example.org", 65535, False),
    ],
)
def test_addresses_to_listen_at(address: str, host: str, port: int, only_loopback: bool):
    config = ServerConfig(listen_addr=address)
    assert (config.host_and_port, config.only_loopback) == ((host, port), only_loopback)


@pytest.mark.parametrize("address", ["", "3000", ":3000", "127.0.0.1", "localhost:", "localhost:x", "localhost:65536"])
def test_what_is_no_address_to_listen_at(address: str):
    with pytest.raises(UsageError) as caught:
        _ = ServerConfig(listen_addr=address).host_and_port
    assert "127.0.0.1:3000" in caught.value.hint
