"""mypy and basedpyright know what a generated client can be asked, and find mistakes."""

from __future__ import annotations

import pytest

from tests.typing.test_type_checkers import HERE, check


@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_good_use_is_accepted(checker, tmp_path):
    assert check(checker, tmp_path, HERE / "good_queries.py", HERE.parent / "client" / "game.py") == set()


@pytest.mark.parametrize("checker", ["mypy", "basedpyright"])
def test_mistakes_are_found(checker, tmp_path):
    bad = HERE / "bad_queries.py"
    marked = {number for number, line in enumerate(bad.read_text().splitlines(), 1) if line.endswith("# error")}
    assert len(marked) > 40
    assert {line for _, line in check(checker, tmp_path, bad)} == marked
