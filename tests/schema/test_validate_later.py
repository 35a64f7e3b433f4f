"""What came after SpacetimeDB 2.8.3: the rules of 2.14."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stdbpy.sats.types import IDENTITY, UNIT, Primitive, TypeRef, product, result
from stdbpy.schema import EnvironmentKind, EnvironmentValue, ModuleSchema, Outbox, Procedure, Submodule, validate
from tests.schema.builders import (
    SCHEDULED_ROW,
    STRING,
    U8,
    U64,
    keyed,
    module,
    reducer,
    scheduled,
    sequence,
    view,
)

SENT = reducer("sent", ("row", TypeRef(0)), ("result", result(UNIT, STRING)))


def sending(*reducers: Any, table: dict[str, Any] | None = None, **outbox: Any) -> ModuleSchema:
    row = product(("id", U64), ("to", IDENTITY), ("text", STRING))
    fields = {"remote_reducer": "receive", "target_column": 1, "arg_columns": (2,), "on_result": None, **outbox}
    marked = keyed(outbox=Outbox(signature_hash=1, **fields), **(table or {}))
    return module(row, table=marked, reducers=reducers or (SENT,))


def test_a_good_outbox() -> None:
    assert validate(sending()) == []
    assert validate(sending(on_result="sent")) == []
    assert validate(sending(remote_reducer="auth.receive")) == []
    named = module(
        product(("id", U64), ("to", IDENTITY)),
        ("CallResult", result(UNIT, STRING)),
        table=keyed(outbox=Outbox("receive", 1, (), "sent", 1)),
        reducers=(reducer("sent", ("row", TypeRef(0)), ("result", TypeRef(1))),),
    )
    assert validate(named) == []


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (sending(table={"is_event": True}), "neither an event table"),
        (sending(table={"primary_key": None}), "primary key of type u64"),
        (sending(target_column=2), "its target"),
        (sending(target_column=0), "its target"),
        (sending(target_column=9), "its target"),
        (sending(arg_columns=(1, 9)), "a column that the table does not have"),
        (sending(remote_reducer="auth..receive"), "is empty"),
        (sending(on_result="nobody"), "no such reducer"),
        (sending(reducer("sent"), on_result="sent"), "a row and the call's result"),
        (sending(reducer("sent", ("row", TypeRef(0)), ("result", TypeRef(9))), on_result="sent"), "a row and the"),
    ],
)
def test_a_bad_outbox(schema: ModuleSchema, message: str) -> None:
    problems = [problem for problem in validate(schema) if problem.where == "table person.outbox"]
    assert [message in problem.message for problem in problems] == [True]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (EnvironmentValue("1ST"), "no digit first"),
        (EnvironmentValue("É"), "no digit first"),
        (EnvironmentValue("A" * 257), "no digit first"),
        (EnvironmentValue("A", EnvironmentKind.UNION), "0 choices"),
        (EnvironmentValue("A", EnvironmentKind.UNION, ("x",) * 257), "257 choices"),
        (EnvironmentValue("A", EnvironmentKind.LITERAL, ("é" * 4097,)), "longer than 8192 bytes"),
    ],
)
def test_bad_environment_values(value: EnvironmentValue, message: str) -> None:
    [problem] = validate(module(environment=(value,)))
    assert message in problem.message


def test_environment_values_as_a_whole() -> None:
    good = tuple(EnvironmentValue(f"V{number}") for number in range(256))
    assert validate(module(environment=good)) == []
    assert "more than 256" in validate(module(environment=(*good, EnvironmentValue("ONE_MORE"))))[0].message
    assert "two values" in validate(module(environment=good[:1] * 2))[0].message
    large = [replace(value, kind=EnvironmentKind.LITERAL, literals=("x" * 8192,)) for value in good]
    choices = [replace(value, kind=EnvironmentKind.UNION, literals=("x" * 8192,) * 2) for value in good[:129]]
    assert validate(module(environment=tuple(large[:255]))) == []
    assert "2097152 bytes" in validate(module(environment=tuple(choices)))[0].message
    inside = module(submodules=(Submodule("", "auth", module(environment=good)),))
    assert "outermost" in validate(inside)[0].message


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        (module(table={"sequences": (sequence(0, start=5),)}), "table person.sequence person_id_seq"),
        (
            module(
                SCHEDULED_ROW,
                table={**scheduled(), "is_event": True},
                reducers=(reducer("run", ("row", TypeRef(0))),),
            ),
            "table person",
        ),
        (module(views=(view("v", params=product(("a", U8)), primary_key=("id",)),)), "view v"),
        (module(views=(view("v", params=product(("a", Primitive.F32))),)), "view v"),
        (module(submodules=(Submodule("", "person", module()),)), "table person"),
        (module(reducers=(reducer("a"),), submodules=(Submodule("", "a", module()),)), "reducer a"),
        (
            module(procedures=(Procedure("", "a", UNIT, UNIT),), submodules=(Submodule("", "a", module()),)),
            "procedure a",
        ),
        (module(views=(view("a"),), submodules=(Submodule("", "a", module()),)), "view a"),
    ],
)
def test_what_only_a_later_server_refuses_is_a_warning(schema: ModuleSchema, where: str) -> None:
    [problem] = validate(schema)
    assert (problem.level, problem.where) == ("warning", where)
    assert "2.14" in problem.hint
