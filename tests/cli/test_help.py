"""The help of every command, as it is written; ``STDBPY_UPDATE_SNAPSHOTS=1`` writes what it is now."""

from __future__ import annotations

import os
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from stdbpy.cli.group import load_command, walk
from stdbpy.cli.invocation import Invocation
from tests.cli.conftest import Run

SNAPSHOTS = Path(__file__).parent / "help"

COMMANDS = {" ".join(path): path for path in walk()}
EXAMPLES = [(name, example) for name, path in COMMANDS.items() for example in load_command(*path).examples]


def line_of(path: tuple[str, ...]) -> str:
    """What the list of commands says about it."""
    package = import_module(".".join(("stdbpy.cli.commands", *path[:-1])))
    line: str = package.COMMANDS[path[-1]]
    return line


@pytest.mark.parametrize("command", COMMANDS)
def test_help(run: Run, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = run(*COMMANDS[command], "--help")
    assert (done.code, done.err) == (0, "")
    snapshot = SNAPSHOTS / f"{command.replace(' ', '-')}.txt"
    if os.environ.get("STDBPY_UPDATE_SNAPSHOTS"):
        snapshot.write_text(done.out, encoding="utf-8")
    assert done.out == snapshot.read_text(encoding="utf-8")


def test_no_snapshot_is_left_over() -> None:
    assert {path.stem for path in SNAPSHOTS.iterdir()} == {command.replace(" ", "-") for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_begins_with_the_line_in_the_list(command: str) -> None:
    path = COMMANDS[command]
    help = load_command(*path).help or ""
    assert help.startswith(line_of(path).rstrip(".")), help


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(command: str) -> None:
    loaded = load_command(*COMMANDS[command])
    if loaded.callback is not None:
        assert any(example.startswith(f"stdbpy {command}") for example in loaded.examples)


@pytest.mark.parametrize(("command", "example"), EXAMPLES)
def test_examples_are_understood(command: str, example: str) -> None:
    path = COMMANDS[command]
    piped = [shlex.split(part) for part in example.partition(" > ")[0].split(" | ")]
    (words,) = [words[1 + len(path) :] for words in piped if words[: 1 + len(path)] == ["stdbpy", *path]]
    load_command(*path).make_context(command, words, obj=Invocation())
