"""What the program answers to a script: from files and memory, at once, and never with an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.cli.completion.answer import names_for
from stdbpy.project import surroundings
from stdbpy.project.known_names import KnownNames
from tests.cli.completion.conftest import HOSTILE, LOCAL, OTHER, SCHEMA
from tests.cli.conftest import Run

MAY_BE_IMPORTED = {
    "stdbpy",
    "stdbpy.cli",
    "stdbpy.cli.main",
    "stdbpy.cli.completion",
    "stdbpy.cli.completion.answer",
} | {f"stdbpy.project{name}" for name in ("", ".known_names", ".paths", ".surroundings")}
SLOW = {"dataclasses", "hashlib", "inspect", "platformdirs", "tomllib", "typer", "typing"}
"""Modules that take a good part of the time that a shell has."""


@pytest.fixture(autouse=True)
def names(home: Path, monkeypatch: pytest.MonkeyPatch) -> KnownNames:
    (home / "work").mkdir()
    monkeypatch.chdir(home / "work")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    names = KnownNames(home / ".cache" / "stdbpy" / "names")
    names.remember_schema(LOCAL, "chat", SCHEMA)
    names.remember_databases(LOCAL, ["game"])
    names.remember_schema(OTHER, "far", SCHEMA)
    return names


def ask(question: str, *words: str, typed: str = "") -> list[str]:
    return names_for(question, list(words), typed.split())


def project(text: str) -> None:
    Path("pyproject.toml").write_text(f"[project]\nname = 'x'\n[tool.stdbpy]\n{text}\n")


def cli_toml(home: Path, text: str) -> Path:
    path = home / ".config" / "spacetime" / "cli.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


STAGING = "[[server_configs]]\nnickname = 'staging'\nhost = '127.0.0.1:4000'\nprotocol = 'http'\n"
FUNCTIONS = ["send_message", "set_name", "total"]


def test_one_name_a_line(run: Run) -> None:
    assert run("__complete", "database", "--").out == "chat\ngame\n"
    assert run("__complete", "function", "chat", "--", "call", "chat").out == "send_message\nset_name\ntotal\n"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--",),
        ("nonsense",),
        ("database", "--", "--server"),
        ("function", "a", "b", "c"),
        ("entity", "x", "y", "z"),
    ],
)
def test_what_makes_no_sense_has_no_names(run: Run, arguments: tuple[str, ...]) -> None:
    done = run("__complete", *arguments)
    assert (done.code, done.err) == (0, "")
    if arguments[:1] != ("database",):
        assert done.out == ""


@pytest.mark.parametrize(
    "typed",
    [
        f"--server {OTHER}", f"--server={OTHER}", f"-s {OTHER}", f"-s{OTHER}", f"-qs {OTHER}", f"-yqs{OTHER}",
        "--server 127.0.0.1:4000", f"--server local -q sql --server {OTHER}",
    ],
)  # fmt: skip
def test_the_server_is_the_one_that_was_typed(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setenv("STDBPY_SERVER", LOCAL)
    assert ask("database", typed=typed) == ["far"]


def test_what_follows_two_dashes_is_no_option() -> None:
    assert ask("database", typed=f"-- --server {OTHER}") == ["chat", "game"]


def test_else_the_variable_then_the_project_then_cli_toml(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask("database") == ["chat", "game"]
    cli_toml(home, f"default_server = 'staging'\n{STAGING}")
    assert ask("database") == ["far"]
    project("server = 'local'\ndatabase = 'mine'")
    assert ask("database") == ["chat", "far", "game", "mine"]
    assert ask("database", typed="--no-config") == ["far"]
    monkeypatch.setenv("STDBPY_SERVER", "local")
    assert ask("database") == ["chat", "game", "mine"]


def test_servers_are_called_by_nickname_or_host(home: Path) -> None:
    cli_toml(home, STAGING)
    assert ask("server") == [
        "127.0.0.1:3000",
        "127.0.0.1:4000",
        "local",
        "maincloud",
        "maincloud.spacetimedb.com",
        "staging",
    ]
    assert ask("database", typed="--server staging") == ["far"]
    assert ask("database", typed="--server nobody") == []


def test_functions_of_the_database_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask("function") == ["chat", "game"]
    assert ask("function", "chat") == FUNCTIONS
    assert ask("function", "game") == ask("function", "nothing") == []
    assert ask("function", "chat", "set_name") == []
    monkeypatch.setenv("STDBPY_DATABASE", "chat")
    assert ask("function") == ["chat", "game", *FUNCTIONS]
    assert ask("function", "set_name") == []  # its arguments follow
    assert ask("function", "chat") == FUNCTIONS


def test_functions_of_the_project() -> None:
    project("database = 'chat'")
    assert ask("function") == ["chat", "game", *FUNCTIONS]
    assert ask("function", "total") == []
    assert ask("function", typed="call --no-config") == ["chat", "game"]
    assert ask("function", "far", typed=f"call --server {OTHER}") == FUNCTIONS


def test_of_several_databases_of_a_project_none_is_meant() -> None:
    Path("spacetime.json").write_text(json.dumps({"database": "chat", "children": [{"database": "game"}]}))
    assert ask("function") == ["chat", "game"]
    assert ask("function", "chat") == FUNCTIONS


def test_layers_of_an_environment_count() -> None:
    Path("spacetime.json").write_text('{"database": "game"}')
    Path("spacetime.test.json").write_text('{"database": "chat"}')
    assert ask("function") == ["chat", "game"]
    assert ask("function", typed="--env test") == ["chat", "game", *FUNCTIONS]


def test_entities_by_kind() -> None:
    kinds = ["procedure", "reducer", "route", "rule", "table", "type", "view"]
    assert ask("entity") == ["chat", "game"]
    assert ask("entity", "chat") == kinds
    assert ask("entity", "chat", "table") == ["message", "person"]
    assert ask("entity", "chat", "procedure") == ["total"]
    assert ask("entity", "chat", "type") == ask("entity", "chat", "nonsense") == []
    project("database = 'chat'")
    assert ask("entity") == sorted(["chat", "game", *kinds])
    assert ask("entity", "table") == ["message", "person"]


def test_another_root_has_other_names(home: Path) -> None:
    KnownNames(home / "root" / "stdbpy" / "names").remember_databases(LOCAL, ["hidden"])
    assert ask("database", typed=f"--root-dir {home / 'root'}") == ["hidden"]
    assert ask("database", typed="--root-dir ~/root") == ["hidden"]
    config = home / "other.toml"
    config.write_text(f"default_server = 'staging'\n{STAGING}")
    assert ask("database", typed=f"--config-path={config}") == ["far"]


@pytest.mark.parametrize("broken", ["[[", "\0", "server_configs = 1", "default_server = 'nobody'"])
def test_broken_files_say_nothing(home: Path, broken: str) -> None:
    cli_toml(home, broken)
    assert ask("database") == []
    assert ask("database", typed=f"--server {OTHER}") == ["far"]
    project(f"{broken} = 1")
    Path("spacetime.json").write_text(broken)
    assert ask("database", typed=f"--server {OTHER}") == ["far"]


def test_names_of_strangers_stay_on_their_line(home: Path) -> None:
    nicknames = (*HOSTILE, "two\nlines", "\x1b[2J")
    cli_toml(
        home,
        "".join(
            f"[[server_configs]]\nnickname = {json.dumps(name)}\nhost = 'h{place}'\nprotocol = 'http'\n"
            for place, name in enumerate(nicknames)
        ),
    )
    assert set(HOSTILE) <= set(ask("server"))
    assert not {"two\nlines", "\x1b[2J"} & set(ask("server"))


def test_files_are_read_once_until_they_change(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []
    real = surroundings._look

    def look(folder: Path, cli_toml: Path, env: str | None) -> object:
        looks.append(folder)
        return real(folder, cli_toml, env)

    monkeypatch.setattr(surroundings, "_look", look)
    for _ in range(3):
        assert ask("database") == ["chat", "game"]
    assert len(looks) == 1
    project("database = 'mine'")
    assert [ask("database"), ask("database")] == [["chat", "game", "mine"]] * 2
    assert len(looks) == 2
    Path("pyproject.toml").unlink()
    config = cli_toml(home, f"default_server = 'staging'\n{STAGING}")
    assert [ask("database"), ask("database")] == [["far"]] * 2
    assert len(looks) == 3
    config.unlink()
    assert ask("database") == ["chat", "game"]
    monkeypatch.chdir(home)
    assert ask("database") == ["chat", "game"]
    assert len(looks) == 5


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b'{"version": 1}', b'{"version": 1, "folders": 3}', b"[" * 99_999]
)
def test_a_broken_memory_is_made_anew(home: Path, content: bytes) -> None:
    assert ask("database") == ["chat", "game"]
    (home / ".cache" / "stdbpy" / "surroundings.json").write_bytes(content)
    assert ask("database") == ["chat", "game"]
    assert json.loads((home / ".cache" / "stdbpy" / "surroundings.json").read_text())["folders"]


def test_a_broken_entry_of_the_memory_is_made_anew(home: Path) -> None:
    memory = home / ".cache" / "stdbpy" / "surroundings.json"
    ask("database")
    kept = json.loads(memory.read_text())
    for broken in (None, [], {"stamps": 1}, {"stamps": {}}):
        memory.write_text(json.dumps({**kept, "folders": dict.fromkeys(kept["folders"], broken)}))
        assert ask("database") == ["chat", "game"]


def test_the_memory_has_a_limit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "_MOST_FOLDERS", 3)
    for name in "abcde":
        (home / name).mkdir()
        monkeypatch.chdir(home / name)
        ask("database")
    kept = json.loads((home / ".cache" / "stdbpy" / "surroundings.json").read_text())["folders"]
    assert [key.splitlines()[0].removeprefix(f"{home}/") for key in kept] == ["c", "d", "e"]


def test_where_nothing_can_be_kept_it_answers_all_the_same(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "file"))
    project("database = 'mine'")
    assert ask("database") == ["mine"]


def test_a_folder_that_was_removed_has_no_names(home: Path, run: Run) -> None:
    (home / "gone").mkdir()
    os.chdir(home / "gone")
    (home / "gone").rmdir()
    assert run("__complete", "database", "--").code == 0


def test_imports_next_to_nothing_and_asks_no_server(home: Path) -> None:
    """What makes the answer come in time: the guard behind the benchmark's figure."""
    project("database = 'chat'")
    cli_toml(home, STAGING)
    program = (
        "import json, sys\n"
        "sys.addaudithook(lambda event, _: sys.exit(event) if event.startswith('socket') else None)\n"
        "from stdbpy.cli.main import main\n"
        "code = main(['__complete', 'function', '--', 'call'])\n"
        "print(json.dumps([code, *sys.modules]), file=sys.stderr)\n"
    )
    for _ in range(2):  # the first one reads the files
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env=dict(os.environ),
        )
    code, *modules = json.loads(done.stderr)
    assert (code, done.stdout.split()) == (0, ["chat", "game", *FUNCTIONS])
    assert {name for name in modules if name.partition(".")[0] == "stdbpy"} == MAY_BE_IMPORTED
    assert not SLOW & set(modules)
    installed = {path.name for path in Path(pytest.__file__).parents[1].iterdir() if path.name[0] != "_"}
    assert installed & set(modules) <= {"stdbpy"}
