"""The same updates of the same databases: planned, refused and done alike, and told clients alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stdbpy.errors import SchemaError
from stdbpy.schema import write_module_def
from stdbpy.schema.definition import Version
from stdbpy.wasm.definition_module import definition_module
from tests.contract.side_by_side.conftest import Both
from tests.contract.side_by_side.updates import Update, happens
from tests.contract.side_by_side.updates_of_views import UPDATES_OF_VIEWS
from tests.contract.side_by_side.updates_with_rows import NUMBERS, SEVERAL, TABLES, UPDATES
from tests.contract.subject import fresh_name
from tests.schema.migrations_to_judge import MIGRATIONS
from tests.schema.modules_to_judge import REFUSED

pytestmark = pytest.mark.real

_PRIVATE = "the real server goes on to tell strangers of a table that they may not read any more"

DIFFERENCES = {
    "make a table private": _PRIVATE,
    "private, keyed and numbered": _PRIVATE,
    "a rule that stays while its table becomes private": _PRIVATE,
    "change who may read a view": "the real server cannot write the plan, and then does it",
}

DEADLY = {"add a numbered column"}
"""What the real server does not survive; the embedded one does it."""

WITHOUT_ROWS = {
    f"{name} (no rows)": Update(case.old, case.new, watched=f"SELECT * FROM {case.old.tables[0].name}")
    for name, case in MIGRATIONS.items()
    if case.old.tables
}
ALL = {**UPDATES, **UPDATES_OF_VIEWS, **WITHOUT_ROWS}
VIEWS = ("a view goes that somebody has", "a view comes", "a view that fails", "a view gets a key")
QUICK = {*VIEWS} | TABLES.keys() | NUMBERS.keys() | SEVERAL.keys()

CASES = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.long, id=name) for name in ALL if name not in DEADLY
]


@pytest.mark.difference("a public table that becomes private", "a change of who may read a view")
@pytest.mark.parametrize("name", CASES)
def test_update(both: Both, name: str):
    embedded, real = (list(happens(server, ALL[name])) for server in both)
    reason = DIFFERENCES.get(name.removesuffix(" (no rows)"))
    if reason is not None:
        assert embedded != real, f"it does not differ any more: {reason}"
        pytest.xfail(reason)
    assert embedded == real


@pytest.mark.long
@pytest.mark.parametrize("versions", [(9, 9), (9, 10), (10, 9)], ids=str)
@pytest.mark.parametrize("name", [name for name in UPDATES if name not in DEADLY | DIFFERENCES.keys()])
def test_older_definitions(both: Both, name: str, versions: tuple[Version, Version]):
    update = replace(UPDATES[name], versions=versions)
    try:
        update.programs()
    except SchemaError:
        pytest.skip("older definitions do not have this")
    embedded, real = (list(happens(server, update)) for server in both)
    assert embedded == real


@pytest.mark.difference("a new column with auto-increment in a table with rows")
@pytest.mark.parametrize("name", DEADLY)
def test_only_the_embedded_server_survives(both: Both, name: str):
    assert ("as planned", 200) in list(happens(both.embedded, ALL[name]))


@pytest.mark.parametrize("name", [name for name, case in REFUSED.items() if case.real != "dies"])
def test_definitions_that_are_not_in_order(both: Both, name: str):
    case = REFUSED[name]
    program = definition_module(write_module_def(case.schema))
    embedded, real = (server.ask("PUT", f"/v1/database/{fresh_name()}", content=program).status_code for server in both)
    assert (embedded, real) == (500, 200 if case.real == "yes" else 500)
