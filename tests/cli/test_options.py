"""How the words of a command line are read: what click alone would not understand."""

from __future__ import annotations

from types import ModuleType
from typing import Annotated

import pytest
import typer

from stdbpy.cli import commands
from stdbpy.cli.group import load_command, walk
from stdbpy.cli.left_out import LeftOut
from stdbpy.cli.options import FormatOption, NoConfig, Server, Yes, YesKinds
from stdbpy.cli.parameters import OneOf
from stdbpy.cli.terminal import confirm
from tests.cli.conftest import Run

CLEAR = OneOf("always", "never", if_left_out="always", synonyms={"immer": "always"})


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ([], "never"),
        (["-c"], "always"),
        (["--clear"], "always"),
        (["-c=never"], "never"),
        (["--clear=never"], "never"),
        (["--clear=immer"], "always"),
    ],
)
def test_options_whose_value_may_be_left_out(run: Run, command: ModuleType, words: list[str], value: str) -> None:
    def show(name: str, clear: Annotated[str, typer.Option("-c", "--clear", click_type=CLEAR)] = "never") -> None:
        print(name, clear)

    command.run = show
    assert run("probe", *words, "db").out == f"db {value}\n"


def test_nothing_behind_two_dashes_is_an_option(run: Run, command: ModuleType) -> None:
    def show(name: str, clear: Annotated[str, typer.Option("-c", "--clear", click_type=CLEAR)] = "never") -> None:
        print(name, clear)

    command.run = show
    assert run("probe", "--", "-c").out == "-c never\n"


def test_a_word_that_is_none_of_them(run: Run, command: ModuleType) -> None:
    def show(clear: Annotated[str, typer.Option("-c", "--clear", click_type=OneOf("always", "never"))] = "") -> None:
        print(clear)

    command.run = show
    done = run("probe", "-c", "alway")
    assert (done.code, done.out) == (2, "")
    assert done.err == "Error: --clear is always or never, not 'alway'\nHint: Did you mean 'always'?\n"
    assert "--clear always|never" in run("probe", "--help").out


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ([], None),
        (["-y"], ["all"]),
        (["--yes"], ["all"]),
        (["--yes=migrate,remote"], ["migrate", "remote"]),
        (["--yes=migrate", "-y=remote"], ["migrate", "remote"]),
    ],
)
def test_kinds_of_questions(run: Run, command: ModuleType, words: list[str], kinds: list[str] | None) -> None:
    def show(name: str, yes: YesKinds = None) -> None:
        print(name, yes)

    command.run = show
    assert run("probe", *words, "db").out == f"db {kinds}\n"


def test_a_kind_that_there_is_not(run: Run, command: ModuleType) -> None:
    def show(yes: YesKinds = None) -> None:
        print(yes)

    command.run = show
    done = run("probe", "--yes=migrate,delte-data")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("not 'delte-data'\nHint: Did you mean 'delete-data'?\n")


def test_the_flag_that_would_answer_is_named(run: Run, command: ModuleType) -> None:
    def ask(yes: YesKinds = None) -> None:
        confirm("Delete it?", kind="delete-data", yes=yes)

    command.run = ask
    done = run("probe", "--yes=remote")
    assert (done.code, done.out) == (2, "")
    assert done.err == ("Error: there is no terminal to ask on: Delete it?\nHint: --yes=delete-data answers yes\n")
    assert run("probe", "--yes=remote,delete-data").code == 0
    assert run("probe", "--yes").code == 0


def test_yes_as_a_flag(run: Run, command: ModuleType) -> None:
    def ask(yes: Yes = False) -> None:
        confirm("Delete it?", yes=yes)

    command.run = ask
    assert run("probe").err.endswith("Hint: --yes answers yes\n")
    assert run("probe", "-y").code == 0


LEFT_OUT = {
    "--pg-port": LeftOut("it speaks no PostgreSQL", hint="Use `stdbpy sql`"),
    "install": LeftOut("pip does that"),
}


