"""``stdbpy describe``: outline, one entity, the official definition, and what differs between two modules."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stdbpy.api import ApiClient
from stdbpy.project.build import build
from stdbpy.project.discover import discover
from stdbpy.schema.definition import schema_to_json, write_module_def
from stdbpy.server import RunningServer
from stdbpy.wasm.definition_module import definition_module
from tests import real_servers
from tests.cli.conftest import Run
from tests.real_servers import RealServer

# --- outline and records ---------------------------------------------------------------------


def test_outline(run: Run, chat: str) -> None:
    lines = run("describe", chat, "--format", "table").out.splitlines()
    assert lines[0] == "tables"
    assert "  message  [public]" in lines
    assert "    id      u64        primary key, auto-increment" in lines
    assert "    sender  Identity   btree index" in lines
    assert "  draft  [private, schedules deliver]" in lines
    assert "  send_later(text: str, seconds: u32)" in lines
    assert "  connected()  [runs when a client connects]" in lines


def test_the_project_names_the_database(run: Run, chat: str) -> None:
    assert run("describe").out == run("describe", chat).out == run("describe", "--no-config", "-y", chat).out
    assert json.loads(run("describe", "table", "message").out)["name"] == "message"


def test_one_entity(run: Run, chat: str) -> None:
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
    assert run("describe", chat, "reducer", "send_later", "--format", "table").out == (
        "reducers\n  send_later(text: str, seconds: u32)\n"
    )


def test_a_module_without_any_server(run: Run, project: Path) -> None:
    """A compiled one and a project, each described by itself; a server is asked for nothing."""
    schema = build(discover(project)).schema
    (project / "chat.wasm").write_bytes(definition_module(write_module_def(schema)))
    outline = run("describe", "--module", ".", "--format", "table", "-s", "http://127.0.0.1:1")

    assert (outline.code, outline.err) == (0, "")
    assert "  message  [public]" in outline.out.splitlines()
    assert run("describe", "--module", "chat.wasm", "--format", "table").out == outline.out
    assert run("describe", "table", "message", "--module", "chat.wasm").out.startswith('{"kind":"table"')
    assert json.loads(run("describe", "--module", "chat.wasm", "--json").out) == schema_to_json(schema)

    for words, code, error in (
        (("table", "mesage"), 1, "Error: chat.wasm has no table 'mesage'\nHint: Did you mean 'message'?\n"),
        (("chat",), 2, "Error: there is no kind 'chat'"),
        (
            ("--diff", "."),
            2,
            "Error: --module describes a module by itself\nHint: stdbpy describe DATABASE --diff chat",
        ),
    ):
        done = run("describe", "--module", "chat.wasm", *words)
        assert (done.code, done.out) == (code, "")
        assert done.err.startswith(error)


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("{chat}", "reducr", "x"), 2, "Error: there is no kind 'reducr'\nHint: Did you mean 'reducer'?\n"),
        (("{chat}", "table"), 2, "Error: which table?\nHint: stdbpy describe {chat} table NAME\n"),
        (("{chat}", "table", "a", "b"), 2, "Error: one word too many: b\n"),
        (("{chat}", "table", "mesage"), 1, "Error: the database '{chat}' has no table 'mesage'\nHint: Did you mean"),
        (("{chat}", "--diff", "x", "-p", "."), 2, "Error: --diff and --module-path exclude one another"),
        (("{chat}", "--diff", "x", "--json"), 2, "Error: --json is a definition, and no comparison\n"),
        (("{chat}", "--diff", "nothing-here"), 1, "Error: there is no database 'nothing-here' on this server\n"),
        (("{chat}", "--diff", "./nowhere"), 1, "Error: there is no folder nowhere\n"),
        (("{chat}", "--diff", "missing.wasm"), 1, "Error: missing.wasm cannot be read: No such file or directory\n"),
    ],
)
def test_mistakes(run: Run, chat: str, words: tuple[str, ...], code: int, error: str) -> None:
    done = run("describe", *(word.format(chat=chat) for word in words))
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(error.format(chat=chat))


def test_for_programs(run: Run, chat: str, home: Path) -> None:
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
    assert run("describe", chat, "-o", str(home / "outline.txt")).out == ""
    assert (home / "outline.txt").read_text() == run("describe", chat, "--format", "table").out


def test_definition_is_what_generate_reads(run: Run, chat: str, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(run("describe", chat, "--json").out)
    assert run("generate", "--schema", str(tmp_path / "schema.json"), "-o", str(tmp_path / "a")).code == 0
    assert run("generate", chat, "-o", str(tmp_path / "b")).code == 0
    for file in (tmp_path / "a").iterdir():
        assert file.read_text() == (tmp_path / "b" / file.name).read_text()


# --- differences -----------------------------------------------------------------------------


@pytest.fixture
def changed(chat: str) -> str:
    """The project after its database was published: a column, a reducer and a parameter more."""
    module = Path(chat.replace("-", "_")) / "module.py"
    text = module.read_text()
    module.write_text(
        text.replace("    text: str\n\n\n@table(", "    text: str\n    pinned: bool = False\n\n\n@table(")
        .replace("def forget_me(ctx: Ctx)", "def forget_me(ctx: Ctx, really: bool)")
        .replace(
            "@reducer\ndef forget_me", "@reducer\ndef wave(ctx: Ctx) -> None:\n    pass\n\n\n@reducer\ndef forget_me"
        )
    )
    return chat


DIFFERENCES = """~ table message
  + column pinned: bool  (breaks clients)
