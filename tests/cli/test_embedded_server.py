"""The main job on the embedded server, command by command."""

from __future__ import annotations

import json
import re

import pytest

from stdbpy.api import ApiClient
from stdbpy.project.credentials import CredentialStore
from stdbpy.server import RunningServer
from tests.cli.conftest import Run


def test_main_job(run: Run, chat: str) -> None:
    for call in (("set_name", "Ada"), ("send_message", "Hello, “world”!"), ("send_message", '"quoted"')):
        done = run("call", chat, *call)
        assert (done.code, done.out, done.err) == (0, "", "")
    rows = run("sql", chat, "SELECT id, text FROM message")
    assert [json.loads(line) for line in rows.out.splitlines()] == [
        {"id": 1, "text": "Hello, “world”!"},
        {"id": 2, "text": "quoted"},
    ]
    assert run("sql", chat, "SELECT text FROM message WHERE id = 2", "--format", "csv").out == "text\nquoted\n"
    assert run("sql", chat, "SELECT text FROM message WHERE id = 2", "--format", "table").out == (
        ' text\n----------\n "quoted"\n'
    )
    raw = json.loads(run("sql", chat, "SELECT text FROM message WHERE id = 2", "--format", "json").out)
    assert raw[0]["rows"] == [["quoted"]]
    logged = [json.loads(line) for line in run("logs", chat, "-n", "2").out.splitlines()]
    assert [record["message"] for record in logged] == ["Ada says: Hello, “world”!", "Ada says: quoted"]
    assert run("generate", chat).err == "module_bindings: 11 files written\n"
    assert {"names": [chat], "identity": identity_of(run, chat)} in map(json.loads, run("list").out.splitlines())


def identity_of(run: Run, database: str) -> str:
    found = (json.loads(line) for line in run("list").out.splitlines())
    return next(entry["identity"] for entry in found if database in entry["names"])


def test_a_refusal_of_the_module(run: Run, chat: str) -> None:
    done = run("call", chat, "set_name", "  ")
    assert (done.code, done.out, done.err) == (1, "", "Error: A name must not be empty.\n")
    assert run("sql", chat, "SELECT name FROM user").out == '{"name":null}\n'


def test_data_changes_are_told_on_stderr(run: Run, chat: str) -> None:
    run("call", chat, "send_message", "one")
    run("call", chat, "send_message", "two")
    done = run("sql", chat, "DELETE FROM message")
    assert (done.code, done.out, done.err) == (0, "", "2 rows deleted\n")
    assert run("sql", chat, "DELETE FROM message").err == "no row changed\n"


def test_somebody_elses_database(run: Run, chat: str, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with ApiClient(server.url) as api:
        monkeypatch.setenv("STDBPY_TOKEN", api.create_identity().token)
    for arguments in (("publish",), ("delete", chat, "--yes"), ("logs", chat), ("sql", chat, "DELETE FROM message")):
        done = run(*arguments)
        assert (done.code, done.out) == (1, ""), arguments
        assert done.err.startswith("Error: ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("publish", "Not A Name"), 1, "Hint: A name has lower-case letters"),
        (("publish", "Game"), 1, "Hint: Perhaps 'game'"),
        (("publish", "x" * 64), 1, "63 at most"),
        (("publish", "--bin-path", "pyproject.toml"), 1, "is not WebAssembly"),
        (("publish", "--bin-path", "missing.wasm"), 1, "missing.wasm cannot be read: No such file or directory"),
        (("publish", "--bin-path", "x.wasm", "--module-path", "."), 2, "exclude one another"),
        (("call", "{chat}", "send_messag"), 1, "Did you mean 'send_message'?"),
        (("call", "{chat}", "send_later", "x"), 1, "send_later takes 2 arguments, not 1"),
        (("call", "{chat}", "send_later", "x", "soon"), 1, "the argument 'seconds' of send_later cannot be 'soon'"),
        (("call", "{chat}", "send_later", "x", "-1"), 1, "-1 is out of range for u32"),
        (("sql", "{chat}", "SELECT * FROM mesage"), 1, "Did you mean 'message'?"),
        (("sql", "{chat}", "SELECT"), 1, "Error: "),
        (("sql", "{chat}", "SELECT * FROM user", "--format", "jsom"), 2, "Did you mean 'json'?"),
        (("logs", "{chat}", "--num-lines", "-1"), 2, "--num-lines"),
        (("logs", "{chat}x"), 1, "Error: there is no database '{chat}x' on this server\nHint: Did you mean '"),
    ],
)
def test_wrong_words(run: Run, chat: str, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = run(*(argument.format(chat=chat) for argument in arguments))
    assert (done.code, done.out) == (code, ""), done
    assert message.format(chat=chat) in done.err
    assert "Traceback" not in done.err


def test_newcomers_get_an_identity_that_stays(
    run: Run, chat: str, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STDBPY_TOKEN")
    first = run("call", chat, "send_message", "one")
    assert (first.code, first.out) == (0, "")
    assert re.fullmatch(rf"{server.url} made a new identity for you: c200[0-9a-f]{{60}}\n", first.err)
    identity = first.err.split()[-1]
    assert run("call", chat, "send_message", "two").err == ""
    senders = [json.loads(line)["sender"] for line in run("sql", chat, "SELECT sender FROM message").out.splitlines()]
    assert senders == [f"0x{identity}"] * 2
    assert CredentialStore().path.stat().st_mode & 0o777 == 0o600
    assert run("call", chat, "send_message", "three", "--anonymous").err == ""
    senders = [json.loads(line)["sender"] for line in run("sql", chat, "SELECT sender FROM message").out.splitlines()]
    assert len(set(senders)) == 2


def test_what_is_private_is_called_so(
    run: Run, chat: str, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ApiClient(server.url) as api:
        monkeypatch.setenv("STDBPY_TOKEN", api.create_identity().token)
    refused = run("sql", chat, "SELECT * FROM draft")
    assert refused.code == 1
    assert refused.err.endswith("Hint: 'draft' is private: use the token of the database's owner.\n")
    draft = {"id": 1, "send_at": {"Interval": {"__time_duration_micros__": 1}}, "sender": ["0x1"], "text": "x"}
    refused = run("call", chat, "deliver", json.dumps(draft))
    assert refused.code == 1
    assert f"'deliver' of the database '{chat}' is private" in refused.err
    assert "Did you mean" not in refused.err


@pytest.mark.parametrize("command", ["sql", "publish", "delete", "describe", "call", "logs"])
def test_names_that_no_database_has(run: Run, chat_project: str, command: str) -> None:
    done = run(command, "a b", *{"sql": ["SELECT 1"], "call": ["x", "--no-config"]}.get(command, []))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: 'a b' cannot be the name of a database\nHint: A name has lower-case letters")
