"""Which level of the ABI a module needs."""

from __future__ import annotations

import pytest

from stdbpy.errors import SchemaError, StdbError
from stdbpy.schema.definition import write_module_def
from stdbpy.wasm.abi import AbiLevel, Need, level_without_loss, names_in, needed_by, needs_of, told_at
from tests.module.running import load_code

TABLE = """
@table(name="person", public=True)
class Person:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str = column(unique=True)
    age: u32 = column(index="btree")

@reducer
def clear(ctx: ReducerContext) -> None:
    ctx.db.person.clear()
"""


def schema_of(code: str):
    return load_code(code).schema


def test_tables_and_reducers_need_nothing():
    assert needs_of(schema_of(TABLE)) == []
    assert needed_by(schema_of(TABLE)) is AbiLevel.V10_0


OUTBOX = """
@reducer
def ring(ctx: ReducerContext) -> None: ...

@table(outbox="ring")
class Call:
    id: u64 = auto_inc(primary_key=True)
    to: Identity = column(target=True)
"""


@pytest.mark.parametrize(
    ("code", "level", "what"),
    [
        ("@procedure\ndef fetch(ctx: ProcedureContext) -> None: ...", 3, "the procedure 'fetch'"),
        (
            "@table(name='try')\nclass Try:\n  outcomes: list[Ok[u32] | Err[str]]",
            1,
            "the result in 'outcomes' of the table 'try'",
        ),
        (
            (
                "from dataclasses import dataclass\n\n@dataclass\nclass Try:\n  outcome: Ok[u32] | Err[str]\n"
                "  more: list['Try']\n\n@reducer\ndef attempt(ctx: ReducerContext, how: u32, what: Try) -> None: ..."
            ),
            1,
            "the result in 'what' of the reducer 'attempt'",
        ),
        ("@view\ndef all(ctx: ViewContext) -> list[Person]: ...", 4, "the view 'all'"),
        ("@table(name='noise', event=True)\nclass Noise:\n  id: u64", 4, "the event table 'noise'"),
        (
            "@table(name='spot')\nclass Spot:\n  id: u64 = column(index='hash')",
            4,
            "the hash index 'spot_id_idx_hash'",
        ),
        (
            "@http_handler\ndef hello(ctx: HandlerContext, request: HttpRequest) -> HttpResponse: ...",
            5,
            "the HTTP handler 'hello'",
        ),
        ("@environment\nclass Env:\n  KEY: str", 6, "the value 'KEY' of the environment"),
        (OUTBOX, 6, "the outbox 'call'"),
    ],
)
def test_what_needs_a_level(code, level, what):
    schema = schema_of(TABLE + code)
    assert needs_of(schema) == [Need(AbiLevel(level), what)]
    assert needed_by(schema) == level


def test_the_highest_comes_first():
    view = "@view\ndef all(ctx: ViewContext) -> list[Person]: ...\n"
    schema = schema_of(TABLE + view + "@procedure\ndef fetch(ctx: ProcedureContext) -> None: ...")
    assert [need.level for need in needs_of(schema, {"sender_auth"})] == [4, 3, 2]


@pytest.mark.parametrize(
    "source", [b"def f(ctx):\n  return ctx.sender_auth.jwt", b"def f(ctx):\n  return getattr(ctx, 'sender_auth')"]
)
def test_claims_are_seen_in_the_code(source):
    assert needed_by(schema_of(TABLE), names_in({"game.py": source})) is AbiLevel.V10_2
    assert needed_by(schema_of(TABLE), names_in({"game.py": b"sender_authority = 1"})) is AbiLevel.V10_0


def test_words_of_files_that_are_too_long_to_be_parsed_count(monkeypatch):
    monkeypatch.setattr("stdbpy.wasm.abi.LONGEST_PARSED", 10)
    assert "sender_auth" in names_in({"game.py": b"def g(ctx):\n  return ctx.sender_auth"})


def test_default_values_of_columns_are_told_from_a_level_on():
    """A server of version 1.2 reads no definition with some; the module does not need them to be there."""
    schema = schema_of("@table\nclass Person:\n  id: u64\n  age: u32 = 7")
    assert needed_by(schema) is AbiLevel.V10_0
    assert level_without_loss(schema) is AbiLevel.V10_1
    assert told_at(schema, AbiLevel.V10_1) is schema
    assert [column.default for column in told_at(schema, AbiLevel.V10_0).tables[0].columns] == [None, None]


def test_without_default_values_nothing_is_lost_at_any_level():
    assert level_without_loss(schema_of(TABLE)) is AbiLevel.V10_0
    schema = schema_of(TABLE)
    assert told_at(schema, AbiLevel.V10_0) is schema


def test_a_level_is_written_as_it_is_imported():
    assert str(AbiLevel.V10_5) == "10.5"
    assert AbiLevel.named("10.5") is AbiLevel.V10_5
    with pytest.raises(StdbError, match=r"10\.7") as caught:
        AbiLevel.named("10.7")
    assert "10.6" in caught.value.hint


@pytest.mark.parametrize("level", AbiLevel)
def test_a_definition_of_a_level_has_words_for_what_needs_no_higher_one(level):
    """All that V9 cannot say needs a level whose servers read V10."""
    lost = "@table(name='noise', event=True)\nclass Noise:\n  id: u64"
    assert write_module_def(schema_of(TABLE), level.definition_version)
    if level >= needed_by(schema_of(lost)):
        assert write_module_def(schema_of(lost), level.definition_version)
    else:
        with pytest.raises(SchemaError):
            write_module_def(schema_of(lost), level.definition_version)
