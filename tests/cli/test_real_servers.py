"""The commands against real SpacetimeDB servers of both generations."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import real_servers
from tests.cli.conftest import Run
from tests.real_servers import RealServer

pytestmark = pytest.mark.real

SENT = 'Hello, world! “ü” \\ "quoted"'


@pytest.fixture(params=["real_server", "old_real_server"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> RealServer:
    server: RealServer = request.getfixturevalue(request.param)
    monkeypatch.setenv("STDBPY_SERVER", server.url)
    return server


@pytest.fixture
def chat(server: RealServer, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of SpacetimeDB's own chat module, published under a name of its own."""
    (home / "chat.wasm").write_bytes(real_servers.wasm("quickstart_chat-1.2.0"))
    monkeypatch.chdir(home)
    name = f"cli-{home.parent.name.replace('_', '-')}".lower()
    done = run("publish", name, "--bin-path", "chat.wasm", "--format", "text")
    assert done.code == 0, done.err
    assert re.fullmatch(rf"created database {name}, identity: c200[0-9a-f]{{60}}\n", done.out)
    return name


def test_main_job(run: Run, chat: str, home: Path) -> None:
    assert run("call", chat, "set_name", "Ada") == run("call", chat, "send_message", SENT)
    rows = run("sql", chat, "SELECT text FROM message")
    assert (rows.code, rows.err) == (0, "")
    assert json.loads(rows.out) == {"text": SENT}
    user = json.loads(run("sql", chat, "SELECT * FROM user WHERE online = true OR online = false").out.splitlines()[0])
    assert user["name"] == "Ada"

    failed = run("call", chat, "send_message", "")
    assert (failed.code, failed.out, failed.err) == (1, "", "Error: Messages must not be empty\n")
    last = run("logs", chat, "--num-lines", "1", "--format", "table").out
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z ERROR: .*Messages must not be empty\n", last)

    outline = run("describe", chat, "--format", "table").out
    assert "  user  [public]\n    identity  Identity    primary key\n" in outline
    assert "  send_message(text: str)\n" in outline

    assert run("generate", chat, "--out-dir", "bindings").code == 0
    look = "from bindings import tables, types; print(tables.message.name, list(types.Message.__annotations__))"
    looked = subprocess.run(
        [sys.executable, "-c", look], cwd=home, capture_output=True, text=True, timeout=60, check=False
    )
    assert looked.stdout == "message ['sender', 'sent', 'text']\n", looked.stderr

    listed = [json.loads(line) for line in run("list").out.splitlines()]
    assert [chat] in [database["names"] for database in listed]


def test_an_update_that_breaks_clients_needs_consent(run: Run, chat: str, server: RealServer, home: Path) -> None:
    if server.version.startswith("1."):
        pytest.skip("1.x removes no tables, whatever one consents to")
    (home / "other.wasm").write_bytes(real_servers.wasm("sdk_test-1.2.0"))
    refused = run("publish", chat, "--bin-path", "other.wasm")
    assert (refused.code, refused.out) == (2, "")
    assert "- Remove table message  breaks clients" in refused.err
    assert refused.err.endswith("Hint: --break-clients answers yes\n")
    plan = json.loads(run("publish", chat, "-b", "other.wasm", "--dry-run", "--yes=break-clients").out)
    assert ("remove_table", "message", True) in [
        (change["kind"], change["name"], change["breaks_clients"]) for change in plan["changes"]
    ]
    assert run("publish", chat, "--bin-path", "other.wasm", "--break-clients").code == 0


def test_an_update_that_would_lose_data(run: Run, chat: str, server: RealServer, home: Path) -> None:
    if server.version.startswith("1."):
        pytest.skip("1.x plans no updates")
    run("call", chat, "send_message", "kept")
    (home / "other.wasm").write_bytes(real_servers.wasm("sdk_test-1.2.0"))

    impossible = run("publish", chat, "--bin-path", "other.wasm", "--break-clients")
    assert (impossible.code, impossible.out) == (1, "")
    assert run("sql", chat, "SELECT text FROM message").out == '{"text":"kept"}\n'

    assert "--delete-data" in impossible.err
    assert run("publish", chat, "-b", "other.wasm", "--delete-data", "--yes=delete-data").code == 0
    assert run("sql", chat, "SELECT text FROM message").code == 1


def test_deleting_needs_a_yes(run: Run, chat: str) -> None:
    refused = run("delete", chat)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.endswith("Hint: --yes answers yes\n")
    assert run("delete", chat, "--yes").code == 0
    assert run("sql", chat, "SELECT * FROM message").code == 1


def test_clearing_needs_a_yes(run: Run, chat: str) -> None:
    run("call", chat, "send_message", "gone soon")
    refused = run("publish", chat, "-b", "chat.wasm", "--delete-data")
    assert (refused.code, refused.out) == (2, "")
    assert run("sql", chat, "SELECT text FROM message").out == '{"text":"gone soon"}\n'
    assert run("publish", chat, "-b", "chat.wasm", "-c", "-y").code == 0
    assert run("sql", chat, "SELECT text FROM message").out == ""


