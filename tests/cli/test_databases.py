"""Which database a command is about: the command line, the environment, the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stdbpy.cli.databases import ChosenDatabase, resolve_database, resolve_words
from stdbpy.errors import ConfigError, UsageError

ONE = {"database": "foo", "server": "maincloud"}
TWO = {**ONE, "children": [{"database": "bar", "server": "local"}]}


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home)
    return home


def write(folder: Path, config: Any, name: str = "spacetime.json") -> None:
    (folder / name).write_text(json.dumps(config))


def test_nothing_names_one(folder: Path) -> None:
    for call in (lambda: resolve_database(None, "local"), lambda: resolve_words([], None)):
        with pytest.raises(UsageError, match="DATABASE is missing") as caught:
            call()
        assert "STDBPY_DATABASE" in caught.value.hint


def test_only_the_command_line(folder: Path) -> None:
    assert resolve_database("db", "local") == ChosenDatabase("db", "local")
    assert resolve_words(["db", "f", "1"], None) == ChosenDatabase("db", None, ("f", "1"))


@pytest.mark.parametrize(
    ("database", "server", "expected"),
    [
        (None, None, ChosenDatabase("foo", "maincloud", said_by="spacetime.json")),
        (None, "local", ChosenDatabase("foo", "local", said_by="spacetime.json")),
        ("foo", None, ChosenDatabase("foo", "maincloud")),
        ("foo", "local", ChosenDatabase("foo", "local")),
        ("other", None, ChosenDatabase("other", None)),
        ("other", "local", ChosenDatabase("other", "local")),
    ],
)
def test_project_of_one(folder: Path, database: str | None, server: str | None, expected: ChosenDatabase) -> None:
    write(folder, ONE)
    (folder / "src").mkdir()
    assert resolve_database(database, server) == expected


@pytest.mark.parametrize(
    ("words", "fall_through", "database", "server", "rest"),
    [
        ([], False, "foo", "maincloud", ()),
        (["f", "1"], False, "foo", "maincloud", ("f", "1")),
        (["foo", "f"], False, "foo", "maincloud", ("f",)),
        (["foo"], False, "foo", "maincloud", ()),
        (["other", "SELECT 1"], True, "other", None, ("SELECT 1",)),
        (["foo", "SELECT 1"], True, "foo", "maincloud", ("SELECT 1",)),
    ],
)
def test_words_in_a_project_of_one(
    folder: Path, words: list[str], fall_through: bool, database: str, server: str | None, rest: tuple[str, ...]
) -> None:
    write(folder, ONE)
    chosen = resolve_words(words, None, fall_through=fall_through)
    assert (chosen.database, chosen.server, chosen.words) == (database, server, rest)


def test_project_of_several(folder: Path) -> None:
    write(folder, TWO)
    assert resolve_database("bar", None) == ChosenDatabase("bar", "local")
    assert resolve_database("other", None) == ChosenDatabase("other", None)
    assert resolve_words(["bar", "f"], None) == ChosenDatabase("bar", "local", ("f",))
    assert resolve_words(["other", "f"], None, fall_through=True) == ChosenDatabase("other", None, ("f",))
    with pytest.raises(UsageError, match=r"which database\? The project has foo, bar"):
        resolve_database(None, None)
    with pytest.raises(UsageError, match=r"which database\? The project has foo, bar"):
        resolve_words(["SELECT * FROM user"], None)
    with pytest.raises(UsageError, match="'baz' is none of the project's databases: foo, bar") as caught:
        resolve_words(["baz", "f"], None)
    assert caught.value.hint == "Did you mean 'bar'? With --no-config the project does not count"


def test_without_the_project(folder: Path) -> None:
    write(folder, TWO)
    assert resolve_words(["baz", "f"], None, no_config=True) == ChosenDatabase("baz", None, ("f",))
    assert resolve_database("foo", None, no_config=True) == ChosenDatabase("foo", None)
    with pytest.raises(UsageError, match="DATABASE is missing"):
        resolve_database(None, None, no_config=True)


def test_the_variable_comes_before_the_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, TWO)
    monkeypatch.setenv("STDBPY_DATABASE", "bar")
    assert resolve_database(None, None) == ChosenDatabase("bar", "local", said_by="STDBPY_DATABASE")
    assert resolve_database("foo", None) == ChosenDatabase("foo", "maincloud")
    assert resolve_words(["f"], None) == ChosenDatabase("bar", "local", ("f",), "STDBPY_DATABASE")
    assert resolve_words(["foo", "f"], None) == ChosenDatabase("foo", "maincloud", ("f",))
    monkeypatch.setenv("STDBPY_DATABASE", "elsewhere")
    assert resolve_database(None, None) == ChosenDatabase("elsewhere", None, said_by="STDBPY_DATABASE")
    assert resolve_words(["elsewhere", "f"], None) == ChosenDatabase("elsewhere", None, ("f",))
    assert resolve_words(["f", "1"], "local", no_config=True).words == ("f", "1")


def test_an_empty_variable_is_not_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDBPY_DATABASE", "")
    with pytest.raises(UsageError, match="DATABASE is missing"):
        resolve_database(None, None)


def test_layers_of_an_environment(folder: Path) -> None:
    write(folder, ONE)
    write(folder, {"database": "foo-staging"}, "spacetime.staging.json")
    assert resolve_database(None, None).database == "foo"
    assert resolve_database(None, None, env="staging").database == "foo-staging"


def test_a_python_project_without_a_database_says_nothing(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "game"\n')
    assert resolve_words(["chat", "f"], None) == ChosenDatabase("chat", None, ("f",))


def test_the_hint_about_a_word_that_was_meant_as_the_database(folder: Path) -> None:
    write(folder, ONE)
    chosen = resolve_words(["other", "f"], None)
    assert chosen.hint == ("The database is foo, as spacetime.json says; --no-config to name another as the first word")
    assert resolve_words(["foo", "f"], None).hint == ""


def test_a_broken_file_is_no_missing_file(folder: Path) -> None:
    (folder / "spacetime.json").write_text('{"database": "foo",\n "server":')
    with pytest.raises(ConfigError, match=r"spacetime\.json:2"):
        resolve_database("foo", None)
    assert resolve_database("foo", None, no_config=True).database == "foo"
