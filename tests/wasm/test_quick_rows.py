"""Rows of classes that the shim makes without calling their ``__init__``."""

from __future__ import annotations

import ast

import pytest

pytest.importorskip("wasmtime")

from tests.wasm.booted import Booted


@pytest.fixture
def guest() -> Booted:
    booted = Booted()
    code, result = booted.load()
    assert code == 0, result
    return booted


_ROWS = """
class Row:
    __slots__ = ("id", "name", "tags")

    def __init__(self, id, name="nobody", tags=None):
        self.id, self.name, self.tags = id, name, ["made"] if tags is None else tags

class Derived(Row):
    __slots__ = ()

def outcome(function):
    try:
        row = function()
    except Exception as error:
        return type(error).__name__, str(error)
    return type(row).__name__, row.id, row.name, row.tags

def outcomes():
    return [
        outcome(each)
        for each in (
            lambda: Row(1, "a", []), lambda: Row(1, "a", tags=[2]), lambda: Row(name="a", id=1), lambda: Row(1),
            lambda: Row(1, tags=[3]), lambda: Row(), lambda: Row(1, 2, 3, 4), lambda: Row(1, id=2),
            lambda: Row(1, nom="a"), lambda: Row(*[1, "b"], **{"ta" + "gs": []}), lambda: Derived(1, "a", []),
        )
    ]

before = outcomes()
host.make_quick(Row, ("id", "name", "tags"), (None, ("nobody",), None))
answer = repr((before == outcomes(), before))
"""


def test_rows_that_are_made_quickly_are_those_of_their_class(guest: Booted) -> None:
    are_same, before = ast.literal_eval(guest.run(_ROWS))

    assert are_same
    assert before[4] == ("Row", 1, "nobody", [3])
    assert before[5][0] == "TypeError"
