"""Deleting a database, at once or after one was asked about its children."""

from __future__ import annotations

from typing import Any

import pytest

from stdbpy.api.deletion import DatabaseTree, HasChildren, delete
from stdbpy.errors import Forbidden, UnexpectedAnswer
from stdbpy.sats import Identity
from tests.api.scripted import carry, json_answer, text_answer

TOKEN = "ab" * 32


def identity(number: int) -> str:
    return f"{number:064x}"


def tree(number: int, *names: str, children: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {
        "root": {"database_identity": identity(number), "database_names": list(names)},
        "children": list(children),
    }


ASKED = {
    "database_tree": tree(1, "parent", children=(tree(2, "b", "a", children=(tree(3),)), tree(4, "child"))),
    "confirmation_token": TOKEN,
}


def test_at_once() -> None:
    _, [request] = carry(delete("chat"), text_answer(""))
    assert (request.method, request.path, request.query) == ("DELETE", "/v1/database/chat", {})


def test_children_are_told_before_anything_is_deleted() -> None:
    with pytest.raises(HasChildren, match="'chat' has children") as caught:
        carry(delete("chat"), json_answer(ASKED, 428))
    assert caught.value.token == TOKEN
    assert [(depth, int(each.identity), each.names) for depth, each in caught.value.tree.walk()] == [
        (0, 1, ("parent",)),
        (1, 2, ("a", "b")),
        (2, 3, ()),
        (1, 4, ("child",)),
    ]
    assert caught.value.tree.children[1] == DatabaseTree(Identity.from_int(4), ("child",))


def test_the_token_agrees_to_it() -> None:
    _, [request] = carry(delete("chat", token=TOKEN), text_answer(""))
    assert request.query == {"token": TOKEN}


@pytest.mark.parametrize(
    "answer", [{}, {**ASKED, "database_tree": []}, {**ASKED, "database_tree": tree(1) | {"root": 1}}]
)
def test_what_is_no_question(answer: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        carry(delete("chat"), json_answer(answer, 428))


def test_a_locked_database() -> None:
    with pytest.raises(Forbidden) as caught:
        carry(delete("chat"), text_answer("Database is locked and cannot be deleted.", 403))
    assert "stdbpy unlock chat" in caught.value.hint
