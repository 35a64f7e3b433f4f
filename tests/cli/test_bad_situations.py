"""Every command where things are not as they should be: one sentence, a hint, the right exit code."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from stdbpy.cli.group import load_command, walk
from tests.cli.conftest import Finished, Run
from tests.cli.invocations import ALL, INVOCATIONS
from tests.cli.stub_server import answering, http, never_answering

JSON = "application/json"
TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.secret"
NOT_OURS = "not what SpacetimeDB gives|no SpacetimeDB|no log record|no module definition|no identity"

SERVERS: dict[str, tuple[bytes, str]] = {
    "401": (http(401, b"Invalid token"), "token"),
    "403": (http(403, b"not yours"), "does not allow it: not yours"),
    "404": (http(404, b"`chat` not found"), "chat"),
    "409": (http(409, b"somebody was here"), "something else was faster: somebody was here"),
    "500": (http(500, b"on fire"), "the server failed: on fire"),
    "redirect": (http(302, headers="location: http://example.org/\r\n"), "http://example.org/"),
    "cut off": (http(200, b'[{"schema"', JSON, length=5000), "before its answer was whole"),
    "a web page": (http(200, b"<html>Welcome</html>", "text/html"), NOT_OURS),
    "JSON of another service": (http(200, b'{"status": "fine"}', JSON), NOT_OURS),
    "JSON that is none": (http(200, b'[{"schema": ', JSON), NOT_OURS),
    "no HTTP": (b"220 smtp.example.org ESMTP\r\n\r\n", "does not speak HTTP"),
    "silence": (b"", "before its answer was whole"),
    "a token in its error": (http(500, b"bad " + TOKEN.encode()), "the server failed: bad TOKEN"),
}
"""What a server answers to everything, and what the error is to say."""

TO_SERVERS = {name: invocation for name, invocation in ALL.items() if invocation.asks_a_server}
NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def prepared_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "module.wasm").write_bytes(b"\0asm\1\0\0\0")
    monkeypatch.chdir(home)
    monkeypatch.setenv("STDBPY_TOKEN", TOKEN)


def expect_order(done: Finished) -> None:
    """What holds however a command ends."""
    assert done.code in (0, 1, 2, 130), done
    assert "stdbpy itself failed" not in done.err
    assert "Traceback" not in done.err
    assert "secret" not in done.err + done.out


def expect_failure(done: Finished, expected: str, *, code: int = 1) -> None:
    expect_order(done)
    assert (done.code, done.out) == (code, ""), done
    errors = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, done.err
    assert re.search(expected, errors[0]), errors[0]
    after = done.err.partition(errors[0])[2].splitlines()[1:]
    assert all(line.startswith("Hint: ") for line in after), done.err


def expect_finding(done: Finished, expected: str) -> None:
    """That of a command which tells what is wrong as data."""
    expect_order(done)
    assert done.code == 1, done
    assert re.search(expected, done.out), done
    assert re.fullmatch(r"Error: \d+ errors? found: .+\n", done.err), done


def test_no_command_is_forgotten() -> None:
    runnable = {path for path in walk() if load_command(*path).callback is not None}
    assert set(INVOCATIONS) == runnable


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("command", TO_SERVERS)
def test_server_that_refuses_or_is_none(run: Run, command: str, server: str) -> None:
    invocation = TO_SERVERS[command]
    answer, expected = SERVERS[server]
    with answering(answer) as url:
        done = run(*invocation.at(url))
    if server in invocation.own_end:
        expect_order(done)
    elif invocation.tells_findings:
        # Some answers are in order for a question that it asks; then what comes of the next one is not.
        expect_finding(done, rf"{expected}|no token at all")
    else:
        expect_failure(done, expected)


@pytest.mark.parametrize("command", TO_SERVERS)
def test_nobody_there(run: Run, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    done = run(*TO_SERVERS[command].at(url))
    if TO_SERVERS[command].tells_findings:
        expect_finding(done, rf"{url}.+stdbpy start")
        return
    expect_failure(done, url)
    assert "stdbpy start" in done.err


@pytest.mark.parametrize("command", TO_SERVERS)
def test_tls_to_a_plain_server(run: Run, command: str) -> None:
    with answering(http(400)) as url:
        done = run(*TO_SERVERS[command].at(url.replace("http:", "https:")))
    if TO_SERVERS[command].tells_findings:
        expect_finding(done, "TLS.+http://")
        return
    expect_failure(done, "TLS")
    assert "http://" in done.err


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "http://", "http://user:secret@127.0.0.1:1"])
@pytest.mark.parametrize("command", TO_SERVERS)
def test_not_an_address(run: Run, command: str, address: str) -> None:
    done = run(*TO_SERVERS[command].at(address))
    expect_order(done)
    assert done.code in (1, 2)
    assert done.out == "" or TO_SERVERS[command].tells_findings
    assert len(done.err.splitlines()) <= 2


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals for one thread")
@pytest.mark.parametrize("command", TO_SERVERS)
def test_interrupted_while_the_server_takes_its_time(run: Run, command: str) -> None:
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    with never_answering(lambda: signal.pthread_kill(main_thread, signal.SIGINT)) as url:
        done = run(*TO_SERVERS[command].at(url))
    said = "" if "interrupted" in TO_SERVERS[command].own_end else "Interrupted.\n"
    found = done.out if TO_SERVERS[command].tells_findings else ""
    assert done == Finished(130, found, said)


@pytest.mark.parametrize("command", ALL)
def test_unknown_option(run: Run, command: str) -> None:
    done = run(*ALL[command].at(NOBODY), "--confg-path", "x")
    assert done == Finished(2, "", "Error: there is no option --confg-path\nHint: Did you mean '--config-path'?\n")


@pytest.mark.parametrize("command", [name for name, invocation in ALL.items() if invocation.reads_config])
def test_broken_configuration(run: Run, home: Path, command: str) -> None:
    config = home / "cli.toml"
    broken = 'default_server = "local"\n[[server_configs\n'
    config.write_text(broken)
    done = run("--config-path", str(config), *ALL[command].at("local"))
    message = f"{re.escape(str(config))}:2: not valid TOML"
    if ALL[command].tells_findings:
        expect_finding(done, message)
    else:
        expect_failure(done, message)
    assert config.read_text() == broken


@pytest.mark.parametrize(
    "command", [name for name, invocation in ALL.items() if not (invocation.reads_config or invocation.runs_on)]
)
def test_configuration_that_is_not_read(run: Run, home: Path, command: str) -> None:
    """What :attr:`Invocation.reads_config` claims is true."""
    (home / "cli.toml").write_text("[[broken")
    assert "TOML" not in run("--config-path", str(home / "cli.toml"), *ALL[command].at(NOBODY)).err


def read_only_home(home: Path) -> Path:
    if os.name == "posix" and os.geteuid() != 0:
        home.chmod(0o500)
        return home
    if not sys.platform.startswith("linux"):
        pytest.skip("there is no folder that an administrator cannot write to")
    return Path("/proc")


@pytest.mark.parametrize("command", [name for name, invocation in ALL.items() if not invocation.runs_on])
def test_home_that_cannot_be_written(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    folder = read_only_home(home)
    monkeypatch.delenv("STDBPY_TOKEN")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    with answering(http(500, b"on fire")) as url:
        done = run(*ALL[command].at(url))
    home.chmod(0o700)
    expect_order(done)
    assert all(line.startswith(("Error: ", "Hint: ")) for line in done.err.splitlines()) or done.code == 0


@pytest.mark.parametrize("command", [name for name, invocation in ALL.items() if not invocation.runs_on])
def test_nobody_is_asked_without_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Without the flags that answer questions: pytest's stdin fails whoever reads it."""
    words = [word for word in ALL[command].at(NOBODY) if not word.startswith("--yes")]
    done = run(*words)
    expect_order(done)
    if done.code == 2:
        assert "--" in done.err


def test_a_token_that_is_refused_is_said_to_come_from_the_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hint() -> str:
        with answering(http(401, b"Invalid token")) as url:
            return run("sql", "chat", "SELECT 1", "--server", url).err

    said = hint()
    assert "STDBPY_TOKEN is set" in said
    assert "stdbpy login" not in said, "no login helps as long as the variable is set"
    monkeypatch.delenv("STDBPY_TOKEN")
    said = hint()
    assert "STDBPY_TOKEN" not in said
    assert "stdbpy login" in said
