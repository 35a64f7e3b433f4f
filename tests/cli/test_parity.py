"""Nothing that the official program lists is forgotten: it is here, or refused with the reason, and in the docs."""

from __future__ import annotations

import pytest

from stdbpy.cli import commands
from stdbpy.cli.group import Group, load_command, program, walk
from tests.cli.conftest import Run
from tests.cli.official_help import OfficialCommand, official_commands
from tests.docs import parity_table
from tests.docs.parity_table import LEFT_OUT, Row

ROWS = list(parity_table.rows())
OURS = set(walk())


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> list[OfficialCommand]:
    found = list(official_commands(tmp_path_factory.mktemp("official")))
    assert len(found) > 25, found
    assert sum(len(command.options) for command in found) > 100, found
    return found


def spellings(path: tuple[str, ...]) -> set[str]:
    command = load_command(*path) if path else program("stdbpy")
    return {spelling for option in command.params for spelling in option.opts}


def left_out(path: tuple[str, ...]) -> set[str]:
    command = load_command(*path) if path else program("stdbpy")
    assert isinstance(command, Group) or hasattr(command, "left_out")
    return set(command.left_out)


@pytest.mark.real
def test_every_official_command_is_here_or_left_out(official: list[OfficialCommand]) -> None:
    missing = [
        command.path
        for command in official
        if command.path and command.path not in OURS and command.path[-1] not in left_out(command.path[:-1])
    ]
    assert missing == []


@pytest.mark.real
def test_every_official_option_is_here_or_left_out(official: list[OfficialCommand]) -> None:
    missing = [
        (*command.path, spelling)
        for command in official
        if not command.path or command.path in OURS
        for option in command.options
        for spelling in option
        if spelling not in spellings(command.path) | left_out(command.path)
    ]
    assert missing == []


@pytest.mark.real
def test_the_table_has_a_row_for_each_of_them(official: list[OfficialCommand]) -> None:
    listed = {(row.path, spelling) for row in ROWS for spelling in row.spellings}
    wanted = {
        (command.path, spelling)
        for command in official
        if not command.path or command.path in OURS
        for option in command.options
        for spelling in option
    }
    assert wanted - listed == set()
    assert {command.path for command in official if command.path} - parity_table.commands() == set()


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_row_is_true(run: Run, row: Row) -> None:
    """What it says is here is here, and what is left out is refused with a reason, as wrong usage."""
    command = load_command(*row.path) if row.path in OURS else program("stdbpy")
    if row.ours == LEFT_OUT:
        done = run(*row.path, row.spellings[-1])
        assert (done.code, done.out) == (2, "")
        assert row.note.split("`")[0].strip().rstrip(".") in done.err.replace("\n", " "), done.err
    elif row.is_option:
        assert row.path in OURS or row.path == ()
        assert set(row.spellings) <= {spelling for option in command.params for spelling in option.opts}
    elif (*row.path, row.spellings[0]) not in OURS:
        names = {option.name for option in command.params if option.param_type_name == "argument"}
        assert names, f"{row.path} takes no positional arguments"


def test_each_row_is_there_once() -> None:
    keys = [(row.path, row.spellings) for row in ROWS]
    assert len(keys) == len(set(keys))


def test_commands_of_ours_alone_are_listed() -> None:
    text = parity_table.PAGE.read_text(encoding="utf-8")
    official_or_said = parity_table.commands()
    for path in OURS - official_or_said:
        assert f"`stdbpy {' '.join(path)}" in text, path


def test_what_is_left_out_is_in_the_table() -> None:
    listed = {(row.path, spelling) for row in ROWS for spelling in row.spellings if row.ours == LEFT_OUT}
    refused = {(path, spelling) for path in [(), *OURS] for spelling in left_out(path)}
    assert refused == listed
    assert set(commands.LEFT_OUT) <= {row.spellings[0] for row in ROWS if row.path == ()}
