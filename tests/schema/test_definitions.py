"""Definitions of real modules: as they hand them out, and as the real server prints them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stdbpy.errors import SchemaError
from stdbpy.sats.types import IDENTITY, UNIT, ArrayType, TypeRef, product
from stdbpy.schema import (
    CasePolicy,
    EnvironmentKind,
    EnvironmentValue,
    HttpHandler,
    HttpRoute,
    Index,
    IndexAlgorithm,
    Lifecycle,
    ModuleSchema,
    Outbox,
    Procedure,
    Submodule,
    Table,
    Visibility,
    complete,
    read_module_def,
    schema_from_json,
    schema_to_json,
    validate,
    write_module_def,
)
from tests.schema import recorded
from tests.schema.builders import SCHEDULED_ROW, U64, index, keyed, module, reducer, scheduled, view


@pytest.mark.parametrize("version", [9, 10])
@pytest.mark.parametrize("name", recorded.NAMES)
def test_reading_a_module_gives_what_the_server_made_of_it(name: str, version: int) -> None:
    schema = read_module_def(recorded.definition(name))
    printed = schema_to_json(schema, version)
    assert recorded.in_one_order(printed) == recorded.in_one_order(recorded.printed(name, version))


@pytest.mark.parametrize("version", [9, 10])
@pytest.mark.parametrize("name", recorded.NAMES)
def test_what_a_server_prints_is_written_as_it_was_read(name: str, version: int) -> None:
    printed = recorded.printed(name, version)
    assert schema_to_json(schema_from_json(printed), version) == printed


@pytest.mark.parametrize("name", recorded.NAMES)
def test_both_versions_that_a_server_prints_agree(name: str) -> None:
    v9 = schema_from_json(recorded.printed(name, 9))
    v10 = schema_from_json(recorded.printed(name, 10))
    assert schema_to_json(v10, 9) == schema_to_json(v9, 9)
    assert (v9.version, v10.version) == (9, 10)


@pytest.mark.parametrize("name", recorded.NAMES)
def test_a_definition_written_and_read_again_is_the_same_schema(name: str) -> None:
    schema = read_module_def(recorded.definition(name))
    again = read_module_def(write_module_def(schema, 9 if schema.version == 9 else 10))
    assert _unordered(again) == _unordered(schema)


def _unordered(schema: ModuleSchema) -> ModuleSchema:
    """V9 is written sorted by names."""
    tables = [
        replace(
            table,
            indexes=tuple(sorted(table.indexes, key=lambda item: item.name)),
            constraints=tuple(sorted(table.constraints, key=lambda item: item.name)),
        )
        for table in schema.tables
    ]
    return replace(
        schema,
        tables=tuple(sorted(tables, key=lambda table: table.name)),
        types=tuple(sorted(schema.types, key=lambda definition: definition.full_name)),
    )


def test_the_form_with_its_version_around_it() -> None:
    printed = recorded.printed("modules_basic", 10)
    assert schema_from_json({"V10": printed}) == schema_from_json(printed)
    printed = recorded.printed("modules_basic", 9)
    assert schema_from_json({"V9": printed}) == schema_from_json(printed, 9)


def test_nothing_but_tables_and_functions_is_public_by_another_name() -> None:
    """What the policy does to each kind of name, and what explicit names do instead."""
    row = product(("fooBar", U64), ("HTTPStatus", TypeRef(1)))
    schema = module(
        row,
        ("theKind", ArrayType(UNIT)),
        table=keyed(source_name="PersonTable", indexes=(Index("", "", "byFoo", IndexAlgorithm.BTREE, (0,)),)),
        reducers=(reducer("addPerson", ("firstName", U64)),),
        case_policy=CasePolicy.SNAKE_CASE,
    )
    [table] = schema.tables
    assert (table.name, table.source_name) == ("person_table", "PersonTable")
    assert [(column.name, column.source_name) for column in table.columns] == [
        ("foo_bar", "fooBar"),
        ("http_status", "HTTPStatus"),
    ]
    assert table.indexes[0] == Index(
        "person_table_foo_bar_idx_btree", "PersonTable_fooBar_idx_btree", "byFoo", IndexAlgorithm.BTREE, (0,)
    )
    assert table.constraints[0].name == "person_table_foo_bar_key"
    assert [definition.name for definition in schema.types] == ["Row", "TheKind"]
    assert (schema.reducers[0].name, schema.reducers[0].params.names) == ("add_person", ("firstName",))
    assert schema.row_type(table).names == ("foo_bar", "http_status")
    assert read_module_def(write_module_def(schema)) == schema

    printed = schema_from_json(schema_to_json(schema))
    assert printed.tables[0].source_name == "PersonTable"
    assert printed.tables[0].columns[0].source_name == "foo_bar"
    assert printed.reducers == schema.reducers


def test_explicit_names_survive() -> None:
    schema = module(
        table={
            "source_name": "people",
            "name": "Person Table",
            "indexes": (Index("by_id", "people_id_idx_btree", None, IndexAlgorithm.BTREE, (0,)),),
        },
        reducers=(replace(reducer("add"), name="AddPerson"),),
        http_handlers=(HttpHandler("Answer", "answer"),),
        http_routes=(
            HttpRoute("Answer", "GET", "/a"),
            HttpRoute("Answer", "QUERY", "/b"),
            HttpRoute("Answer", "*", ""),
        ),
        submodules=(Submodule("Auth", "auth", module(case_policy=CasePolicy.SNAKE_CASE)),),
        case_policy=CasePolicy.SNAKE_CASE,
    )
    assert read_module_def(write_module_def(schema)) == schema


def test_what_only_the_server_calls_becomes_private() -> None:
    schema = module(
        SCHEDULED_ROW,
        table=scheduled(),
        reducers=(
            reducer("run", ("row", TypeRef(0))),
            reducer("start", lifecycle=Lifecycle.INIT),
            reducer("free"),
        ),
    )
    private = {function.name for function in schema.reducers if function.visibility is Visibility.PRIVATE}
    assert private == {"run", "start"}
    assert read_module_def(write_module_def(schema)) == schema
    as_v9 = read_module_def(write_module_def(schema, 9))
    assert {function.visibility for function in as_v9.reducers} == {Visibility.CLIENT_CALLABLE}


def test_parts_of_2_14_are_kept() -> None:
    row = product(("id", U64), ("target", IDENTITY), ("text", U64))
    schema = module(
        row,
        table=keyed(outbox=Outbox("receive", 1, (2,), "on_sent", 2**255)),
        reducers=(reducer("onSent", ("row", TypeRef(0))),),
        environment=(
            EnvironmentValue("KEY"),
            EnvironmentValue("MODE", EnvironmentKind.UNION, ("dev", "prod"), optional=True),
            EnvironmentValue("ONE", EnvironmentKind.LITERAL, ("1",)),
        ),
        submodules=(Submodule("my_auth", "myAuth", module()),),
        case_policy=CasePolicy.SNAKE_CASE,
    )
    assert schema.reducers[0].visibility is Visibility.PRIVATE
    assert read_module_def(write_module_def(schema)) == schema
    printed = schema_from_json(schema_to_json(schema))
    assert (printed.environment, printed.tables[0].outbox) == (schema.environment, schema.tables[0].outbox)


def test_a_view_keeps_its_key_by_the_columns_name_in_the_code() -> None:
    schema = module(
        product(("rowId", U64)), views=(view("all", primary_key=("row_id",)),), case_policy=CasePolicy.SNAKE_CASE
    )
    assert read_module_def(write_module_def(schema)) == schema
    assert schema.view_primary_key(schema.views[0]) == 0


def test_a_query_view_has_the_key_of_its_tables() -> None:
    query = view("some", product(("__query__", TypeRef(0))))
    schema = module(table=keyed(), views=(query, view("all")))
    assert [schema.view_primary_key(view) for view in schema.views] == [0, None]
    other_key = replace(schema.tables[0], name="other", primary_key=1)
    unclear = replace(schema, tables=(*schema.tables, other_key))
    assert unclear.view_primary_key(unclear.views[0]) is None


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        (module(table={"is_event": True}), "table person"),
        (module(submodules=(Submodule("", "auth", module()),)), "module"),
        (module(http_handlers=(HttpHandler("h", "h"),)), "module"),
    ],
)
def test_v9_does_not_lose_what_it_cannot_say(schema: ModuleSchema, where: str) -> None:
    with pytest.raises(SchemaError) as raised:
        write_module_def(schema, 9)
    assert [problem.where for problem in raised.value.problems] == [where]
    assert "2.x" in raised.value.hint


def test_names_left_out_are_those_of_the_server() -> None:
    """A schema built by hand becomes the recorded one of the same module."""
    recorded_schema = read_module_def(recorded.definition("add_remove_index_indexed"))
    bare = ModuleSchema(
        source_typespace=recorded_schema.source_typespace,
        types=tuple(replace(it, name="") for it in recorded_schema.types),
        tables=tuple(
            Table(
                "",
                table.source_name,
                table.product_ref,
                (),
                is_public=table.is_public,
                indexes=tuple(Index("", "", it.accessor, it.algorithm, it.columns) for it in table.indexes),
            )
            for table in recorded_schema.tables
        ),
        reducers=tuple(replace(it, name="") for it in recorded_schema.reducers),
        case_policy=recorded_schema.case_policy,
    )
    assert complete(bare) == recorded_schema
    assert complete(complete(bare)) == complete(bare)


def test_modules_are_walked_outermost_first() -> None:
    inner = module(submodules=(Submodule("", "deep", module()),))
    schema = module(submodules=(Submodule("", "auth", inner), Submodule("", "log", module())))
    assert [prefix for prefix, _ in schema.walk()] == ["", "auth.", "auth.deep.", "log."]


def test_a_generated_name_for_each_kind_of_index() -> None:
    schema = module(
        table={
            "indexes": (
                index(0),
                index(0, 1),
                index(0, algorithm=IndexAlgorithm.HASH),
                index(0, algorithm=IndexAlgorithm.DIRECT),
            )
        },
        procedures=(Procedure("", "p", UNIT, UNIT),),
    )
    assert [index.name for index in schema.tables[0].indexes] == [
        "person_id_idx_btree",
        "person_id_name_idx_btree",
        "person_id_idx_hash",
        "person_id_idx_direct",
    ]
    assert validate(schema) == []
