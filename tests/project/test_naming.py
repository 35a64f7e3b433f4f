from __future__ import annotations

import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import InvalidName
from stdbpy.project.naming import ProjectNames, check_database_name, names_for


@pytest.mark.parametrize(
    ("project", "names"),
    [
        ("x", ProjectNames("x", "x")),
        ("chat", ProjectNames("chat", "chat")),
        ("My Chat", ProjectNames("my-chat", "my_chat")),
        ("my_chat.v2", ProjectNames("my-chat-v2", "my_chat_v2")),
        ("my--chat_", ProjectNames("my-chat", "my_chat")),
    ],
)
def test_names_that_follow_from_the_projects(project: str, names: ProjectNames) -> None:
    assert names_for(project) == names


@pytest.mark.parametrize(
    ("project", "message"),
    [
        ("", "cannot be the name of a database"),
        ("café", "cannot be the name of a database"),
        ("a/b", "cannot be the name of a database"),
        ("{{ 7 }}", "cannot be the name of a database"),
        ("2048", "cannot be the name of a Python package"),
        ("class", "'class': that is a keyword of Python"),
        ("queue", "would hide the one"),
        ("stdbpy", "would hide the one"),
        ("client", "would hide the one"),
    ],
)
def test_names_that_nobody_takes(project: str, message: str) -> None:
    with pytest.raises(InvalidName, match=message) as caught:
        names_for(project)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["a", "0", "a-b", "2048-game", "a" * 64])
def test_names_of_databases(name: str) -> None:
    if name == "a" * 64:
        with pytest.raises(InvalidName, match="must not look like an identity"):
            check_database_name(name)
    else:
        assert check_database_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "a--b", "A", "a_b", "a.b", "a\n", "ä"])
def test_names_that_no_database_has(name: str) -> None:
    with pytest.raises(InvalidName):
        check_database_name(name)


@given(st.text(max_size=12))
def test_all_names_that_pass_are_good(project: str) -> None:
    try:
        names = names_for(project)
    except InvalidName:
        return
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", names.database)
    assert names.package.isidentifier()
    assert not keyword.iskeyword(names.package)
