"""SpacetimeDB's own program with the embedded server: its commands work as with its own server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.module.package import pack, source_of_folder
from stdbpy.server import RunningServer
from tests import real_servers
from tests.contract.conftest import MODULES
from tests.contract.programs import PERSON, package
from tests.contract.test_plans import DOG, WITH_LEVEL

pytestmark = pytest.mark.real

Spacetime = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server():
    with RunningServer() as running:
        with ApiClient(running.url, running.owner_token) as api:
            api.publish(pack(source_of_folder(MODULES / "quickstart_chat")), "chat")
        yield running


@pytest.fixture
def spacetime(server: RunningServer, tmp_path: Path) -> Spacetime:
    """Runs a command of the program as the server's owner, in a home of its own."""
    program = real_servers.program("spacetimedb-cli-2.8.3")
    config = tmp_path / "cli.toml"
    config.write_text(f'spacetimedb_token = "{server.owner_token}"\n')

    def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, "--config-path", config, command, "--server", server.url, *arguments],
            env={**os.environ, "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_its_commands(server: RunningServer, spacetime: Spacetime):
    assert spacetime("call", "chat", "set_name", '"Ada"').returncode == 0
    assert '(some = "Ada")' in spacetime("sql", "chat", "SELECT * FROM user").stdout
    assert "Table `user` created" in spacetime("logs", "chat").stdout
    described = json.loads(spacetime("describe", "--json", "chat", "reducer", "set_name").stdout)
    assert described["source_name"] == "set_name"
    assert "chat" in spacetime("list").stdout
    with ApiClient(server.url, server.owner_token) as api:
        identity = api.identity_of("chat").hex()
    assert spacetime("rename", "--to", "chat-two", identity).returncode == 0
    assert "chat-two" in spacetime("list").stdout
    assert spacetime("delete", "chat-two", "--yes").returncode == 0
    assert "chat-two" not in spacetime("list").stdout


def test_its_subscriptions(server: RunningServer, tmp_path: Path):
    program = real_servers.program("spacetimedb-cli-2.8.3")
    options = ["--anonymous", "--print-initial-update", "-n", "2", "-t", "30"]
    queries = ["SELECT * FROM message", "SELECT * FROM user WHERE online = true"]
    command = [program, "--config-path", tmp_path / "cli.toml", "subscribe", "--server", server.url, *options]
    with subprocess.Popen(
        [*command, "chat", *queries],
        env={**os.environ, "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as subscribing:
        assert subscribing.stdout is not None
        lines = (line for line in subscribing.stdout if line.startswith("{"))
        assert [user["name"] for user in json.loads(next(lines))["user"]["inserts"]] == [{"none": {}}]
        with ApiClient(server.url, server.owner_token) as api:
            api.call("chat", "send_message", ["hello"])
        assert list(json.loads(next(lines))) == ["user"], "who calls is online for a moment"
        assert [row["text"] for row in json.loads(next(lines))["message"]["inserts"]] == ["hello"]
        assert subscribing.wait(60) == 0


def test_locks(spacetime: Spacetime):
    assert spacetime("lock", "chat").returncode == 0
    refused = spacetime("delete", "chat", "--yes")
    assert refused.returncode == 1
    assert "403 Forbidden" in refused.stderr
    assert spacetime("unlock", "chat").returncode == 0
    assert spacetime("delete", "chat", "--yes").returncode == 0


class TestPublishing:
    """The program sends whatever file it is told is a module."""

    @pytest.fixture
    def publish(self, spacetime: Spacetime, tmp_path: Path) -> Spacetime:
        def run(source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
            module = tmp_path / "module"
            module.write_bytes(package(source))
            return spacetime("publish", "--no-config", "--bin-path", str(module), *arguments)

        return run

    def test_updates(self, publish: Spacetime):
        assert "Created new database with name: people" in publish(PERSON, "people").stdout
        updated = publish(PERSON + DOG, "people")
        assert updated.returncode == 0, updated.stderr
        assert "+ table dog" in updated.stdout

    def test_updates_that_break_clients(self, publish: Spacetime):
        publish(PERSON, "people")
        asked = publish(WITH_LEVEL, "people")
        assert asked.returncode == 1
        assert "level: u8 = 7" in asked.stdout
        assert "BREAK existing clients" in asked.stdout
        assert publish(WITH_LEVEL, "people", "--break-clients").returncode == 0

    def test_updates_that_the_data_does_not_fit(self, publish: Spacetime):
        publish(WITH_LEVEL, "people")
        refused = publish(PERSON, "people")
        assert refused.returncode == 1
        assert "table person, column level" in refused.stdout
        assert publish(PERSON, "people", "--delete-data=on-conflict", "--yes=delete-data").returncode == 0

    def test_clearing_what_is_locked(self, publish: Spacetime, spacetime: Spacetime):
        publish(PERSON, "people")
        spacetime("lock", "people")
        refused = publish(PERSON, "people", "--delete-data=always", "--yes")
        assert refused.returncode == 1
        assert "Database is locked" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("call", "chat", "set_nam", '"x"'), "set_name"),
        (("call", "chat", "set_name", '""'), "Names must not be empty"),
        (("sql", "chat", "SELECT * FROM usr"), "usr"),
        (("logs", "nothing"), "nothing"),
    ],
)
def test_its_failures(spacetime: Spacetime, arguments: tuple[str, ...], words: str):
    ended = spacetime(*arguments)
    assert ended.returncode == 1
    assert words in ended.stderr


def test_it_publishes_webassembly(spacetime: Spacetime, tmp_path: Path):
    module = tmp_path / "module.wasm"
    module.write_bytes(real_servers.wasm("quickstart_chat-1.2.0"))
    ended = spacetime("publish", "--bin-path", str(module), "--yes", "other")
    assert ended.returncode == 0, ended.stderr
    assert spacetime("call", "other", "send_message", '"hello"').returncode == 0
    assert "hello" in spacetime("sql", "other", "SELECT text FROM message").stdout
