"""What Tab offers, at ``|`` in a statement."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.cli.shell.completion import quoted_column, quoted_table, suggestions
from stdbpy.cli.shell.names import SYSTEM_TABLES, Names
from stdbpy.sql.tokens import Kind, scan

NAMES = Names(
    {
        "player": ("id", "name", "order", "Last seen"),
        "message": ("sender", "text"),
        "auth.users": ("id", "user"),
        "strange name": ("x",),
    }
)


def offered(marked: str, names: Names = NAMES) -> list[str]:
    before, _, behind = marked.partition("|")
    found = suggestions(before, behind, names)
    return [before[: len(before) - suggestion.replaces][-1:] + ">" + suggestion.text for suggestion in found]


def texts(marked: str, names: Names = NAMES) -> list[str]:
    return [text.partition(">")[2] for text in offered(marked, names)]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("SEL|", ["SELECT"]),
        ("sel|", ["select"]),
        ("SELECT 1; del|", ["delete from"]),
        ("insert |", ["into"]),
        ("SELECT * FROM |", ["player", "message", "auth.users", '"strange name"']),
        ("SELECT * FROM pl|", ["player"]),
        ("SELECT * FROM str|", ['"strange name"']),
        ("SELECT * FROM auth.|", ["auth.users"]),
        ("SELECT * FROM st_|", list(SYSTEM_TABLES)),
        ("SELECT * FROM player, m|", ["message"]),
        ("INSERT INTO me|", ["message"]),
        ("UPDATE pl|", ["player"]),
        ("UPDATE player |", ["SET"]),
        ("UPDATE player SET |", ["id", "name", '"order"', '"Last seen"']),
        ("DELETE FROM player w|", ["where"]),
        ("SELECT na| FROM player", ["name"]),
        ("SELECT na|", ["name"]),
        ("SELECT | FROM player", ["id", "name", '"order"', '"Last seen"', "COUNT(*) AS ", "player."]),
        ("SELECT p.| FROM player p", ["id", "name", "order", '"Last seen"']),
        ("SELECT p.na| FROM player AS p JOIN message", ["name"]),
        ("SELECT auth.users.| FROM auth.users", ["id", "user"]),
        ("SELECT * FROM player p JOIN message m ON p.id = m.|", ["sender", "text"]),
        ("SELECT * FROM player JOIN message |", ["ON", "AS", "WHERE", "JOIN", "LIMIT"]),
        ("SELECT * FROM player WHERE n|", ["name"]),
        ("SELECT * FROM player WHERE id = 1 |", ["AND", "OR", "LIMIT"]),
        ("select * from player where id = :|", [":sender"]),
        ("SELECT * FROM player WHERE name = T|", ["TRUE"]),
        ("INSERT INTO message (|", ["sender", "text"]),
        ("INSERT INTO message (sender) V|", ["VALUES"]),
        ("DELETE FROM message; SELECT na|", ["name"]),
        ("SELECT * FROM message LIMIT |", []),
        ("SELECT 'na|", []),
        ("SELECT /* na|", []),
        ("SELECT * FROM player AS |", []),
        ("SELECT x.| FROM player", []),
    ],
)
def test_suggestions(marked: str, expected: list[str]) -> None:
    assert texts(marked) == expected


def test_keywords_without_names() -> None:
    assert texts("SELECT * F|", Names()) == ["FROM"]
    assert texts("SELECT * FROM |", Names()) == []
    assert "SELECT" in texts("|", Names())


def test_what_is_replaced() -> None:
    assert offered("SELECT p.na| FROM player p") == [".>name"]
    assert offered("SELECT * FROM auth.us|") == [" >auth.users"]
    assert offered("select * from player where id=:se|") == ["=>:sender"]


@given(st.text(st.sampled_from("SELECT * FROM player.,;='\"()/*-:\n"), max_size=40), st.integers(0, 40))
def test_half_written_statements_do_no_harm(text: str, cursor: int) -> None:
    before = text[:cursor]
    for found in suggestions(before, text[cursor:], NAMES):
        assert 0 <= found.replaces <= len(before)


@given(st.text(min_size=1).filter(lambda name: "\0" not in name))
def test_quoted_names_are_names(name: str) -> None:
    [token, _] = scan(quoted_column(name))

    assert token.is_name
    assert token.text == name


@given(st.lists(st.text(st.sampled_from("ab c_\"'9"), min_size=1), min_size=1))
def test_quoted_tables_are_names_with_dots(parts: list[str]) -> None:
    tokens = scan(quoted_table(".".join(parts)))[:-1]

    assert [token.text for token in tokens if token.kind is not Kind.SYMBOL] == parts
