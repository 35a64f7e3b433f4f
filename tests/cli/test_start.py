"""``stdbpy start``, as a process of its own and where it refuses to begin."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import NotFound
from stdbpy.module.package import ModuleSource, pack
from stdbpy.project import cli_toml
from stdbpy.project.credentials import CredentialStore, find_token
from stdbpy.server import RunningServer, ServerConfig
from stdbpy.server.owner import OWNER_TOKEN
from tests import real_servers
from tests.cli.conftest import Run

LISTENING = "Starting SpacetimeDB listening on "
WITHIN = 60


@contextmanager
def started(*arguments: str, at: str = "127.0.0.1:0") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server at a free port, and its address once it answers; killed if the test did not end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "stdbpy.cli", "start", "--listen-addr", at, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(LISTENING), (line, process.poll())
        yield process, line.removeprefix(LISTENING).strip()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_start_and_stop(home: Path, run: Run, number: signal.Signals) -> None:
    with started("--data-dir", str(home / "data")) as (process, address):
        url = f"http://{address}"
        token = (home / "data" / OWNER_TOKEN).read_text()
        with ApiClient(url, token) as api:
            api.ping()
        assert run("list", "--server", url).code == 0
        assert run("list", "--server", address.replace("127.0.0.1", "localhost")).code == 0
        process.send_signal(number)
        out, err = process.communicate(timeout=WITHIN)
    assert (process.returncode, out) == (0, "")
    assert err.splitlines() == [
        f"{url} is ready. Databases are kept in {home / 'data'}. Ctrl-C stops it.",
        "stopped",
    ]
    assert token not in err
    assert token_for(url) is None


def token_for(url: str) -> str | None:
    """What commands show the server at ``url``."""
    return find_token(url, CredentialStore(), cli_toml.read())


@pytest.mark.parametrize("kill", [False, True])
def test_the_owners_token_is_shown_while_the_server_runs_and_kept_nowhere_else(home: Path, kill: bool) -> None:
    """Also after ``kill -9`` the next server at that address, whose ever it is, does not get to see it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    urls = [f"http://{address}", f"http://{address}".replace("127.0.0.1", "localhost")]
    CredentialStore().save(urls[0], "of another server that is there at times")
    with started("--data-dir", str(home / "data"), "--listen-addr", address) as (process, _):
        token = (home / "data" / OWNER_TOKEN).read_text()
        assert [token_for(url) for url in urls] == [token, token]
        if kill:
            process.kill()
        else:
            process.terminate()
        process.communicate(timeout=WITHIN)
    holders = [path for path in home.rglob("*") if token.encode() in read(path)]
    assert holders == [home / "data" / OWNER_TOKEN]
    assert [token_for(url) for url in urls] == ["of another server that is there at times", None]
    assert list(CredentialStore().own_servers.folder.iterdir()) == []


