"""``server list``, ``add``, ``edit`` and the others below ``server``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stdbpy.project import cli_toml
from stdbpy.server import RunningServer, ServerConfig
from tests.cli.conftest import Run
from tests.cli.stub_server import answering, http

PEM = "-----BEGIN PUBLIC KEY-----\nMFk\n-----END PUBLIC KEY-----\n"
KEY = http(200, PEM.encode())


@pytest.fixture
def config(home: Path) -> Path:
    return home / ".config/spacetime/cli.toml"


@pytest.fixture
def text(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDBPY_FORMAT", "table")


def nicknames(run: Run) -> dict[str, bool]:
    return {record["nickname"]: record["default"] for record in map(json.loads, run("server", "list").out.splitlines())}


def test_the_list_as_the_official_program_writes_it(run: Run, text: None, config: Path) -> None:
    run("server", "add", "staging", "--url", "https://stdb.example.com/", "--no-fingerprint", "--default")

    assert run("server", "list").out.splitlines() == [
        " DEFAULT  HOSTNAME                   PROTOCOL  NICKNAME  ",
        "          127.0.0.1:3000             http      local     ",
        "          maincloud.spacetimedb.com  https     maincloud ",
        "     ***  stdb.example.com           https     staging   ",
    ]


def test_the_list_for_programs(run: Run) -> None:
    done = run("server", "list", "--format", "json")

    assert json.loads(done.out)[0] == {
        "nickname": "local",
        "host": "127.0.0.1:3000",
        "protocol": "http",
        "url": "http://127.0.0.1:3000",
        "default": True,
    }


def test_looking_writes_nothing(run: Run, config: Path) -> None:
    run("server", "list")
    assert not config.exists()


def test_adding(run: Run, config: Path, server: RunningServer) -> None:
    done = run("server", "add", "mine", "--url", server.url)

    record = json.loads(done.out)
    assert record["fingerprint"].startswith("-----BEGIN PUBLIC KEY-----\n")
    assert cli_toml.read(config).servers[-1].fingerprint == record["fingerprint"]
    assert nicknames(run) == {"local": True, "maincloud": False, "mine": False}
    assert run("server", "ping", "mine").code == 0


def test_what_adding_says(run: Run, text: None, server: RunningServer) -> None:
    done = run("server", "add", "mine", "--url", server.url)

    host = server.url.removeprefix("http://")
    assert re.fullmatch(
        rf"Fingerprint of {server.url}:\n-----BEGIN PUBLIC KEY-----\n(.+\n)+Host: {host}\nProtocol: http\n", done.out
    )


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["local", "--url", "http://x.example"], "has a server 'local' already", "Choose another name"),
        (["new", "--url", "http://127.0.0.1:3000"], "it is called 'local'", "server edit local --new-name"),
        (["new", "--url", "x.example"], "'x.example' is not the address of a server", "http://127.0.0.1:3000"),
    ],
)
def test_what_cannot_be_added(run: Run, config: Path, words: list[str], message: str, hint: str) -> None:
    done = run("server", "add", *words, "--no-fingerprint")

    assert (done.code, done.out) == (1, "")
    assert message in done.err
    assert hint in done.err
    assert not config.exists()


def test_a_server_that_does_not_answer_is_not_added_by_mistake(run: Run, config: Path) -> None:
    done = run("server", "add", "mine", "--url", "http://127.0.0.1:1")

    assert done.code == 1
    assert "--no-fingerprint does without its fingerprint." in done.err
    assert not config.exists()


def test_the_default(run: Run) -> None:
    done = run("server", "set-default", "maincloud")

    assert (done.code, done.out, done.err) == (0, "", "maincloud is the default server now\n")
    assert nicknames(run) == {"local": False, "maincloud": True}
    assert "Did you mean 'maincloud'?" in run("server", "set-default", "maincluod").err


def test_removing(run: Run) -> None:
    run("server", "set-default", "maincloud")

    assert run("server", "remove", "maincloud", "--yes").code == 0
    assert nicknames(run) == {"local": True}
    assert run("server", "remove", "maincloud").code == 1


def test_editing(run: Run, text: None) -> None:
    url = "https://edited.example.com"
    done = run("server", "edit", "maincloud", "--url", url, "--new-name", "edited", "--no-fingerprint", "--yes")

    assert done.out.splitlines() == [
        "Changed nickname from maincloud to edited",
        "Changed host from maincloud.spacetimedb.com to edited.example.com",
    ]
    assert re.search(r"(?m)^\s*edited\.example\.com\s+https\s+edited\s*$", run("server", "list").out)


def test_editing_asks_before(run: Run, config: Path) -> None:
    done = run("server", "edit", "local", "--new-name", "home")

    assert done.code == 2
    assert "Change nickname from local to home?" in done.err
    assert "--yes answers yes" in done.err
    assert not config.exists()
    assert run("server", "edit", "local").code == 2
    assert run("server", "edit", "local", "--new-name", "local").code == 0
    assert run("server", "edit", "local", "--new-name", "maincloud", "--yes").code == 1


def test_another_address_has_another_fingerprint(run: Run, config: Path) -> None:
    with answering(KEY) as url:
        assert run("server", "edit", "local", "--url", url, "--yes").code == 0
    assert cli_toml.read(config).servers[0].fingerprint == PEM

    run("server", "edit", "local", "--url", "http://127.0.0.1:1", "--no-fingerprint", "--yes")
    assert cli_toml.read(config).servers[0].fingerprint is None


def test_fingerprints(run: Run, config: Path) -> None:
    def change(*words: str) -> tuple[int, str]:
        done = run("server", "fingerprint", "mine", *words)
        record = json.loads(done.out)
        assert record["server"] == "mine"
        assert record["fingerprint"] == (other if "MFl" in record["fingerprint"] else PEM)
        return done.code, record["change"]

    other = PEM.replace("MFk", "MFl")
    with answering(KEY) as url:
        run("server", "add", "mine", "--url", url, "--no-fingerprint")
        assert change() == (0, "new")
        assert change() == (0, "unchanged")
    with answering(http(200, other.encode())) as url:
        run("server", "edit", "mine", "--url", url, "--no-fingerprint", "--yes")
        text = config.read_text()
        config.write_text(text + f'ecdsa_public_key = """{PEM}"""\n')
        assert change() == (2, "changed")
        assert cli_toml.read(config).servers[-1].fingerprint == PEM
        assert change("--yes") == (0, "changed")
        assert cli_toml.read(config).servers[-1].fingerprint == other


def test_the_fingerprint_of_a_server_without_a_name_is_only_shown(run: Run, config: Path, text: None) -> None:
    with answering(KEY) as url:
        done = run("server", "fingerprint", url)

    assert done.code == 0
    assert "which has no name here to keep it under" in done.out
    assert not config.exists()


def test_ping(run: Run, text: None, server: RunningServer) -> None:
    assert run("server", "ping", server.url).out == f"Server is online: {server.url}\n"
    with answering(http(200, b"hello")) as url:
        done = run("server", "ping", url)
    assert done.code == 1
    assert "is no SpacetimeDB: hello" in done.err


def test_clearing(run: Run, home: Path) -> None:
    folder = home / ".local/share/stdbpy/data"
    assert run("server", "clear").err == f"there are no databases in {folder}\n"
    with RunningServer(ServerConfig(listen_addr="127.0.0.1:0", data_dir=folder)):
        in_use = run("server", "clear", "--yes")
    assert in_use.code == 1
    assert "a server runs on the data in" in in_use.err
    asked = run("server", "clear")
    assert asked.code == 2
    assert f"Delete all databases in {folder}?" in asked.err
    assert (folder / "control.sqlite").exists()

    done = run("server", "clear", "--yes")

    assert (done.code, done.err) == (0, f"all databases in {folder} are deleted\n")
    assert not (folder / "control.sqlite").exists()
    assert run("server", "clear", "--data-dir", str(home)).code == 1


def test_another_root(run: Run, home: Path, config: Path) -> None:
    root = home / "root"
    run("--root-dir", str(root), "server", "set-default", "maincloud")

    assert cli_toml.read(root / "config" / "cli.toml").default_server == "maincloud"
    assert not config.exists()
    assert str(root / "stdbpy" / "data") in run("server", "clear", "--root-dir", str(root)).err
