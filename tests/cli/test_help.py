"""The help of every command, as it is written; ``STDBPY_UPDATE_SNAPSHOTS=1`` writes what it is now."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from stdbpy.cli.commands import COMMANDS
from stdbpy.cli.group import load_command
from stdbpy.cli.invocation import Invocation
from tests.cli.conftest import Run

SNAPSHOTS = Path(__file__).parent / "help"

EXAMPLES = [(name, example) for name in COMMANDS for example in load_command(name).examples]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(run: Run, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = run(command, "--help")
    assert (done.code, done.err) == (0, "")
    snapshot = SNAPSHOTS / f"{command}.txt"
    if os.environ.get("STDBPY_UPDATE_SNAPSHOTS"):
        snapshot.write_text(done.out, encoding="utf-8")
    assert done.out == snapshot.read_text(encoding="utf-8")
    assert "\nExamples:\n  stdbpy " in done.out


def test_no_snapshot_is_left_over() -> None:
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_begins_with_the_line_in_the_list(command: str) -> None:
    help = load_command(command).help or ""
    line = COMMANDS[command].rstrip(".")
    assert help.startswith(line), help


@pytest.mark.parametrize(("command", "example"), EXAMPLES)
def test_examples_are_understood(command: str, example: str) -> None:
    program, name, *arguments = shlex.split(example.partition(" > ")[0])
    assert (program, name) == ("stdbpy", command)
    load_command(name).make_context(name, arguments, obj=Invocation())
