from __future__ import annotations

import pytest

from stdbpy.errors import Problem
from stdbpy.schema import (
    HttpHandler,
    HttpRoute,
    ModuleSchema,
    Submodule,
    read_module_def,
    schema_from_json,
    validate,
)
from tests.schema import recorded
from tests.schema.builders import module
from tests.schema.modules_to_judge import ACCEPTED, REFUSED, Refused


def errors(schema: ModuleSchema) -> list[Problem]:
    return [problem for problem in validate(schema) if problem.level == "error"]


@pytest.mark.parametrize("schema", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepts_what_a_server_accepts(schema: ModuleSchema) -> None:
    assert errors(schema) == []


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_refuses_saying_where_and_why(case: Refused) -> None:
    found = errors(case.schema)
    assert any(problem.where == case.where and case.message in problem.message for problem in found), found


@pytest.mark.parametrize("name", recorded.NAMES)
def test_finds_nothing_in_modules_that_ran(name: str) -> None:
    assert validate(read_module_def(recorded.definition(name))) == []
    assert validate(schema_from_json(recorded.printed(name, 10))) == []
    assert validate(schema_from_json(recorded.printed(name, 9))) == []


def test_all_findings_come_at_once() -> None:
    broken = [REFUSED["two reducers of one name"].schema, REFUSED["route in capitals"].schema]
    both = module(reducers=broken[0].reducers, http_handlers=broken[1].http_handlers, http_routes=broken[1].http_routes)
    assert errors(both) == errors(broken[0]) + errors(broken[1])


def test_routes_of_a_mounted_module_are_a_warning() -> None:
    mounted = module(http_handlers=(HttpHandler("h", "h"),), http_routes=(HttpRoute("h", "GET", "/a"),))
    [problem] = validate(module(submodules=(Submodule("auth", "auth", mounted),)))
    assert (problem.level, problem.where) == ("warning", "module auth")


def test_deeply_shared_types_are_looked_into_once() -> None:
    """Each type refers twice to the next: looking into every use would take 2**200 steps."""
    from stdbpy.sats.types import TypeRef, product

    chain = [(f"T{n}", product(("a", TypeRef(n + 2)), ("b", TypeRef(n + 2)))) for n in range(200)]
    schema = module(product(("a", TypeRef(1))), *chain, ("Last", product()))
    assert errors(schema) == []
