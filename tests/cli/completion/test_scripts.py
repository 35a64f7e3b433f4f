"""The scripts as files: up to date, marked, and written so that no text of a command can break them."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from stdbpy.cli.completion import scripts
from stdbpy.cli.completion.answer import KINDS, QUESTIONS
from stdbpy.cli.completion.tree import Node, Option, Value, read_tree
from stdbpy.cli.group import walk
from stdbpy.schema import entities
from tests.cli.completion.conftest import User
from tests.cli.completion.shells import Bash, Fish, Shell, Zsh

HELP = 'It\'s "so" [big]: $(touch ran) `touch ran` \\ {a,b} 100% ~ * ; & | ’ …'
HOSTILE = Node(
    (),
    HELP,
    (
        Option(("-x", "--example"), HELP, Value("WORD", ("one", "two"))),
        Option(("--many",), HELP, Value("KIND", ("a", "b"), several=True), may_be_left_out=True, repeats=True),
        Option(("--where",), HELP, Value("DIR", paths="folders")),
        Option(("--flag",), HELP),
    ),
    children=(Node(("go",), f"{HELP}!", (), (Value("NAME", ("x", "y")),)), Node(("stop",), HELP, ())),
)


@pytest.fixture(scope="module")
def tree() -> Node:
    return read_tree()


def test_the_scripts_are_up_to_date() -> None:
    """Where this fails: ``make completions``."""
    assert [path.name for path in scripts.stale(scripts.write_all())] == []


def test_there_is_nothing_else_beside_them() -> None:
    assert {path.name for path in scripts.folder().iterdir()} == set(scripts.FILES.values())


@pytest.mark.parametrize("shell", scripts.FILES)
def test_a_script_says_that_it_is_generated(shell: str) -> None:
    assert scripts.MARK in "".join(scripts.script(shell).splitlines()[:2])


def test_check_fails_for_a_stale_script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in scripts.FILES.values():
        (tmp_path / name).write_text("old")
    monkeypatch.setattr(scripts, "folder", lambda: tmp_path)
    assert {path.name for path in scripts.stale({"_stdbpy": "new", "stdbpy.fish": "old"})} == {"_stdbpy"}


def test_the_tree_has_all_commands(tree: Node) -> None:
    assert {node.path for node in tree.walk()} == {(), *walk()}


def test_the_tree_knows_what_values_are(tree: Node) -> None:
    nodes = {node.name: node for node in tree.walk()}
    options = {name: option for option in nodes["publish"].options for name in option.spellings}
    assert options["-b"].value == Value("FILE", paths="files")
    assert options["--module-path"].value == Value("DIR", paths="folders")
    assert options["--server"].value == Value("SERVER", question="server")
    assert options["--break-clients"].value is None
    delete = options["--delete-data"]
    assert delete.value is not None
    assert (delete.value.words, delete.may_be_left_out) == (("always", "on-conflict", "never"), True)
    yes = options["--yes"]
    assert yes.value is not None
    assert yes.value.several and yes.may_be_left_out and yes.repeats
    assert [value.question for value in nodes["publish"].positionals] == ["database"]
    assert [value.question for value in nodes["call"].positionals] == ["function", "function", ""]
    assert [value.question for value in nodes["describe"].positionals] == ["entity"] * 3
    assert [value.question for value in nodes["server ping"].positionals] == ["server"]
    assert all("--help" in {name for option in node.options for name in option.spellings} for node in tree.walk())


def test_all_that_scripts_ask_is_answered(tree: Node) -> None:
    values = [value for node in tree.walk() for value in (*node.positionals, *(each.value for each in node.options))]
    asked = {value.question for value in values if value is not None} - {""}
    assert asked == set(QUESTIONS)
    assert entities.KINDS == KINDS


def test_words_need_no_quotes(tree: Node) -> None:
    """The writers rely on it: only what is shown to people may hold anything."""
    values = [value for node in tree.walk() for value in (*node.positionals, *(each.value for each in node.options))]
    words = {word for value in values if value is not None for word in (*value.words, value.label)}
    words |= {word for node in tree.walk() for word in node.path}
    words |= {name for node in tree.walk() for option in node.options for name in option.spellings}
    assert {word for word in words if not re.fullmatch(r"[\w:.-]+", word, re.ASCII)} == set()


@pytest.fixture(params=[Bash, Zsh, Fish], ids=lambda shell: shell.name)
def hostile(request: pytest.FixtureRequest, user: User, tmp_path: Path) -> Shell:
    name = request.param.name
    path = tmp_path / scripts.FILES[name]
    first = "#compdef stdbpy\n" if name == "zsh" else ""
    path.write_text(first + import_module(f"stdbpy.cli.completion.{name}").write(HOSTILE))
    shell: Shell = request.param(user.environment, user.at, path)
    return shell


def test_no_help_can_break_a_script(hostile: Shell, user: User) -> None:
    with hostile as shell:
        assert set(shell.offers("stdbpy ")) == {"go", "stop"}
        assert set(shell.offers("stdbpy --example ")) == {"one", "two"}
        assert set(shell.offers("stdbpy --many=")) == {"a", "b"}
        assert set(shell.offers("stdbpy --w")) == {"--where"}
        assert set(shell.offers("stdbpy go ")) == {"x", "y"}
        if isinstance(shell, Fish | Zsh):
            shown = [" ".join(line.split()) for line in shell.lines("stdbpy --fl")]
            assert any(line.startswith("--flag") and line.endswith(HELP) for line in shown), shown
            shown = [" ".join(line.split()) for line in shell.lines("stdbpy ")]
            assert any(line.startswith("stop") and line.endswith(HELP) for line in shown), shown
            assert any(line.startswith("go") and line.endswith(f"{HELP}!") for line in shown), shown
    assert not (user.at / "ran").exists()


@pytest.mark.parametrize("tree_of", [read_tree, lambda: HOSTILE], ids=["stdbpy", "hostile"])
def test_the_script_for_powershell_is_powershell(tree_of: type[Node]) -> None:
    """PowerShell itself is in no distribution: its grammar is all that this script is held to."""
    grammar = pytest.importorskip("tree_sitter_powershell")
    tree_sitter = pytest.importorskip("tree_sitter")
    from stdbpy.cli.completion import powershell

    text = powershell.write(tree_of()).encode()
    parsed = tree_sitter.Parser(tree_sitter.Language(grammar.language())).parse(text)
    assert not parsed.root_node.has_error
    assert text.isascii()
    broken = tree_sitter.Parser(tree_sitter.Language(grammar.language())).parse(text.replace(b"''", b"'", 1))
    assert broken.root_node.has_error


def test_writing_and_checking_by_module(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "stdbpy.cli.completion", *arguments],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert run("--check").returncode == 0
    assert run("--chekc").returncode == 2
