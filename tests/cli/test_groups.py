"""Commands below commands, and the options that every one of them takes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stdbpy.cli import commands
from stdbpy.cli.commands import COMMANDS
from stdbpy.cli.group import load_command, walk
from tests.cli.conftest import Run

SHOW = """
import typer
from typing import Annotated
EXAMPLES = ("stdbpy {name}",)
def run(context: typer.Context, token: Annotated[bool, typer.Option("--token")] = False) -> None:
    '''{name} does it.'''
    print("{name}", token, context.obj.quiet, context.obj.config_path, context.obj.root_dir)
"""


@pytest.fixture(autouse=True)
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the program's commands a group ``nest`` and one that is a command itself, ``entry``."""
    folder = tmp_path / "commands"
    for name in ("nest", "entry"):
        (folder / name).mkdir(parents=True)
        (folder / name / "show_all.py").write_text(SHOW.format(name=f"{name} show-all"))
        monkeypatch.setitem(COMMANDS, name, f"What {name} does.")
    (folder / "nest" / "__init__.py").write_text(
        "from stdbpy.cli.left_out import LeftOut\n"
        'COMMANDS = {"show-all": "Show all."}\n'
        'LEFT_OUT = {"forget": LeftOut("nothing is remembered")}\n'
    )
    (folder / "entry" / "__init__.py").write_text(SHOW.format(name="entry") + 'COMMANDS = {"show-all": "Show all."}\n')
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(folder)])
    for name in [
        name for name in sys.modules if name.startswith(("stdbpy.cli.commands.nest", "stdbpy.cli.commands.entry"))
    ]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nest", "show-all"], "nest show-all False False None None"),
        (["-q", "nest", "show-all"], "nest show-all False True None None"),
        (["nest", "-q", "show-all"], "nest show-all False True None None"),
        (["nest", "show-all", "-q", "--token"], "nest show-all True True None None"),
        (["--config-path", "a", "nest", "show-all", "--root-dir", "b"], "nest show-all False False a b"),
        (["entry"], "entry False False None None"),
        (["entry", "--token", "--quiet"], "entry True True None None"),
        (["entry", "show-all", "--token"], "entry show-all True False None None"),
    ],
)
def test_what_runs(run: Run, words: list[str], expected: str) -> None:
    done = run(*words)
    assert (done.code, done.out, done.err) == (0, f"{expected}\n", "")


def test_a_group_shows_its_commands(run: Run) -> None:
    done = run("nest")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: stdbpy nest [OPTIONS] COMMAND [ARGS]...\n\n  What nest does.\n")
    assert "\nCommands:\n  show-all  Show all.\n" in done.err


def test_a_group_without_a_command(run: Run) -> None:
    done = run("nest", "-q")
    assert (done.code, done.out) == (2, "")
    assert done.err == "Error: which command?\nHint: `stdbpy nest --help` shows how it is used\n"


@pytest.mark.parametrize(
    "words", [["help", "nest", "show-all"], ["nest", "help", "show-all"], ["nest", "show-all", "-h"]]
)
def test_help_of_a_command_below(run: Run, words: list[str]) -> None:
    done = run(*words)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Usage: stdbpy nest show-all [OPTIONS]\n\n  nest show-all does it.\n")
    assert done.out.endswith("Examples:\n  stdbpy nest show-all\n")


def test_help_of_a_command_that_is_a_group(run: Run) -> None:
    done = run("help", "entry")
    assert done.out.startswith("Usage: stdbpy entry [OPTIONS] [COMMAND [ARGS]...]\n\n  entry does it.\n")
    assert "\nCommands:\n  show-all  Show all.\n" in done.out
    assert "\nOptions:\n  --token\n" in done.out
    assert done.out.endswith("Examples:\n  stdbpy entry\n")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["nest", "shwo-all"], "there is no command 'shwo-all' in `stdbpy nest`\nHint: Did you mean 'show-all'?"),
        (["nest", "x"], "there is no command 'x' in `stdbpy nest`\nHint: `stdbpy nest --help` lists the commands"),
        (["show-all"], "there is no command 'show-all'\nHint: Did you mean `stdbpy nest show-all`?"),
        (["nest", "sql"], "there is no command 'sql' in `stdbpy nest`\nHint: Did you mean `stdbpy sql`?"),
        (["help", "nets"], "there is no command 'nets'\nHint: Did you mean 'nest'?"),
        (["nest", "forget", "x"], "stdbpy nest has no forget: nothing is remembered"),
        (
            ["entry", "--token", "show-all"],
            (
                "--token is an option of `stdbpy entry`, not of `stdbpy entry show-all`"
                "\nHint: Options of a command stand after its name"
            ),
        ),
    ],
)
def test_what_does_not(run: Run, words: list[str], error: str) -> None:
    done = run(*words)
    assert (done.code, done.out, done.err) == (2, "", f"Error: {error}\n")


def test_walk_imports_no_command() -> None:
    paths = list(walk())
    assert ("nest",) in paths
    assert ("nest", "show-all") in paths
    assert ("entry", "show-all") in paths
    assert set(COMMANDS) <= {path[0] for path in paths}
    assert "stdbpy.cli.commands.nest.show_all" not in sys.modules
    assert load_command("nest", "show-all").name == "show-all"
