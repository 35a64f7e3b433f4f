"""Every command that talks to a server, against servers that are not there, refuse, or are none."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.stub_server import answering, http

JSON = "application/json"
TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.secret"

COMMANDS: dict[str, tuple[str, ...]] = {
    "publish": ("publish", "--bin-path", "module.wasm", "--yes", "chat"),
    "call": ("call", "chat", "send_message", "hi"),
    "sql": ("sql", "chat", "SELECT * FROM message"),
    "logs": ("logs", "chat"),
    "logs --follow": ("logs", "chat", "--follow"),
    "describe": ("describe", "chat"),
    "describe --json": ("describe", "chat", "--json"),
    "generate": ("generate", "chat", "--lang", "python", "--out-dir", "client"),
    "list": ("list",),
    "delete": ("delete", "chat", "--yes"),
    "version": ("version",),
}

NOT_OURS = "not what SpacetimeDB gives|no log record|no module definition|no identity"

SERVERS: dict[str, tuple[bytes, str]] = {
    "401": (http(401, b"Invalid token"), "token"),
    "403": (http(403, b"not yours"), "does not allow it: not yours"),
    "404": (http(404, b"`chat` not found"), "chat"),
    "500": (http(500, b"on fire"), "the server failed: on fire"),
    "redirect": (http(302, headers="location: http://example.org/\r\n"), "http://example.org/"),
    "cut off": (http(200, b'[{"schema"', JSON, length=5000), "before its answer was whole"),
    "a web page": (http(200, b"<html>Welcome</html>", "text/html"), NOT_OURS),
    "JSON of another service": (http(200, b'{"status": "fine"}', JSON), NOT_OURS),
    "no HTTP": (b"220 smtp.example.org ESMTP\r\n\r\n", "does not speak HTTP"),
    "silence": (b"", "before its answer was whole"),
    "a token in its error": (http(500, b"bad " + TOKEN.encode()), "the server failed: bad TOKEN"),
}


@pytest.fixture(autouse=True)
def project(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "module.wasm").write_bytes(b"\0asm\1\0\0\0")
    monkeypatch.chdir(home)
    monkeypatch.setenv("STDBPY_TOKEN", TOKEN)


def check(run: Run, arguments: tuple[str, ...], url: str, expected: str) -> None:
    done = run(*arguments, "--server", url)
    assert (done.code, done.out) == (1, ""), done
    first, *rest = done.err.splitlines()
    assert first.startswith("Error: "), done.err
    assert re.search(expected, first), first
    assert all(line.startswith("Hint: ") for line in rest)
    assert "secret" not in done.err


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_server_that_refuses_or_is_none(run: Run, command: str, server: str) -> None:
    answer, expected = SERVERS[server]
    with answering(answer) as url:
        check(run, COMMANDS[command], url, expected)


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_there(run: Run, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    done = run(*COMMANDS[command], "--server", url)
    assert (done.code, done.out) == (1, "")
    assert url in done.err
    assert "stdbpy start" in done.err


@pytest.mark.parametrize("command", COMMANDS)
def test_tls_to_a_plain_server(run: Run, command: str) -> None:
    with answering(http(400)) as url:
        check(run, COMMANDS[command], url.replace("http:", "https:"), "TLS")


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "http://", "http://user:password@127.0.0.1:1"])
@pytest.mark.parametrize("command", COMMANDS)
def test_not_an_address(run: Run, command: str, address: str) -> None:
    done = run(*COMMANDS[command], "--server", address)
    assert done.code in (1, 2)
    assert done.out == ""
    assert "password" not in done.err
    assert len(done.err.splitlines()) <= 2


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_option(run: Run, command: str) -> None:
    done = run(*COMMANDS[command], "--sevrer", "x")
    assert (done.code, done.out) == (2, "")
    assert done.err == "Error: there is no option --sevrer\nHint: Did you mean '--server'?\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_broken_configuration(run: Run, home: Path, command: str) -> None:
    config = home / "cli.toml"
    config.write_text('default_server = "local"\n[[server_configs\n')
    done = run("--config-path", str(config), *COMMANDS[command], "--server", "local")
    assert (done.code, done.out) == (1, "")
    assert str(config) in done.err
    assert f"{config}:2: not valid TOML" in done.err
    assert config.read_text() == 'default_server = "local"\n[[server_configs\n'
