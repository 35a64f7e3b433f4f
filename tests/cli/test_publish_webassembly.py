"""Python projects on SpacetimeDB itself: built when they are published, and what is told when that fails."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import UnexpectedAnswer
from stdbpy.server import RunningServer
from tests import real_servers
from tests.cli.conftest import Run
from tests.cli.cutting import cutting_proxy
from tests.real_servers import RealServer

pytestmark = [pytest.mark.usefixtures("wasm_cache"), pytest.mark.timeout(600)]
"""A server takes its time to compile what has Python in it."""


@pytest.fixture
def chat_for(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The project from the template `chat`, for a database with a name of its own."""
    name = f"wasm-{project.parents[1].name.replace('_', '-')}".lower()
    for file in (project / "pyproject.toml", project / "client.py"):
        text = re.sub(r'^(database|DATABASE) = "chat"$', rf'\1 = "{name}"', file.read_text(), flags=re.MULTILINE)
        file.write_text(text)
    return name


@pytest.mark.real
def test_main_job(
    run: Run, chat_for: str, project: Path, real_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STDBPY_SERVER", real_server.url)
    done = run("publish", "--format", "text")
    assert done.code == 0, done.err
    assert done.out.startswith(f"created database {chat_for}, identity: c200")
    assert f"building WebAssembly of chat for {real_server.url}, which is SpacetimeDB 2.8.3\n" in done.err
    assert " MB are built; to compile what is new to it takes a server 10 seconds or more\n" in done.err

    assert run("call", chat_for, "set_name", "Ada").code == 0
    official = real_servers.program("spacetimedb-cli-2.8.3")
    words = [official, "--config-path", "cli.toml", "call", "--anonymous", "-s", real_server.url]
    subprocess.run([*words, chat_for, "send_message", '"Hello!"'], check=True, capture_output=True, timeout=60)
    assert run("sql", chat_for, "SELECT text FROM message").out == '{"text":"Hello!"}\n'
    refused = run("call", chat_for, "set_name", "")
    assert (refused.code, refused.err) == (1, "Error: A name must not be empty.\n"), refused
    log = [json.loads(line) for line in run("logs", chat_for).out.splitlines()]
    said = ("chat/module.py", "Somebody new is now called Ada.")
    assert said in [(line.get("filename"), line["message"]) for line in log]

    assert run("generate").code == 0
    client = [sys.executable, "client.py", "From a client"]
    spoken = subprocess.run(client, capture_output=True, text=True, timeout=60)
    assert (spoken.returncode, "From a client" in spoken.stdout) == (0, True), spoken

    module = project / "chat" / "module.py"
    module.write_text(f"{module.read_text()}\n\n@table(public=True)\nclass Room:\n    name: str\n")
    updated = run("publish")
    assert updated.code == 0, updated.err
    assert "+ Add table room" in updated.err
    assert run("sql", chat_for, "SELECT COUNT(*) AS n FROM message").out == '{"n":2}\n'


@pytest.mark.real
def test_nothing_is_built_for_a_name_that_somebody_else_has(
    run: Run, chat_for: str, project: Path, real_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STDBPY_SERVER", real_server.url)
    with ApiClient(real_server.url) as anybody:
        owner = anybody.create_identity()
    with ApiClient(real_server.url, owner.token) as other:
        other.publish(real_servers.wasm("sdk_test_view-2.8.3"), chat_for)

    refused = run("publish")
    assert (refused.code, refused.out) == (1, "")
    assert (
        f"Error: {chat_for} on {real_server.url} belongs to another identity, {owner.identity.hex()}\n" in refused.err
    )
    assert "Hint: Choose another name" in refused.err
    assert "building WebAssembly" not in refused.err

    monkeypatch.setenv("STDBPY_TOKEN", owner.token)
    assert "building WebAssembly" in run("publish", "--dry-run").err


@pytest.mark.real
def test_what_an_old_server_does_not_have(
    run: Run, project: Path, old_real_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STDBPY_SERVER", old_real_server.url)
    refused = run("publish")
    assert (refused.code, refused.out) == (1, "")
    assert "which is SpacetimeDB 1.2.0\n" in refused.err
    assert "cannot be built for the ABI 10.0: the HTTP handler 'as_text' needs 10.5\n" in refused.err


@pytest.mark.real
@pytest.mark.long
def test_somebody_who_insists_is_told_by_the_old_server(
    run: Run, project: Path, old_real_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STDBPY_SERVER", old_real_server.url)
    insisted = run("publish", "--abi", "10.5")
    assert (insisted.code, insisted.out) == (1, "")
    assert "the program needs a newer server: one whose interface to modules is 10.5, not 10.0\n" in insisted.err
    assert "SpacetimeDB 2.8 takes it. --abi 10.0 builds a Python project for this one" in insisted.err


@pytest.mark.real
@pytest.mark.long
def test_an_old_server(run: Run, home: Path, old_real_server: RealServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDBPY_SERVER", old_real_server.url)
    assert run("init", "wasm-people", "--project-path", str(home / "people")).code == 0
    monkeypatch.chdir(home / "people")
    done = run("publish")
    assert done.code == 0, done.err
    assert run("call", "wasm-people", "add", "Lin").code == 0
    assert run("sql", "wasm-people", "SELECT name FROM person WHERE name = 'Lin'").out == '{"name":"Lin"}\n'


def test_the_file_is_a_module_like_any_other(run: Run, project: Path, home: Path, server: RunningServer) -> None:
    """For clients of it, and for the embedded server."""
    assert run("build").code == 0
    assert run("generate", "--out-dir", "from_project").code == 0
    assert run("generate", "--bin-path", "dist/chat.wasm", "--out-dir", "from_file").code == 0
    files = sorted(path.name for path in Path("from_project").iterdir())
    assert [Path("from_file", name).read_bytes() for name in files] == [
        Path("from_project", name).read_bytes() for name in files
    ]

    here = ("--no-config", "--server", server.url)
    assert run("publish", "wasm-chat", "--bin-path", "dist/chat.wasm", *here).code == 0
    assert run("call", "wasm-chat", "send_message", "Hello!", *here).code == 0
    assert run("sql", "wasm-chat", "SELECT text FROM message", *here).out == '{"text":"Hello!"}\n'

    again = run("publish", "wasm-chat", "--abi", "10.5", *here)
    assert again.code == 0, again.err
    assert "MB are built" in again.err
    assert "MB are built" not in run("publish", "chat-as-it-is", *here).err


@pytest.mark.long
def test_the_file_describes_itself_as_the_project(run: Run, project: Path) -> None:
    assert run("build").code == 0
    assert run("describe", "--module", "dist/chat.wasm").out == run("describe", "--module", ".").out


def test_a_level_is_for_what_is_built(run: Run, chat_project: str) -> None:
    Path("module.wasm").write_bytes(b"\0asm\1\0\0\0")
    done = run("publish", "--bin-path", "module.wasm", "--abi", "10.5")
    assert (done.code, done.out) == (2, "")
    assert "--abi is for Python projects" in done.err
    assert run("publish", "--abi", "9").code == 2


def test_a_publish_that_is_cut_off(run: Run, chat: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def publish(api: ApiClient, *_: object, **__: object) -> None:
        raise UnexpectedAnswer(f"{api.url} ended the connection before its answer was whole", hint="Look.")

    monkeypatch.setattr(ApiClient, "publish", publish)
    done = run("publish")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith(f"Hint: Publish again: {chat} has the module that was sent, or is as it was. Look.\n")


@pytest.mark.real
@pytest.mark.long
def test_an_upload_to_spacetimedb_that_is_cut_off(
    run: Run, chat_for: str, project: Path, real_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database has what it had, the rows as well; to publish again is all that is needed."""
    with cutting_proxy(real_server.url) as proxy:
        monkeypatch.setenv("STDBPY_SERVER", proxy.url)
        proxy.cuts = f"PUT /v1/database/{chat_for}".encode()
        cut = run("publish")
        assert (cut.code, cut.out) == (1, ""), cut.err
        assert proxy.was_cut
        assert f"Publish again: {chat_for} has the module that was sent, or is as it was." in cut.err
        assert "there is no database" in run("sql", chat_for, "SELECT * FROM message").err

        proxy.cuts = None
        assert run("publish").code == 0
        assert run("call", chat_for, "send_message", "Hello!").code == 0

        module = project / "chat" / "module.py"
        module.write_text(f"{module.read_text()}\n\n@table(public=True)\nclass Room:\n    name: str\n")
        for beginning in ("PUT", "POST"):  # the update itself, and the question what it will do
            proxy.cuts = f"{beginning} /v1/database/{chat_for}".encode()
            cut = run("publish")
            assert cut.code == 1
            assert run("sql", chat_for, "SELECT text FROM message").out == '{"text":"Hello!"}\n'
            assert run("sql", chat_for, "SELECT * FROM room").code == 1

        proxy.cuts = None
        assert run("publish").code == 0
        assert run("sql", chat_for, "SELECT text FROM message").out == '{"text":"Hello!"}\n'
        assert run("sql", chat_for, "SELECT * FROM room").code == 0
