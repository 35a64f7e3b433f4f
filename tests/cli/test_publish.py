"""``stdbpy publish`` on the embedded server: what it makes, shows, asks and refuses."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stdbpy.api import ApiClient
from stdbpy.api.results import PublishPlan
from stdbpy.cli.plan_view import plan_lines
from stdbpy.errors import ApiError
from stdbpy.server import RunningServer
from tests.cli.conftest import Run
from tests.cli.test_terminal import sit_down

COLUMN_ADDED = ("    text: str\n\n\n@table(", "    text: str\n    pinned: bool = False\n\n\n@table(")
"""Clients made for the version before cannot read the rows any more."""
COLUMN_CHANGED = ("    text: str\n\n\n@table(", "    text: u64\n\n\n@table(")
"""Rows cannot be kept."""


def module_of(name: str) -> Path:
    return Path(name.replace("-", "_")) / "module.py"


def edit(name: str, change: tuple[str, str]) -> None:
    module = module_of(name)
    text = module.read_text()
    assert change[0] in text
    module.write_text(text.replace(*change))


def records(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_creates_and_updates(run: Run, chat_project: str, server: RunningServer) -> None:
    created = run("publish", "--format", "jsonl")
    assert (created.code, created.err) == (0, "")
    answer = json.loads(created.out)
    assert (answer["op"], answer["name"], answer["server"]) == ("created", chat_project, server.url)
    assert re.fullmatch("c200[0-9a-f]{60}", answer["identity"])
    updated = run("publish", "--format", "text")
    assert updated.out == f"updated database {chat_project}, identity: {answer['identity']}\n"


def test_clearing(run: Run, chat: str) -> None:
    run("call", chat, "send_message", "gone soon")
    assert "--yes=delete-data answers yes" in run("publish", "--delete-data").err
    assert run("publish", "--delete-data=never").code == 0
    assert run("sql", chat, "SELECT text FROM message").out == '{"text":"gone soon"}\n'
    assert records(run("publish", "-c", "--yes").out)[0]["op"] == "cleared"
    assert run("sql", chat, "SELECT text FROM message").out == ""
    assert run("publish", "--delete-data=allways").code == 2


def test_an_update_shows_what_it_will_change(run: Run, chat: str) -> None:
    run("call", chat, "send_message", "kept")
    module = module_of(chat)
    module.write_text(f"{module.read_text()}\n\n@table(public=True)\nclass Room:\n    name: str\n")

    done = run("publish")

    assert (done.code, done.err.splitlines()[0]) == (0, "+ Add table room")
    assert [change["kind"] for change in records(done.out)[0]["changes"]] == ["add_table"]
    assert run("sql", chat, "SELECT * FROM room").code == 0
    assert run("sql", chat, "SELECT text FROM message").out == '{"text":"kept"}\n'


def test_an_update_that_would_lose_data(run: Run, chat: str) -> None:
    run("call", chat, "send_message", "kept")
    edit(chat, COLUMN_CHANGED)

    refused = run("publish")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("! table message")
    assert refused.err.endswith("--delete-data=on-conflict, which deletes all its data\n")
    assert run("publish", "--delete-data=on-conflict").code == 2
    assert run("sql", chat, "SELECT text FROM message").out == '{"text":"kept"}\n'

    done = run("publish", "--delete-data=on-conflict", "--yes=delete-data")
    assert (done.code, records(done.out)[0]["op"]) == (0, "cleared")
    assert run("sql", chat, "SELECT text FROM message").out == ""


def test_on_conflict_keeps_the_data_if_it_can(run: Run, chat: str) -> None:
    run("call", chat, "send_message", "kept")

    assert run("publish", "--delete-data=on-conflict").code == 0

    assert run("sql", chat, "SELECT text FROM message").out == '{"text":"kept"}\n'


@pytest.mark.parametrize("consent", ["--break-clients", "--yes=break-clients", "--yes=migrate,break-clients", "-y"])
def test_an_update_that_breaks_clients_needs_consent(run: Run, chat: str, consent: str) -> None:
    run("call", chat, "send_message", "kept")
    edit(chat, COLUMN_ADDED)

    refused = run("publish", "--yes=remote")
    assert (refused.code, refused.out) == (2, "")
    assert "breaks clients" in refused.err
    assert refused.err.endswith("Hint: --break-clients answers yes\n")
    assert run("sql", chat, "SELECT pinned FROM message").code == 1

    assert run("publish", consent).code == 0
    assert run("sql", chat, "SELECT text, pinned FROM message").out == '{"text":"kept","pinned":false}\n'


def test_consent_at_a_terminal(run: Run, chat: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(chat, COLUMN_ADDED)
    shown = sit_down(monkeypatch, "n\n")
    assert run("publish").code == 1
    assert "Go on? [y/N] " in shown.getvalue()
    sit_down(monkeypatch, "y\n")
    assert run("publish").code == 0


def test_a_dry_run_changes_nothing(run: Run, chat_project: str) -> None:
    first = run("publish", "--dry-run")
    assert (first.code, records(first.out)[0]["op"], records(first.out)[0]["identity"]) == (0, "create", None)
    assert run("sql", chat_project, "SELECT * FROM message").code == 1

    identity = records(run("publish").out)[0]["identity"]
    edit(chat_project, COLUMN_ADDED)
    assert run("publish", "--dry-run").code == 2
    allowed = run("publish", "--dry-run", "--break-clients", "--format", "table")
    assert (allowed.code, allowed.out) == (0, f"would update database {chat_project}, identity: {identity}\n")
    plan = records(run("publish", "--dry-run", "--break-clients").out)[0]
    assert (plan["op"], plan["breaks_clients"]) == ("update", True)
    assert ("add_columns", "message", True) in [
        (change["kind"], change["name"], change["breaks_clients"]) for change in plan["changes"]
    ]
    assert run("sql", chat_project, "SELECT pinned FROM message").code == 1

    edit(chat_project, ("pinned: bool = False", "pinned: bool"))
    assert run("publish", "--dry-run").code == 1
    cleared = run("publish", "--dry-run", "--delete-data=on-conflict", "-y")
    assert (cleared.code, records(cleared.out)[0]["op"]) == (0, "clear")


def test_a_dry_run_tells_a_new_database_from_one_to_clear(run: Run, chat: str) -> None:
    for name, op in ((chat, "clear"), (f"{chat}-new", "create")):
        done = run("publish", name, "--dry-run", "--delete-data", "--yes=delete-data")
        assert (done.code, records(done.out)[0]["op"]) == (0, op), done.err


def test_a_dry_run_asks_nothing_at_a_terminal(run: Run, chat: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = sit_down(monkeypatch, "y\n")

    assert run("publish", "--dry-run", "--delete-data").code == 2

    assert "[y/N]" not in shown.getvalue()
    assert "--yes=delete-data answers yes" in shown.getvalue()


def test_a_dry_run_makes_no_identity(run: Run, home: Path, chat_project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STDBPY_TOKEN")
    before = sorted(home.rglob("*"))

    done = run("publish", "--dry-run")

    assert (done.code, done.err) == (0, "")
    assert [path for path in sorted(home.rglob("*")) if path not in before and path.suffix in (".toml", ".json")] == []


def test_a_major_upgrade_needs_consent(run: Run, chat: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiClient, "pre_publish", lambda *_, **__: PublishPlan(is_major_upgrade=True))

    refused = run("publish", "--yes=remote,break-clients,delete-data")
    assert (refused.code, refused.out) == (2, "")
    assert "--yes=migrate answers yes" in refused.err

    assert run("publish", "--dry-run", "--yes=migrate").code == 0


def test_each_reason_has_its_hint_below_it() -> None:
    plan = PublishPlan(reasons=("a goes", "b goes", "c is new", "d moves"), hints=("Keep it", "Keep it", "", "Keep it"))
    assert list(plan_lines(plan)) == ["! a goes", "! b goes", "    Keep it", "! c is new", "! d moves", "    Keep it"]


def test_where_a_new_database_belongs(run: Run, chat_project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, ...]] = []

    def publish(api: ApiClient, program: bytes, database: str, **said: Any) -> None:
        seen.append((database, said["parent"], said["organization"], said["num_replicas"]))
        raise ApiError("seen")

    monkeypatch.setattr(ApiClient, "publish", publish)
    run("publish", "--parent", "team", "--organization", "org", "--num-replicas", "2")
    run("publish", "team/lobby")

    assert seen == [(chat_project, "team", "org", 2), ("lobby", "team", None, None)]


def test_publishing_as_nobody(run: Run, chat: str) -> None:
    refused = run("publish", "--anonymous")

    assert (refused.code, refused.out) == (1, "")
    assert "the server does not allow it" in refused.err


def test_all_databases_of_a_project(run: Run, chat_project: str, server: RunningServer) -> None:
    names = [chat_project, f"{chat_project}-eu", f"{chat_project}-us"]
    pyproject = Path("pyproject.toml")
    pyproject.write_text(pyproject.read_text().replace(f'database = "{chat_project}"\n', ""))
    children = [{"database": name} for name in names[1:]]
    Path("spacetime.json").write_text(
        json.dumps({"database": names[0], "module-path": ".", "server": server.url, "children": children})
    )

    assert [record["name"] for record in records(run("publish").out)] == names
    assert [record["name"] for record in records(run("publish", f"{chat_project}-*").out)] == names[1:]
    assert [record["name"] for record in records(run("publish", names[2]).out)] == names[2:]

    assert [record["name"] for record in json.loads(run("publish", "--format", "json").out)] == names
    assert run("publish", "--format", "csv").out.count("op,name,identity") == 1

    unknown = run("publish", f"{chat_project}-uk")
    assert (unknown.code, unknown.out) == (1, "")
    assert "Did you mean" in unknown.err
    several = run("publish", "--module-path", ".")
    assert (several.code, several.out) == (2, "")
    assert "one module cannot be that of 3 databases" in several.err
    assert records(run("publish", f"{chat_project}-uk", "--no-config").out)[0]["name"] == f"{chat_project}-uk"


def test_what_was_done_is_told_when_the_next_one_fails(run: Run, chat_project: str, server: RunningServer) -> None:
    children = [{"database": f"{chat_project}-2", "module-path": "nowhere"}]
    Path("spacetime.json").write_text(
        json.dumps({"database": chat_project, "module-path": ".", "server": server.url, "children": children})
    )
    Path("pyproject.toml").write_text(f'[project]\nname = "{chat_project}"\n')

    done = run("publish", "--format", "json")

    assert done.code == 1
    assert [record["name"] for record in json.loads(done.out)] == [chat_project]
    assert "there is no folder" in done.err


def test_layers_of_an_environment(run: Run, chat_project: str) -> None:
    Path("spacetime.json").write_text(json.dumps({"module-path": "."}))
    Path("spacetime.staging.json").write_text(json.dumps({"database": f"{chat_project}-staging"}))

    assert records(run("publish", "--env", "staging").out)[0]["name"] == f"{chat_project}-staging"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--bin-path", "module.wasm"), 1, "imports nothing of SpacetimeDB"),
        (("--js-path", "bundle.js"), 1, "cannot run JavaScript yet"),
        (("--bin-path", "pyproject.toml"), 1, "is not WebAssembly"),
        (("--bin-path", "missing.wasm"), 1, "missing.wasm cannot be read: No such file or directory"),
        (("--bin-path", "x.wasm", "--module-path", "."), 2, "--module-path, --bin-path exclude one another"),
        (("--server", "https://example.org"), 2, "--yes=remote answers yes"),
        (("--server", "https://example.org", "--yes=delete-data,migrate"), 2, "--yes=remote answers yes"),
        (("--yes=everything",), 2, "--yes is"),
        (("--build-options=--release",), 2, "nothing to compile"),
        (("--native-aot",), 2, "builds modules in Python alone"),
        (("--module-path", "nowhere"), 1, "there is no folder"),
    ],
)
def test_refusals(run: Run, chat_project: str, arguments: tuple[str, ...], code: int, message: str) -> None:
    Path("module.wasm").write_bytes(b"\0asm\1\0\0\0")
    Path("bundle.js").write_text("export {}")

    done = run("publish", *arguments)

    assert (done.code, done.out) == (code, ""), done.err
    assert message in done.err


def test_watching(chat: str) -> None:
    """Publishes after each change, of the configuration too, tells what is wrong and goes on, and ends at Ctrl-C."""
    module = module_of(chat)
    text = module.read_text()
    process = subprocess.Popen(
        [sys.executable, "-m", "stdbpy.cli", "publish", "--watch"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None

    def wait_for(part: str) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if part in line:
                return
        raise AssertionError(f"{part} was never said")

    try:
        assert json.loads(process.stdout.readline())["op"] == "updated"
        wait_for("waiting for changes")
        module.write_text(f"{text}\nclass")
        wait_for("SyntaxError")
        module.write_text(f"{text}\n\n@table()\nclass Room:\n    name: str\n")
        wait_for("Add table room")
        assert json.loads(process.stdout.readline())["op"] == "updated"
        pyproject = Path("pyproject.toml")
        pyproject.write_text(pyproject.read_text().replace(f'database = "{chat}"', f'database = "{chat}-2"'))
        assert json.loads(process.stdout.readline())["name"] == f"{chat}-2"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()