def test_anonymous_callers_own_nothing(run: Run, chat: str) -> None:
    refused = run("logs", chat, "--anonymous")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("Error: ")


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (
            ("call", "{chat}", "send_messag", "x"),
            "the database '{chat}' has no reducer or procedure 'send_messag'",
            "Did you mean 'send_message'?",
        ),
        (
            ("call", "{chat}", "send_message"),
            "send_message takes 1 argument, not 0",
            "It is send_message(text: str), as in: stdbpy call {chat} send_message text",
        ),
        (
            ("describe", "{chat}", "table", "users"),
            "the database '{chat}' has no table 'users'",
            "Did you mean 'user'?",
        ),
        (
            ("sql", "{chat}x", "SELECT * FROM user"),
            "there is no database '{chat}x' on this server",
            "Did you mean '{chat}'?",
        ),
    ],
)
def test_nearest_names(run: Run, chat: str, arguments: tuple[str, ...], message: str, hint: str) -> None:
    done = run(*(argument.format(chat=chat) for argument in arguments))
    assert (done.code, done.out) == (1, "")
    assert done.err == f"Error: {message}\nHint: {hint}\n".format(chat=chat)


def test_unknown_table(run: Run, chat: str) -> None:
    done = run("sql", chat, "SELECT * FROM messag")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("Hint: Did you mean 'message'?\n")


@pytest.fixture
def sdk_test(run: Run, real_server: RealServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with every type of column, published under a name of its own."""
    (home / "sdk.wasm").write_bytes(real_servers.wasm("sdk_test-2.8.3"))
    monkeypatch.setenv("STDBPY_SERVER", real_server.url)
    name = f"cli-sdk-{home.parent.name.replace('_', '-')}".lower()
    assert run("publish", name, "-b", str(home / "sdk.wasm")).code == 0
    return name


SPECIAL_INSIDE = {"insert_option_identity", "insert_option_uuid", "insert_option_every_primitive_struct"}


def as_the_official_program(name: str, query: str, server: RealServer, home: Path) -> str:
    """What it writes, but for spaces at the end of lines."""
    program = real_servers.program("spacetimedb-cli-2.8.3")
    done = subprocess.run(
        [program, "--config-path", home / "cli.toml", "sql", "--anonymous", "-s", server.url, name, query],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


@pytest.mark.parametrize("every", [20, pytest.param(1, marks=pytest.mark.long)])
def test_samples_are_taken_and_tables_are_the_official_ones(
    run: Run, sdk_test: str, real_server: RealServer, home: Path, every: int
) -> None:
    reducers = [json.loads(line) for line in run("describe", sdk_test).out.splitlines()]
    names = [entity["name"] for entity in reducers if re.match(r"insert_(one|vec|option)_", entity["name"])]
    assert len(names) > 50
    for name in names[::every]:
        hint = run("call", sdk_test, name, "too", "many", "words").err.splitlines()[1]
        sample = shlex.split(hint.partition("as in: ")[2])
        called = run(*sample[1:])
        assert called.code == 0, called.err
        if "vec_" in name or name in SPECIAL_INSIDE:
            continue  # where the official program writes [1, 2] as 12, or the insides of an identity
        query = f"SELECT * FROM {name.removeprefix('insert_')}"
        ours = run("sql", sdk_test, query, "--format", "text").out
        assert ours == as_the_official_program(sdk_test, query, real_server, home), name


@pytest.mark.parametrize(
    ("table", "argument"),
    [
        ("one_u_64", "18446744073709551615"),
        ("one_i_256", '"-0x8000000000000000000000000000000000000000000000000000000000000000"'),
        ("one_f_32", "0.1"),
        ("one_f_32", "-16777216"),
        ("one_f_64", "1e300"),
        ("one_f_64", "5e-324"),
        ("one_string", 'it\'s "quoted"'),
        ("one_identity", "ab" * 32),
        ("one_timestamp", "[1700000000123456]"),
        ("one_timestamp", "[-1]"),
        ("one_simple_enum", '{"two":[]}'),
        ("one_enum_with_payload", '{"str":"x"}'),
        ("one_unit_struct", "[]"),
        ("vec_u_8", "[0, 255]"),
        ("option_i_32", '{"some":-1}'),
        ("option_string", '{"none":[]}'),
    ],
)
def test_values_look_as_in_the_official_program(
    run: Run, sdk_test: str, real_server: RealServer, home: Path, table: str, argument: str
) -> None:
    called = run("call", sdk_test, f"insert_{table}", argument)
    assert called.code == 0, called.err
    query = f"SELECT * FROM {table}"
    ours = run("sql", sdk_test, query, "--format", "text").out
    assert ours == as_the_official_program(sdk_test, query, real_server, home)
