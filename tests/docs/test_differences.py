"""The page of known differences and the tests that hold them belong together: each line has a test that is marked
with its first column, and each mark a line. Smoketests that do not pass stand there with their reasons."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.docs.console import ROOT
from tests.smoketests.differences import DIFFERENCES, DIFFERENCES_OF_THE_SERVER

PAGE = (ROOT / "docs" / "embedded" / "differences.md").read_text(encoding="utf-8")
DIFFERENCES_HERE, SMOKETESTS = PAGE.split("## SpacetimeDB's smoketests")

_ROW = re.compile(r"^\| (?!what \||smoketest \|)(?P<what>[^|]+) \| (?P<rest>.+) \|$", re.MULTILINE)


def rows(text: str) -> dict[str, str]:
    """What stands behind the first column of each line."""
    return {row["what"]: row["rest"] for row in _ROW.finditer(text)}


def marked(tree: ast.Module) -> Iterator[str]:
    """What the marks ``difference`` of a file of tests name."""
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.difference":
                yield from (ast.literal_eval(argument) for argument in decorator.args)


def test_each_difference_has_a_test_and_each_test_its_line() -> None:
    held = {
        what
        for file in (ROOT / "tests").rglob("test_*.py")
        for what in marked(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert held == rows(DIFFERENCES_HERE).keys()


def test_smoketests_and_their_reasons() -> None:
    told = {**DIFFERENCES_OF_THE_SERVER, **DIFFERENCES}
    assert rows(SMOKETESTS) == {f"`{name.removeprefix('smoketests::')}`": reason for name, reason in told.items()}


def test_each_line_has_all_columns() -> None:
    assert all(rest.count(" | ") == 2 for rest in rows(DIFFERENCES_HERE).values())
