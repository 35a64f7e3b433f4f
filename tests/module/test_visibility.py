"""Which rows clients see: what modules declare, and how what is wrong with it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stdbpy.errors import ModuleLoadError, Problem
from stdbpy.module.load import load
from stdbpy.schema.model import ModuleSchema
from tests.module.running import load_code, problems_of, source_of

NOTES = """
@table(public=True)
class Note:
    author: Identity
"""


def refuse_all(schema: ModuleSchema) -> Iterator[Problem]:
    """As if a server had something against every rule."""
    for sql in schema.row_level_security:
        yield Problem("error", f"rule {sql}", "not that one", "Another one")


def test_filters_are_rules_of_the_schema():
    module = load_code(
        f'{NOTES}client_visibility_filter("SELECT * FROM note WHERE author = :sender")\n'
        'client_visibility_filter("SELECT * FROM a")'
    )
    assert module.schema.row_level_security == ("SELECT * FROM a", "SELECT * FROM note WHERE author = :sender")
    assert module.warnings == ()


def test_filters_of_several_files_are_joined():
    module = load_code(
        "import world.rows\nclient_visibility_filter('b')",
        files={"world/__init__.py": "", "world/rows.py": "import stdbpy\nstdbpy.client_visibility_filter('a')"},
    )
    assert module.schema.row_level_security == ("a", "b")


def test_a_filter_that_is_there_twice_counts_once():
    module = load_code('client_visibility_filter("a")\nclient_visibility_filter("a")')
    assert module.schema.row_level_security == ("a",)
    [warning] = module.warnings
    assert str(warning).startswith("game.py:3: warning: the same filter is declared already, at game.py:2")


def test_what_is_no_text_is_refused_where_it_stands():
    [problem] = problems_of("client_visibility_filter(['SELECT'])")
    assert problem.where == "game.py:2"
    assert "takes a query as text, such as 'SELECT" in problem.message
    assert problem.message.endswith("not ['SELECT']")


def test_findings_about_rules_are_told_at_their_lines():
    code = f'{NOTES}client_visibility_filter(\n    "SELECT n.* FROM note n"\n)\nclient_visibility_filter("b")'
    with pytest.raises(ModuleLoadError) as caught:
        load(source_of(code), refuse_all)
    assert [str(problem) for problem in caught.value.problems] == [
        "game.py:6: error: not that one\n    hint: Another one",
        "game.py:9: error: not that one\n    hint: Another one",
    ]


def test_rules_are_not_looked_at_while_a_table_is_not_understood():
    with pytest.raises(ModuleLoadError) as caught:
        load(source_of("@table\nclass Note:\n    id: int\nclient_visibility_filter('a')"), refuse_all)
    assert [problem.where for problem in caught.value.problems] == ["game.py:4"]


def test_rules_are_looked_at_beside_what_is_wrong_with_reducers():
    with pytest.raises(ModuleLoadError) as caught:
        load(source_of("@reducer\ndef add(ctx, n: int): pass\nclient_visibility_filter('a')"), refuse_all)
    assert [problem.where for problem in caught.value.problems] == ["game.py:3", "game.py:4"]