@pytest.mark.parametrize("words", [["--pg-port", "5432"], ["--pg-port=5432"], ["-s", "x", "--pg-port"]])
def test_an_option_that_is_left_out(run: Run, command: ModuleType, words: list[str]) -> None:
    command.run = _show_words
    command.LEFT_OUT = LEFT_OUT
    done = run("probe", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err == "Error: stdbpy probe has no --pg-port: it speaks no PostgreSQL\nHint: Use `stdbpy sql`\n"


@pytest.mark.parametrize("words", [["install", "2.8"], ["-s", "x", "install"]])
def test_a_word_that_is_left_out(run: Run, command: ModuleType, words: list[str]) -> None:
    command.run = _show_words
    command.LEFT_OUT = LEFT_OUT
    assert run("probe", *words).err == "Error: stdbpy probe has no install: pip does that\n"


def left_out() -> list[tuple[str, ...]]:
    """Everything that commands leave out, after the command's own words."""
    found = [(name,) for name in commands.LEFT_OUT]
    for path in walk():
        found += [(*path, word) for word in load_command(*path).left_out]
    return found


@pytest.mark.parametrize("words", left_out(), ids=" ".join)
def test_what_the_commands_leave_out(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words, "value")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"Error: {' '.join(('stdbpy', *words[:-1]))} has no {words[-1]}: ")


@pytest.mark.parametrize("words", [["x", "install"], ["-s", "install"], ["--", "--pg-port"], ["-s", "--pg-port"]])
def test_where_it_is_another_word(run: Run, command: ModuleType, words: list[str]) -> None:
    command.run = _show_words
    command.LEFT_OUT = LEFT_OUT
    assert run("probe", *words).code == 0


def _show_words(words: Annotated[list[str] | None, typer.Argument()] = None, server: Server = None) -> None:
    print(server, words)


@pytest.mark.parametrize(("value", "expected"), [("", "None"), ("maincloud", "maincloud")])
def test_an_empty_variable_is_not_set(
    run: Run, command: ModuleType, monkeypatch: pytest.MonkeyPatch, value: str, expected: str
) -> None:
    def show(server: Server = None, format: FormatOption = None, no_config: NoConfig = False) -> None:
        print(server)

    monkeypatch.setenv("STDBPY_SERVER", value)
    command.run = show
    assert run("probe").out == f"{expected}\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-5"], ["-5"]),
        (["-.5e3", "--", "-x"], ["-.5e3", "-x"]),
        (["--number", "-7", "-1"], ["-1"]),
        ([" -5", "-5 apples"], [" -5", "-5 apples"]),
        (["--", "-5"], ["-5"]),
    ],
)
def test_negative_numbers_are_no_options(run: Run, command: ModuleType, words: list[str], expected: list[str]) -> None:
    def show(arguments: list[str], number: Annotated[int, typer.Option("--number")] = -7) -> None:
        print(number, arguments)

    command.run = show
    assert run("probe", *words).out == f"-7 {expected}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--count", "ten"], "--count is a whole number, not 'ten'"),
        (["--seconds", "soon"], "--seconds is a number, not 'soon'"),
        (["--seconds", "-1"], "--seconds cannot be -1.0, only x>=0"),
        (["some"], "AMOUNT is a whole number, not 'some'"),
    ],
)
def test_what_is_no_number(run: Run, command: ModuleType, words: list[str], message: str) -> None:
    def show(
        amount: Annotated[int, typer.Argument(metavar="AMOUNT")] = 1,
        count: Annotated[int, typer.Option("-n", "--count")] = 1,
        seconds: Annotated[float, typer.Option("--seconds", min=0)] = 1.0,
    ) -> None:
        print(amount, count, seconds)

    command.run = show
    done = run("probe", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"Error: {message}\nHint: `stdbpy probe --help` shows how it is used\n"