~ reducer forget_me: () → (really: bool)  (breaks clients)
+ reducer wave: ()
"""
SUMMARY = "3 differences, 2 of which break clients\n"


@pytest.mark.parametrize("other", [("--diff", "."), ("--module-path", "."), ("-p", "pyproject.toml")])
def test_a_database_and_the_project(run: Run, changed: str, other: tuple[str, str]) -> None:
    done = run("describe", changed, *other, "--format", "table")
    assert (done.code, done.out, done.err) == (0, DIFFERENCES, SUMMARY)


def test_two_databases(run: Run, changed: str) -> None:
    assert run("publish", f"{changed}-next", "--no-config").code == 0
    done = run("describe", changed, "--diff", f"{changed}-next", "--format", "table")
    assert (done.code, done.out, done.err) == (0, DIFFERENCES, SUMMARY)
    same = run("describe", changed, "--diff", changed, "--format", "json")
    assert (same.code, same.out, same.err) == (0, "[]\n", "nothing is different\n")
    quiet = run("describe", changed, "--diff", changed, "--quiet", "--format", "table")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_differences_for_programs(run: Run, changed: str) -> None:
    lines = [json.loads(line) for line in run("describe", changed, "--diff", ".").out.splitlines()]
    assert json.loads(run("describe", changed, "--diff", ".", "--format", "json").out) == lines
    assert [(line["change"], line["kind"], line["name"], line["breaks_clients"]) for line in lines] == [
        ("changed", "table", "message", True),
        ("changed", "reducer", "forget_me", True),
        ("added", "reducer", "wave", False),
    ]
    assert lines[0]["parts"][0]["after"] == "bool"
    rows = list(csv.reader(run("describe", changed, "--diff", ".", "--format", "csv").out.splitlines()))
    assert rows[:3] == [
        ["change", "kind", "of", "name", "before", "after", "breaks_clients"],
        ["changed", "table", "", "message", "", "", "true"],
        ["added", "column", "message", "pinned", "", "bool", "true"],
    ]


# --- the official program --------------------------------------------------------------------


def official(server: str, home: Path, *words: str) -> Any:
    program = real_servers.program("spacetimedb-cli-2.8.3")
    done = subprocess.run(
        [program, "--config-path", home / "official.toml", "describe", "--anonymous", "--json", "-s", server, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def in_one_order(definition: Any) -> Any:
    """Servers print what is in hash maps in any order; which columns a list names is no such thing."""
    match definition:
        case dict():
            return {name: in_one_order(value) for name, value in definition.items()}
        case list() if all(isinstance(item, dict) for item in definition):
            return sorted(map(in_one_order, definition), key=json.dumps)
        case _:
            return definition


MODULES = [
    ("real_server", "quickstart_chat-1.2.0"),
    ("old_real_server", "quickstart_chat-1.2.0"),
    ("real_server", "sdk_test_view-2.8.3"),
    ("real_server", "sdk_test_procedure-2.8.3"),
]


@pytest.mark.real
@pytest.mark.parametrize(("kind", "wasm"), MODULES)
def test_definitions_are_the_official_ones(
    run: Run, request: pytest.FixtureRequest, home: Path, kind: str, wasm: str
) -> None:
    server: RealServer = request.getfixturevalue(kind)
    name = f"cli-describe-{wasm.replace('_', '-').replace('.', '-')}"
    with ApiClient(server.url) as anonymous, ApiClient(server.url, anonymous.create_identity().token) as api:
        api.publish(real_servers.wasm(wasm), name)
    ours = run("describe", name, "--json", "-s", server.url, "--anonymous")
    theirs = official(server.url, home, name)
    assert ours.err == ""
    assert in_one_order(json.loads(ours.out)) == in_one_order(json.loads(theirs))
    if kind == "real_server":
        assert ours.out == theirs  # the server's order, to the letter
    records = [json.loads(line) for line in run("describe", name, "-s", server.url, "--anonymous").out.splitlines()]
    for record in [record for record in records if record["kind"] in ("table", "reducer")][:8]:
        entity = (name, record["kind"], record["name"])
        one = run("describe", *entity, "--json", "-s", server.url, "--anonymous")
        assert in_one_order(json.loads(one.out)) == in_one_order(json.loads(official(server.url, home, *entity))), (
            entity
        )


@pytest.mark.real
def test_a_database_and_a_compiled_module(run: Run, real_server: RealServer, home: Path) -> None:
    pytest.importorskip("wasmtime")
    (home / "next.wasm").write_bytes(real_servers.wasm("sdk_test_view-2.8.3"))
    with ApiClient(real_server.url) as anonymous, ApiClient(real_server.url, anonymous.create_identity().token) as api:
        api.publish(real_servers.wasm("sdk_test_view-2.8.3"), "cli-describe-same")
        api.publish(real_servers.wasm("quickstart_chat-1.2.0"), "cli-describe-other")
    options = ("-s", real_server.url, "--anonymous", "--diff", str(home / "next.wasm"), "--format", "table")
    same = run("describe", "cli-describe-same", *options)
    assert (same.code, same.out, same.err) == (0, "", "nothing is different\n")
    other = run("describe", "cli-describe-other", *options)
    assert "- table message: (sender: Identity, sent: Timestamp, text: str)  [public]  (breaks clients)\n" in other.out


@pytest.mark.real
def test_the_official_program_reads_the_embedded_server(run: Run, chat: str, server: RunningServer, home: Path) -> None:
    assert json.loads(official(server.url, home, chat)) == json.loads(run("describe", chat, "--json").out)
