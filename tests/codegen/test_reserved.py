"""Generated code keeps clear of all attributes that the library's classes have."""

from __future__ import annotations

import ast
import inspect
import textwrap

import pydantic
import pytest

from stdbpy.client import AsyncConnection, Connection, ProcedureCalls, ReducerCalls
from stdbpy.client.tables import EventTableHandle, KeyedTableHandle
from stdbpy.codegen import reserved


def attributes_of(cls: type) -> set[str]:
    """Public attributes of the class and of its instances, as its own sources say."""
    found = {name for name in dir(cls) if not name.startswith("_")}
    for base in cls.__mro__:
        found |= set(getattr(base, "__annotations__", ()))
        if base.__module__.startswith("stdbpy."):
            tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node.value):
                    found.add(node.attr)
    return {name for name in found if not name.startswith("_")}


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


@pytest.mark.parametrize(
    ("reserved_names", "classes"),
    [
        (reserved.CONNECTION, [Connection, AsyncConnection]),
        (reserved.HANDLE, [KeyedTableHandle, EventTableHandle]),
        (reserved.CALLS - reserved.ANNOTATION_WORDS, [ReducerCalls, ProcedureCalls]),
        (reserved.PYDANTIC_MODEL, [pydantic.BaseModel]),
    ],
    ids=["connections", "handles", "calls", "pydantic"],
)
def test_reserved_names_are_those_of_the_classes(reserved_names: frozenset[str], classes: list[type]) -> None:
    not_reserved = set().union(*map(attributes_of, classes)) - reserved_names
    assert not not_reserved, "these names belong into stdbpy/codegen/reserved.py"
