"""The official program and stdbpy take turns on the same files: what one writes the other reads, and keeps."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from stdbpy.project import cli_toml
from stdbpy.project.cli_toml import Server
from stdbpy.project.cli_toml_edit import (
    add_server,
    edit_server,
    forget_tokens,
    remove_server,
    set_default_server,
    set_token,
)
from stdbpy.project.spacetime_json_edit import create_spacetime_json, remember_locally
from stdbpy.project.targets import load_targets
from tests.project.conftest import MakeTree
from tests.real_servers import RealServer, program, wasm

pytestmark = pytest.mark.real

NOTES = "# mine\n"
TOKEN = (
    "eyJhbGciOiJub25lIn0."
    "eyJoZXhfaWRlbnRpdHkiOiJjMjAwMGI2MTU4MTIyOWQ3MDQwODlhMzk4YmY1ZDcyYTA2YTc1ZTk2M2MyNzljMjY1YzgzNTJhZDAwODUxZWEyIiwic3ViIjoieCIsImlzcyI6ImxvY2FsaG9zdCIsImF1ZCI6WyJ4Il0sImlhdCI6MX0."
    "c2ln"
)


class Official:
    """The official program, working in ``folder`` with a ``cli.toml`` of its own there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "cli.toml"

    def __call__(self, *words: str, succeeds: bool = True) -> str:
        command = [str(program("spacetimedb-cli-2.8.3")), "--config-path", str(self.config), *words]
        done = subprocess.run(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def official(tmp_path: Path) -> Official:
    folder = tmp_path / "work"
    folder.mkdir()
    return Official(folder)


def nicknames(path: Path) -> list[str | None]:
    return [server.nickname for server in cli_toml.read(path).servers]


def test_servers_by_turns(official: Official) -> None:
    official("server", "list")
    path = official.config
    path.write_text(NOTES + path.read_text() + "[later]\nx = 1 # theirs\n")

    add_server(path, Server("http://10.0.0.5:80", "lab", "-----PEM-----\n"), default=True)
    assert "10.0.0.5:80" in official("server", "list")
    official("server", "add", "--url", "http://10.0.0.6:80", "other", "--no-fingerprint")
    assert nicknames(path) == ["maincloud", "local", "lab", "other"]
    official("server", "edit", "lab", "--new-name", "den", "--no-fingerprint", "--yes")
    assert cli_toml.read(path).default_server == "den"
    edit_server(path, "other", Server("https://other.example", "another"))
    set_default_server(path, "another")
    listed = official("server", "list").split()
    assert listed[listed.index("***") + 1 :][:3] == ["other.example", "https", "another"]
    official("server", "remove", "den")
    remove_server(path, "another")

    assert nicknames(path) == ["maincloud", "local"]
    assert cli_toml.read(path).default_server is None
    assert "No default server" in official("list", succeeds=False)
    text = path.read_text()
    assert text.startswith(NOTES)
    assert text.endswith("[later]\nx = 1 # theirs\n")


def test_a_login_by_turns(official: Official) -> None:
    path = official.config

    set_token(path, TOKEN, web_session_token="session")
    identity = "c2000b61581229d704089a398bf5d72a06a75e963c279c265c8352ad00851ea2"
    assert identity in official("login", "show")
    assert "127.0.0.1:3000" in official("server", "list")
    official("logout", "--auth-host", "http://127.0.0.1:9")
    assert cli_toml.read(path).token is None
    assert cli_toml.read(path).web_session_token is None
    official("login", "--token", TOKEN)
    assert cli_toml.read(path).token == TOKEN
    forget_tokens(path)
    assert "You are not logged in." in official("logout")


def test_a_fingerprint_is_the_same_for_both(official: Official, real_server: RealServer) -> None:
    path = official.config

    official("server", "add", "--url", real_server.url, "real")
    theirs = cli_toml.read(path).servers[-1]
    assert theirs.fingerprint is not None
    assert theirs.fingerprint.startswith("-----BEGIN PUBLIC KEY-----\n")
    edit_server(path, "real", Server(theirs.url, "real"))
    edit_server(path, "real", Server(theirs.url, "real", theirs.fingerprint))

    assert "unchanged" in official("server", "fingerprint", "real", "--yes")


def test_a_project_by_turns(official: Official, real_server: RealServer, tree: MakeTree) -> None:
    """The official program publishes what stdbpy wrote down, and stdbpy reads it as that program does."""
    add_server(official.config, Server(real_server.url, "here"))
    root = tree({"module.wasm": ""})
    (root / "module.wasm").write_bytes(wasm("quickstart_chat-1.2.0"))
    create_spacetime_json(root, server="here", module_path=root)
    remember_locally(root, "wasm-file", "module.wasm")
    remember_locally(root, "database", "by-turns-local")
    (root / "spacetime.dev.json").write_text(
        "// a layer\n{database: 'by-turns-dev', 'children': [{database: 'by-turns-child'}]}"
    )
    official.folder = root

    plain = official("publish", "--yes")
    dev = official("publish", "--yes", "--env", "dev")

    for env, output in ((None, plain), ("dev", dev)):
        found = load_targets(root, env)
        assert found is not None
        published = [line.split("name: ")[1].split(",")[0] for line in output.splitlines() if "with name: " in line]
        assert published == [target.database for target in found.targets]
        used = [line.split("from ")[1] for line in output.splitlines() if line.startswith("Using configuration")]
        assert used == [str(path) for path in found.files]
        assert {target.bin_path for target in found.targets} == {root / "module.wasm"}
    assert json.loads((root / "spacetime.json").read_text()) == {"server": "here", "module-path": "."}


def test_client_code_is_for_the_same_module(official: Official, tree: MakeTree) -> None:
    root = tree({"spacetime.json": '{"database": "a", "generate": [{"language": "rust", "out-dir": "out"}]}'})
    (root / "module.wasm").write_bytes(wasm("quickstart_chat-1.2.0"))
    remember_locally(root, "generate", [{"language": "typescript", "out-dir": "web", "wasm-file": "module.wasm"}])
    official.folder = root

    official("generate", "--yes")

    found = load_targets(root)
    assert found is not None
    (generate,) = found.targets[0].generate
    assert (generate.language, generate.bin_path) == ("typescript", root / "module.wasm")
    assert generate.out_dir is not None
    assert (generate.out_dir / "index.ts").is_file()


def test_what_the_official_program_refuses_in_a_project(official: Official, tree: MakeTree) -> None:
    """Why Python's own words are in ``pyproject.toml``, and why ``bin-path`` is written ``wasm-file``."""
    official.folder = tree({"spacetime.json": "", "module.wasm": ""})
    refused = {
        '{"database": "a", "module": "b"}': "'module' is not supported",
        '{"database": "a", "bin-path": "module.wasm"}': "'bin_path' is not supported",
    }
    for text, message in refused.items():
        (official.folder / "spacetime.json").write_text(text)
        assert message in official("publish", "--yes", succeeds=False)
    (official.folder / "spacetime.json").write_text(
        '{"database": "a", "generate": [{"language": "python", "out-dir": "b", "wasm-file": "module.wasm"}]}'
    )
    assert "python" in official("generate", "--yes", succeeds=False)