def test_another_configuration_is_another_user(home: Path, run: Run) -> None:
    config = ("--config-path", str(home / "other" / "cli.toml"))
    process = subprocess.Popen(
        [sys.executable, "-m", "stdbpy.cli", *config, "start", "--listen-addr", "127.0.0.1:0", "--in-memory"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        server = process.stdout.readline().removeprefix(LISTENING).strip()
        assert run(*config, "list", "--server", server).code == 0
        assert token_for(f"http://{server}") is None
        process.terminate()


def test_secrets_are_the_users_alone(home: Path) -> None:
    with started("--data-dir", str(home / "data")):
        secrets = [path for path in (home / "data").rglob("*") if b"eyJ" in read(path) or b"PRIVATE KEY" in read(path)]
        assert secrets
        secrets += CredentialStore().own_servers.folder.iterdir()
        assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


def read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def test_an_ipv6_address(home: Path, run: Run) -> None:
    with started("--in-memory", at="[::1]:0") as (process, address):
        assert address.startswith("[::1]:")
        assert token_for(f"http://{address}") is not None
        assert run("list", "--server", address).code == 0
        process.terminate()
        assert process.wait(WITHIN) == 0


def test_data_outlives_the_server(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    run("init", "game")
    monkeypatch.chdir(home / "game")
    for expected in ("created", "updated"):
        with started("--data-dir", str(home / "data")) as (process, address):
            done = run("publish", "--server", f"http://{address}", "--format", "text")
            assert done.out.startswith(f"{expected} database game"), done.err
            process.terminate()
            process.communicate(timeout=WITHIN)


def test_data_directory_in_use(home: Path, run: Run) -> None:
    with started("--data-dir", str(home / "data")):
        done = run("start", "--listen-addr", "127.0.0.1:0", "--data-dir", str(home / "data"))
    assert (done.code, done.out) == (1, "")
    assert str(home / "data") in done.err
    assert len(done.err.splitlines()) <= 2


def test_port_taken(home: Path, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        done = run("start", "--listen-addr", address, "--in-memory")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: another program listens at {address}")
    assert "--listen-addr" in done.err


@pytest.mark.parametrize("address", ["3000", "127.0.0.1:", "127.0.0.1:99999", "nowhere.invalid:0"])
def test_not_an_address(home: Path, run: Run, address: str) -> None:
    done = run("start", "--listen-addr", address, "--data-dir", str(home / "data"))
    assert done.code in (1, 2)
    assert done.out == ""
    assert address in done.err
    assert not (home / "data").exists() or not list((home / "data").iterdir())


def test_an_empty_address_is_not_the_usual_one(home: Path, run: Run) -> None:
    done = run("start", "--listen-addr", "", "--in-memory")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: '' is not an address to listen at")


def test_one_port_for_two_protocols(home: Path, run: Run) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = str(free.getsockname()[1])
    done = run("start", "--listen-addr", f"127.0.0.1:{port}", "--pg-port", port, "--in-memory")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"Error: port {port} cannot be both the server's own and that of PostgreSQL's protocol")


@pytest.mark.real
@pytest.mark.difference("the data directory of the other server")
def test_spacetimedb_takes_a_folder_of_ours(home: Path, run: Run) -> None:
    with RunningServer(ServerConfig(listen_addr="127.0.0.1:0", data_dir=home / "data")):
        pass
    with real_servers.running("2.8.3", keeping=home) as real:
        assert run("list", "--server", real.url).code == 0
    assert {"control.sqlite", "control-db"} <= {each.name for each in (home / "data").iterdir()}


@pytest.mark.real
@pytest.mark.difference("the data directory of the other server")
@pytest.mark.parametrize("kept", [(), ("--in-memory",)])
def test_a_folder_of_spacetimedb_itself(home: Path, run: Run, kept: tuple[str, ...]) -> None:
    data = home / "data"
    with real_servers.running("2.8.3", keeping=home):
        as_it_was = sorted(each.name for each in data.iterdir())
        while_it_runs = run("start", "--listen-addr", "127.0.0.1:0", "--data-dir", str(data), *kept)
    afterwards = run("start", "--listen-addr", "127.0.0.1:0", "--data-dir", str(data), *kept)
    assert while_it_runs == afterwards
    assert (afterwards.code, afterwards.out) == (1, "")
    assert afterwards.err.startswith(f"Error: {data} has the data of a SpacetimeDB itself")
    assert "--engine spacetimedb" in afterwards.err
    assert sorted(each.name for each in data.iterdir()) == as_it_was


def test_data_directory_that_cannot_be_made(home: Path, run: Run) -> None:
    (home / "file").write_text("")
    done = run("start", "--listen-addr", "127.0.0.1:0", "--data-dir", str(home / "file"))
    assert (done.code, done.out) == (1, "")
    assert str(home / "file") in done.err
    assert "stdbpy itself failed" not in done.err


def test_data_directory_of_a_newer_version(home: Path, run: Run) -> None:
    with started("--data-dir", str(home / "data")) as (process, _):
        process.terminate()
        process.communicate(timeout=WITHIN)
    with closing(sqlite3.connect(home / "data" / "control.sqlite")) as control:
        control.execute("PRAGMA user_version = 1000")
    done = run("start", "--listen-addr", "127.0.0.1:0", "--data-dir", str(home / "data"))
    assert (done.code, done.out) == (1, "")
    assert "newer stdbpy" in done.err
    assert "stdbpy itself failed" not in done.err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="everything is writable to root")
def test_configuration_that_cannot_be_written(home: Path, run: Run) -> None:
    (home / ".config").mkdir(mode=0o500)
    with started("--data-dir", str(home / "data")) as (process, _):
        process.terminate()
        _, err = process.communicate(timeout=WITHIN)
    assert process.returncode == 0
    assert "commands will not find the owner's token" in err


ENDLESS = b"""
import threading

from stdbpy import ReducerContext, reducer


@reducer
def spin(ctx: ReducerContext) -> None:
    ctx.log.info("spinning")
    while True:
        threading.Event().wait(0.01)
"""


def test_a_damaged_database_is_told_at_the_start_and_in_the_list(home: Path, run: Run) -> None:
    data = home / "data"
    config = ServerConfig(listen_addr="127.0.0.1:0", data_dir=data)
    with RunningServer(config) as server, ApiClient(server.url, server.owner_token) as api:
        for name in ("good", "bad"):
            api.publish(pack(ModuleSource({"endless.py": ENDLESS}, "endless", None)), name)
        identity = api.identity_of("bad").hex()
    [journal] = data.glob(f"databases/{identity}-*/journal.sqlite")
    journal.write_bytes(b"no journal")
    with started("--data-dir", str(data)) as (process, address):
        assert process.stderr is not None
        told = next(line for line in process.stderr if "bad" in line)
        listed = run("list", "--server", address)
    assert told.startswith("ERROR stdbpy.engine: Database bad cannot be opened: ")
    assert f"{journal} is damaged" in told
    assert "Restore it from a backup, publish with the data cleared, or " in told
    assert listed.code == 0
    assert {name for line in listed.out.splitlines() for name in json.loads(line)["names"]} == {"good", "bad"}
    assert listed.err.startswith(f"bad: Database {identity} cannot be opened: ")


@pytest.mark.parametrize("is_deleted", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_reducer_that_does_not_end_is_left_behind(home: Path, is_deleted: bool) -> None:
    """Also one that nobody can find any more, with a request that waits for it."""
    data = home / "data"
    with started("--data-dir", str(data)) as (process, address), ThreadPoolExecutor() as pool:
        api = ApiClient(f"http://{address}", (data / OWNER_TOKEN).read_text())
        with api:
            api.publish(pack(ModuleSource({"endless.py": ENDLESS}, "endless", None)), "endless")
            asked = [pool.submit(api.call, "endless", "spin")]
            while not any("spinning" in line.message for line in api.logs("endless", 1, follow=True)):
                pass
            if is_deleted:
                asked.append(pool.submit(api.delete, "endless"))
                with pytest.raises(NotFound):
                    while True:
                        api.info("endless")
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=WITHIN)
            assert all(request.exception(WITHIN) is not None for request in asked)
    assert process.returncode == 0
    assert err.endswith("stopped\n")
    assert ("left in the middle of reducer spin" in err) is not is_deleted
    assert "Traceback" not in err
