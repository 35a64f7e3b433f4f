"""``stdbpy list``, ``rename``, ``lock``, ``unlock``, ``delete``, and ``version``."""

from __future__ import annotations

import io
import json
import platform
import sys
from pathlib import Path

import pytest

from stdbpy import __version__
from stdbpy.api import ApiClient
from stdbpy.api.deletion import DatabaseTree, HasChildren
from stdbpy.errors import ApiError
from stdbpy.project.known_names import KnownNames
from stdbpy.sats import Identity
from stdbpy.server import RunningServer
from tests import real_servers
from tests.cli.conftest import Finished, Run
from tests.real_servers import RealServer


def listed(run: Run) -> dict[str, str]:
    """The identities of the databases that ``list`` shows, by name."""
    lines = [json.loads(line) for line in run("list").out.splitlines()]
    return {name: line["identity"] for line in lines for name in line["names"]}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def sit_down(monkeypatch: pytest.MonkeyPatch, typed: str) -> Terminal:
    """Makes stdin and stderr a terminal at which somebody has typed that; returns what is shown."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


# --- list ------------------------------------------------------------------------------------


def test_list(run: Run, chat: str, server: RunningServer, home: Path) -> None:
    identity = listed(run)[chat]
    assert f"{chat} | {identity}" in " ".join(run("list", "-y", "--format", "table").out.split())
    assert run("list", "-o", str(home / "mine.csv")).out == ""
    assert f'"[""{chat}""]",{identity}' in (home / "mine.csv").read_text().splitlines()
    assert chat in KnownNames().databases(server.url)


def test_nobody_has_none(run: Run, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with ApiClient(server.url) as api:
        monkeypatch.setenv("STDBPY_TOKEN", api.create_identity().token)
    done = run("list", "--server", server.url)
    assert done == Finished(0, "", "you have no databases there yet: `stdbpy publish` creates one\n")


def test_one_database_without_readable_names_does_not_hide_the_others(
    run: Run, chat: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = listed(run)[chat]
    names = ApiClient.names

    def broken(api: ApiClient, database: str) -> list[str]:
        if database == identity:
            raise ApiError("the server refused", status=400)
        return names(api, database)

    monkeypatch.setattr(ApiClient, "names", broken)
    done = run("list")
    assert done.code == 0
    assert {"names": [], "identity": identity} in map(json.loads, done.out.splitlines())


# --- rename ----------------------------------------------------------------------------------


def test_rename(run: Run, chat: str, server: RunningServer) -> None:
    identity = listed(run)[chat]
    assert run("rename", "--to", f"{chat}-2", identity) == Finished(0, "", f"{identity} is now called {chat}-2\n")
    assert listed(run)[f"{chat}-2"] == identity
    assert chat not in listed(run)
    assert run("rename", f"{chat}-2", "--to", chat, "-y").code == 0
    assert f"{chat}-2" not in KnownNames().databases(server.url)
    assert run("logs", chat).code == 0


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("{chat}",), 2, "Error: --to is missing\n"),
        (("--to", "other"), 2, "Error: DATABASE is missing\n"),
        (("{chat}", "--to", "Not A Name"), 1, "Error: 'Not A Name' cannot be the name of a database\n"),
        (("{chat}x", "--to", "other"), 1, "Error: there is no database '{chat}x' on this server\n"),
    ],
)
def test_wrong_names(run: Run, chat: str, words: tuple[str, ...], code: int, error: str) -> None:
    done = run("rename", *(word.format(chat=chat) for word in words))
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(error.format(chat=chat))


def test_a_name_that_is_taken(run: Run, chat: str) -> None:
    assert run("publish", f"{chat}-taken", "--no-config").code == 0
    done = run("rename", "--to", f"{chat}-taken", chat)
    assert (done.code, done.out) == (1, "")
    assert f"{chat}-taken" in done.err
    assert chat in listed(run)


# --- lock and delete -------------------------------------------------------------------------


def test_a_locked_database_stays(run: Run, chat: str) -> None:
    identity = listed(run)[chat]
    locked = run("lock")
    assert locked == Finished(0, "", f"{chat} ({identity}) is locked: `stdbpy unlock` lets it be deleted again\n")
    assert run("lock", chat, "--no-config").code == 0
    refused = run("delete", chat, "--yes")
    assert (refused.code, refused.out) == (1, "")
    assert f"the database {chat!r} is locked" in refused.err
    assert f"stdbpy unlock {chat}\n" in refused.err
    assert f"stdbpy unlock {identity}\n" in run("delete", identity, "--yes", "--no-config").err
    assert run("call", chat, "send_message", "it can still be used").code == 0
    assert run("lock", chat, "-y").code == 0
    assert run("unlock", "-q", chat, "--yes") == Finished(0, "", "")
    assert run("unlock") == Finished(0, "", f"{chat} ({identity}) is not locked\n")
    assert run("delete", "-y").code == 0


def test_only_the_owner_locks_and_deletes(
    run: Run, chat: str, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ApiClient(server.url) as api:
        monkeypatch.setenv("STDBPY_TOKEN", api.create_identity().token)
    for words in (("lock", chat), ("unlock", chat), ("rename", "--to", "mine", chat), ("delete", chat, "--yes")):
        done = run(*words)
        assert (done.code, done.out) == (1, ""), words
        assert done.err.startswith("Error: "), words


def test_delete(run: Run, chat: str, server: RunningServer) -> None:
    identity = listed(run)[chat]
    refused = run("delete", chat)
    question = f"Delete the database {chat} ({identity}) on {server.url} with all its data?"
    assert refused == Finished(2, "", f"Error: there is no terminal to ask on: {question}\nHint: --yes answers yes\n")
    assert run("delete", chat, "--yes") == Finished(0, "", f"deleted {chat} ({identity})\n")
    assert run("sql", chat, "SELECT * FROM user").err.startswith(f"Error: No such database: '{chat}' was deleted")
    assert chat not in KnownNames().databases(server.url)


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_asked_at_a_terminal(run: Run, chat: str, monkeypatch: pytest.MonkeyPatch, typed: str, code: int) -> None:
    identity = listed(run)[chat]
    with monkeypatch.context() as seated:
        shown = sit_down(seated, typed)
        done = run("delete", identity)
    assert (done.code, done.out) == (code, "")
    assert shown.getvalue().startswith(f"Delete the database {identity} on ")
    assert (chat in listed(run)) == (code != 0)


TREE = DatabaseTree(Identity.from_int(1), ("chat",), (DatabaseTree(Identity.from_int(2), ("room\x1b", "hall")),))


@pytest.mark.parametrize(("typed", "tokens"), [("y\ny\n", [None, "agreed"]), ("y\nn\n", [None]), ("n\n", [])])
def test_children_are_shown_before_they_are_deleted(
    run: Run, chat: str, monkeypatch: pytest.MonkeyPatch, typed: str, tokens: list[str | None]
) -> None:
    given: list[str | None] = []

    def delete(api: ApiClient, database: str, *, token: str | None = None, called: str | None = None) -> None:
        assert called == chat
        given.append(token)
        if token is None:
            raise HasChildren(database, TREE, "agreed")

    with monkeypatch.context() as seated:
        seated.setattr(ApiClient, "delete", delete)
        shown = sit_down(seated, typed)
        assert run("delete", chat).code == (0 if len(tokens) == 2 else 1)
    assert given == tokens
    if tokens:
        assert f"\nIts children are deleted with it:\n{1:064x}: chat\n  {2:064x}: room\\x1b, hall\n" in (
            "\n" + shown.getvalue().replace("[y/N] ", "\n")
        )
    monkeypatch.setattr(ApiClient, "delete", delete)
    given.clear()
    assert run("delete", chat, "--yes").code == 0
    assert given == [None, "agreed"]


@pytest.mark.real
@pytest.mark.parametrize("kind", ["real_server", "old_real_server"])
def test_on_a_real_server(
    run: Run, request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    server: RealServer = request.getfixturevalue(kind)
    monkeypatch.setenv("STDBPY_SERVER", server.url)
    (home / "chat.wasm").write_bytes(real_servers.wasm("quickstart_chat-1.2.0"))
    assert run("publish", "cli-owned", "-b", str(home / "chat.wasm"), "--yes").code == 0
    identity = listed(run)["cli-owned"]
    assert run("rename", "--to", "cli-owned-2", identity).code == 0
    assert listed(run)["cli-owned-2"] == identity
    assert run("logs", "cli-owned").code == 1
    locked = run("lock", "cli-owned-2")
    if server.version.startswith("1."):
        assert locked.err == (
            "Error: this server's version, 1.2.0, does not lock databases\nHint: Newer versions of SpacetimeDB do.\n"
        )
    else:
        assert locked.code == 0
        assert "is locked" in run("delete", "cli-owned-2", "--yes").err
        assert run("unlock", "cli-owned-2").code == 0
    assert run("delete", "cli-owned-2", "--yes").code == 0
    assert "cli-owned-2" not in listed(run)


# --- version ---------------------------------------------------------------------------------


def test_version(run: Run, server: RunningServer, home: Path) -> None:
    lines = [json.loads(line) for line in run("version").out.splitlines()]
    assert lines == [
        {"program": "stdbpy", "version": __version__},
        {"program": "python", "version": platform.python_version()},
    ]
    answer = json.loads(run("version", "--server", server.url).out)
    assert answer == {"program": "SpacetimeDB as the embedded server of stdbpy has it", "version": "2.8.3"}
    assert json.loads(run("version", "list").out) == {"version": __version__, "current": True}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("install", "2.8.3"), "Error: stdbpy version has no install: stdbpy is a Python package"),
        (("use", "latest"), "Error: stdbpy version has no use: "),
        (("upgrade",), "Error: stdbpy version has no upgrade: "),
        (("uninstall", "2.8.3"), "Error: stdbpy version has no uninstall: "),
        (("list", "--all"), "Error: stdbpy version list has no --all: "),
    ],
)
def test_other_versions_are_no_business_of_ours(run: Run, words: tuple[str, ...], error: str) -> None:
    done = run("version", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(error)
    assert "\nHint: pip " in done.err
