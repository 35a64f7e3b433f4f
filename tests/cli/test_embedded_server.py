"""The main job on the embedded server, command by command."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import ApiError
from stdbpy.project.credentials import CredentialStore
from stdbpy.server import RunningServer
from tests.cli.conftest import Finished, Run


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
    assert run("generate", chat).err == "module_bindings: 6 files written\n"
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


def test_outline(run: Run, chat: str) -> None:
    lines = run("describe", chat, "--format", "table").out.splitlines()
    assert lines[0] == "tables"
    assert "  message  [public]" in lines
    assert "    id      u64        primary key, auto-increment" in lines
    assert "    sender  Identity   btree index" in lines
    assert "  draft  [private, schedules deliver]" in lines
    assert "  send_later(text: str, seconds: u32)" in lines
    assert "  connected()  [runs when a client connects]" in lines


def test_describe_one(run: Run, chat: str) -> None:
    done = run("describe", chat, "reducer", "send_later")
    assert json.loads(done.out) == {
        "kind": "reducer",
        "name": "send_later",
        "definition": "(text: str, seconds: u32)",
        "notes": [],
        "params": [{"name": "text", "type": "str"}, {"name": "seconds", "type": "u32"}],
        "lifecycle": None,
        "private": False,
    }
    assert (
        run("describe", chat, "reducr", "x").err == "Error: there is no kind 'reducr'\nHint: Did you mean 'reducer'?\n"
    )


def test_describe_for_programs(run: Run, chat: str) -> None:
    message = json.loads(run("describe", chat, "table", "message", "--format", "json").out)
    assert message["columns"][:2] == [
        {"name": "id", "type": "u64", "primary_key": True, "unique": True, "auto_inc": True},
        {"name": "sender", "type": "Identity", "primary_key": False, "unique": False, "auto_inc": False},
    ]
    assert [(index["algorithm"], index["columns"]) for index in message["indexes"]] == [
        ("btree", ["id"]),
        ("btree", ["sender"]),
    ]
    lines = [json.loads(line) for line in run("describe", chat, "--format", "jsonl").out.splitlines()]
    assert json.loads(run("describe", chat, "--format", "json").out) == lines
    assert message in lines
    assert {(line["kind"], line["name"]): line.get("schedules") for line in lines}["table", "draft"] == "deliver"
    rows = list(csv.DictReader(run("describe", chat, "--format", "csv").out.splitlines()))
    assert {
        "kind": "reducer",
        "name": "connected",
        "definition": "()",
        "notes": "runs when a client connects",
    } in rows


def test_definition_is_what_generate_reads(run: Run, chat: str, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(run("describe", chat, "--json").out)
    assert run("generate", "--schema", str(tmp_path / "schema.json"), "-o", str(tmp_path / "a")).code == 0
    assert run("generate", chat, "-o", str(tmp_path / "b")).code == 0
    for file in (tmp_path / "a").iterdir():
        assert file.read_text() == (tmp_path / "b" / file.name).read_text()


def test_deleting(run: Run, chat: str) -> None:
    refused = run("delete", chat)
    assert (refused.code, refused.out) == (2, "")
    assert "there is no terminal to ask on: Delete the database" in refused.err
    done = run("delete", chat, "--yes")
    assert (done.code, done.out) == (0, "")
    assert run("sql", chat, "SELECT * FROM user").err.startswith(f"Error: there is no database '{chat}'")


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
        (("publish", "--bin-path", "pyproject.toml"), 2, "is not WebAssembly"),
        (("publish", "--bin-path", "missing.wasm"), 1, "missing.wasm: No such file or directory"),
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


def test_following_the_log_until_interrupted(run: Run, chat: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "stdbpy.cli", "logs", chat, "--follow", "-n", "1", "--format", "table"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("INFO: Database created\n")
        run("call", chat, "send_message", "later")
        assert process.stdout.readline().endswith("says: later\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, out, err) == (130, "", "Interrupted.\n")


def test_a_bug_in_a_reducer_leads_to_the_log(run: Run, chat: str, server: RunningServer) -> None:
    module = Path(chat.replace("-", "_")) / "module.py"
    module.write_text(f"{module.read_text()}\n\n@reducer\ndef divide(ctx: Ctx) -> None:\n    1 / 0\n")
    assert run("publish").code == 0
    fatal = "Error: The instance encountered a fatal error.\nHint: The log says where it went wrong: stdbpy logs "
    assert run("call", chat, "divide") == Finished(1, "", f"{fatal}{chat}\n")
    elsewhere = run("call", chat, "divide", "--server", server.url)
    assert elsewhere == Finished(1, "", f"{fatal}{chat} --server {server.url}\n")


def test_what_is_private_is_called_so(
    run: Run, chat: str, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ApiClient(server.url) as api:
        monkeypatch.setenv("STDBPY_TOKEN", api.create_identity().token)
    refused = run("sql", chat, "SELECT * FROM draft")
    assert refused.code == 1
    assert refused.err.endswith(
        "Hint: 'draft' is private: only the database's owner can use it, with the owner's token.\n"
    )
    draft = {"id": 1, "send_at": {"Interval": {"__time_duration_micros__": 1}}, "sender": ["0x1"], "text": "x"}
    refused = run("call", chat, "deliver", json.dumps(draft))
    assert refused.code == 1
    assert f"'deliver' of the database '{chat}' is private" in refused.err
    assert "Did you mean" not in refused.err


@pytest.mark.parametrize("command", ["sql", "publish", "delete", "describe", "call", "logs"])
def test_names_that_no_database_has(run: Run, chat_project: str, command: str) -> None:
    done = run(command, "a/b", *{"sql": ["SELECT 1"], "call": ["x"]}.get(command, []))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: 'a/b' cannot be the name of a database\nHint: A name has lower-case letters")


def test_one_database_without_readable_names_does_not_hide_the_others(
    run: Run, chat: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = identity_of(run, chat)
    names = ApiClient.names

    def broken(api: ApiClient, database: str) -> list[str]:
        if database == identity:
            raise ApiError("the server refused", status=400)
        return names(api, database)

    monkeypatch.setattr(ApiClient, "names", broken)
    listed = run("list")
    assert listed.code == 0
    assert {"names": [], "identity": identity} in map(json.loads, listed.out.splitlines())


def test_version_of_the_server(run: Run, server: RunningServer) -> None:
    answer = json.loads(run("version", "--server", server.url).out)
    assert answer == {"program": "SpacetimeDB as the embedded server of stdbpy has it", "version": "2.8.3"}
