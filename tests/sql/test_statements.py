"""Where statements end: never inside quotes and comments."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.sql.statements import is_complete, split
from stdbpy.sql.tokens import Kind, scan


def texts(text: str) -> list[str]:
    return [statement.text for statement in split(text)]


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        (" ;; \n; -- nothing\n /* ; */", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;", ["SELECT 1"]),
        ("a; b ;c", ["a", "b", "c"]),
        ("a 'x;y' \";\"; b", ["a 'x;y' \";\"", "b"]),
        ("a 'it''s;'; b", ["a 'it''s;'", "b"]),
        ("a $$;$$ $t$ ; $$ $t$; b", ["a $$;$$ $t$ ; $$ $t$", "b"]),
        ("a -- ;\n; b", ["a", "b"]),
        ("a /* ; /* ; */ ; */ ; b", ["a", "b"]),
        ("a /* in the middle */ b; c", ["a /* in the middle */ b", "c"]),
        ("a; b 'open; c", ["a", "b 'open; c"]),
        ("a; /* open ; c", ["a", "/* open ; c"]),
    ],
)
def test_split(text: str, statements: list[str]) -> None:
    assert texts(text) == statements


def test_statements_know_their_place() -> None:
    first, second = split("  SELECT\n 1;\n -- two\n  DELETE")

    assert first.at == (1, 3)
    assert second.at == (4, 3)


@pytest.mark.parametrize("text", ["", ";", "a;", "a; -- and so on", "a; /* b */", "';';"])
def test_complete(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize("text", ["a", "a; b", "';", "a; '", "/* ;", "a -- ;", "$$;"])
def test_incomplete(text: str) -> None:
    assert not is_complete(text)


@given(st.text(st.sampled_from("a 1;'\"$-/*\\\nE"), max_size=30))
def test_tokens_lie_in_the_text_one_after_the_other(text: str) -> None:
    tokens = scan(text)

    assert [token.start for token in tokens] == sorted(token.start for token in tokens)
    assert all(before.end <= behind.start for before, behind in pairwise(tokens))
    assert tokens[-1].kind is Kind.END
    for token in tokens:
        before = text[: token.start]
        assert token.at == (before.count("\n") + 1, len(before) - before.rfind("\n"))


@given(st.text(st.sampled_from("a 1;'\"$-/*\\\nE"), max_size=30))
def test_what_was_split_does_not_split_again(text: str) -> None:
    for statement in split(text):
        assert texts(statement.text) == [statement.text]
