"""The ports say the same as the compiled modules, and do the same."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from stdbpy.engine.sql.row_security import rule_problems
from stdbpy.errors import ReducerError, RowNotFound, UniqueConstraintViolation
from stdbpy.module.load import LoadedModule, load
from stdbpy.module.package import source_of_folder
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp, Variant
from stdbpy.schema.definition import schema_from_json, schema_to_json
from stdbpy.schema.model import ModuleSchema
from tests.module.running import ANN, BOB, NOON, Running
from tests.schema import recorded

HERE = Path(__file__).parent

COMPILED = {
    "quickstart_chat": "quickstart_chat-1.2.0",
    "sdk_test": "sdk_test-1.2.0",
    "sdk_test_2_8_3": "sdk_test-2.8.3",
    "sdk_test_event_table": "sdk_test_event_table-2.8.3",
    "sdk_test_connect_disconnect": "sdk_test_connect_disconnect-2.8.3",
    "sdk_test_view": "sdk_test_view-2.8.3",
    "sdk_test_procedure": "sdk_test_procedure-2.8.3",
}
"""Of each port the compiled module, whose schema real servers printed: ``tests/schema`` has the records."""


@pytest.fixture(scope="module", params=COMPILED)
def port(request: pytest.FixtureRequest) -> LoadedModule:
    return load(source_of_folder(HERE / request.param), rule_problems)


def test_the_schema_is_that_of_the_compiled_module_in_version_9(port: LoadedModule):
    printed = recorded.printed(COMPILED[port.source.entry], 9)
    assert recorded.in_one_order(schema_to_json(port.schema, 9)) == recorded.in_one_order(printed)


def test_the_schema_is_that_of_the_compiled_module_in_version_10(port: LoadedModule):
    """Under the names that clients see: what Rust's code calls a thing where that is something else,
    as in ``one_u8`` for ``one_u_8``, Python's code does not."""
    compiled = COMPILED[port.source.entry]
    if compiled in recorded.V9_NAMES:
        pytest.skip("a definition in version 9 does not say that clients cannot call a scheduled reducer")
    printed = schema_from_json(recorded.printed(compiled, 10), 10)
    expected = schema_to_json(under_canonical_names(printed), 10)
    assert recorded.in_one_order(schema_to_json(port.schema, 10)) == recorded.in_one_order(expected)


def under_canonical_names(schema: ModuleSchema) -> ModuleSchema:
    def renamed(things: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(replace(thing, source_name=thing.name) for thing in things)

    tables = [
        replace(
            table,
            columns=renamed(table.columns),
            indexes=renamed(table.indexes),
            constraints=renamed(table.constraints),
            sequences=renamed(table.sequences),
            schedule=table.schedule and renamed((table.schedule,))[0],
        )
        for table in renamed(schema.tables)
    ]
    return replace(
        schema,
        source_typespace=schema.typespace,
        tables=tuple(tables),
        reducers=renamed(schema.reducers),
        types=renamed(schema.types),
        procedures=renamed(schema.procedures),
        views=renamed(schema.views),
    )


def test_no_warnings(port: LoadedModule):
    assert port.warnings == ()


# --- quickstart_chat -------------------------------------------------------------------------------


@pytest.fixture
def chat() -> Running:
    return Running(load(source_of_folder(HERE / "quickstart_chat")))


def test_users_come_and_go(chat: Running):
    chat.call("init")
    chat.call("identity_connected")
    chat.call("set_name", "Ann")
    chat.call("identity_connected", sender=BOB)
    chat.call("identity_disconnected")
    assert chat.rows("user") == [(BOB, None, True), (ANN, "Ann", False)]
    chat.call("identity_connected")
    assert chat.rows("user") == [(BOB, None, True), (ANN, "Ann", True)]


def test_messages(chat: Running):
    chat.call("send_message", "hi")
    assert chat.rows("message") == [(ANN, NOON, "hi")]


@pytest.mark.parametrize(
    ("reducer", "text", "message"),
    [
        ("set_name", "", "Names must not be empty"),
        ("set_name", "Ann", "Cannot set name for unknown user"),
        ("send_message", "", "Messages must not be empty"),
    ],
)
def test_what_the_chat_refuses(chat: Running, reducer, text, message):
    with pytest.raises(ReducerError, match=f"^{message}$"):
        chat.call(reducer, text)


def test_somebody_unknown_leaves(chat: Running):
    chat.call("identity_disconnected")
    assert chat.messages == [f"Disconnect event for unknown user with identity {ANN}"]


# --- sdk_test --------------------------------------------------------------------------------------


@pytest.fixture
def sdk(sdk_module: LoadedModule) -> Running:
    return Running(sdk_module)


@pytest.fixture(scope="module")
def sdk_module() -> LoadedModule:
    return load(source_of_folder(HERE / "sdk_test"))


@pytest.fixture
def newer_sdk(newer_sdk_module: LoadedModule) -> Running:
    return Running(newer_sdk_module)


@pytest.fixture(scope="module")
def newer_sdk_module() -> LoadedModule:
    return load(source_of_folder(HERE / "sdk_test_2_8_3"))


def simple_tables(schema: ModuleSchema) -> list[str]:
    return [table.name for table in schema.tables if f"insert_{table.name}" in schema.reducers_by_name]


@pytest.mark.parametrize(("module", "number"), [("sdk", 92), ("newer_sdk", 103)])
def test_every_table_takes_its_smallest_row(request: pytest.FixtureRequest, module: str, number: int):
    sdk: Running = request.getfixturevalue(module)
    schema = sdk.module.schema
    tables = simple_tables(schema)
    assert len(tables) == number
    for name in tables:
        table = schema.tables_by_name[name]
        # All zeroes is a value of every type: 0, "", the first variant, a present option of 0.
        size = _smallest(schema.row_type(table), schema)
        sdk.bound.call_reducer(f"insert_{name}", ANN, None, NOON, bytes(size))
        assert len(sdk.rows(name)) == 1
        deletes = {f"delete_all_{name}", f"delete_{name}"} & schema.reducers_by_name.keys()
        for reducer in deletes:
            params = schema.reducers_by_name[reducer].params
            sdk.bound.call_reducer(reducer, ANN, None, NOON, bytes(_smallest(params, schema)))
        assert len(sdk.rows(name)) == (0 if deletes else 1)


def _smallest(type, schema: ModuleSchema) -> int:
    """The number of zeroes that are a value."""
    codec = compile_codec(type, schema.typespace)
    for size in range(2000):
        with suppress(Exception):
            codec.decode(bytes(size))
            return size
    raise AssertionError("it takes more")


@pytest.mark.parametrize("kind", ["unique", "pk"])
def test_rows_with_a_key(sdk: Running, kind):
    sdk.call(f"insert_{kind}_string", "a", 1)
    with pytest.raises(UniqueConstraintViolation):
        sdk.call(f"insert_{kind}_string", "a", 2)
    sdk.call(f"update_{kind}_string", "a", 3)
    assert sdk.rows(f"{kind}_string") == [("a", 3)]
    with pytest.raises(LookupError if kind == "unique" else RowNotFound):
        sdk.call(f"update_{kind}_string", "b", 3)
    sdk.call(f"delete_{kind}_string", "b")
    sdk.call(f"delete_{kind}_string", "a")
    assert sdk.rows(f"{kind}_string") == []


@pytest.mark.parametrize("kind", ["unique", "pk"])
def test_rows_with_a_uuid_for_a_key(newer_sdk: Running, kind):
    one, two = UUID(int=1), UUID(int=2)
    newer_sdk.call(f"insert_{kind}_uuid", one, 1)
    with pytest.raises(UniqueConstraintViolation):
        newer_sdk.call(f"insert_{kind}_uuid", one, 2)
    newer_sdk.call(f"update_{kind}_uuid", one, 3)
    assert newer_sdk.rows(f"{kind}_uuid") == [(one, 3)]
    newer_sdk.call(f"delete_{kind}_uuid", two)
    newer_sdk.call(f"delete_{kind}_uuid", one)
    assert newer_sdk.rows(f"{kind}_uuid") == []


def test_uuids_that_a_reducer_makes(newer_sdk: Running):
    newer_sdk.call("insert_call_uuid_v_4")
    newer_sdk.call("insert_call_uuid_v_7")
    assert sorted(made.version for (made,) in newer_sdk.rows("one_uuid")) == [4, 7]
    newer_sdk.call("sorted_uuids_insert")
    assert len(newer_sdk.rows("pk_uuid")) == 1000


def test_enums_as_keys(sdk: Running):
    one, two = Variant("One"), Variant("Two")
    sdk.call("insert_into_indexed_simple_enum", one)
    sdk.call("update_indexed_simple_enum", one, two)
    sdk.call("update_indexed_simple_enum", one, one)
    assert sdk.rows("indexed_simple_enum") == [(two,)]
    sdk.call("insert_pk_simple_enum", one, 1)
    sdk.call("update_pk_simple_enum", one, 2)
    assert sdk.rows("pk_simple_enum") == [(one, 2)]
    with pytest.raises(ReducerError, match="row not found"):
        sdk.call("update_pk_simple_enum", two, 2)


def test_rows_of_several_tables(sdk: Running):
    sdk.call("insert_into_pk_btree_u32", [(1, 10)], [(1, 11), (2, 22)])
    sdk.call("delete_from_btree_u32", [(2, 22), (3, 33)])
    assert sdk.rows("btree_u32") == [(1, 11)]
    sdk.call("insert_unique_u32_update_pk_u32", 1, 5, 6)
    sdk.call("delete_pk_u32_insert_pk_u32_two", 1, 6)
    assert (sdk.rows("unique_u32"), sdk.rows("pk_u32"), sdk.rows("pk_u32_two")) == ([(1, 5)], [], [(1, 6)])
    sdk.call("insert_table_holds_table", (7,), (b"78",))
    assert sdk.rows("table_holds_table") == [((7,), (b"78",))]


def test_callers(sdk: Running):
    connection = ConnectionId.from_int(9)
    sdk.call("no_op_succeeds")
    sdk.call("insert_caller_one_identity", sender=BOB)
    sdk.call("insert_caller_vec_identity", sender=BOB)
    sdk.call("insert_caller_unique_identity", 1, sender=BOB)
    sdk.call("insert_caller_pk_identity", 2, sender=BOB)
    sdk.call("insert_caller_one_connection_id", connection=connection)
    sdk.call("insert_caller_vec_connection_id", connection=connection)
    sdk.call("insert_caller_unique_connection_id", 3, connection=connection)
    sdk.call("insert_caller_pk_connection_id", 4, connection=connection)
    sdk.call("insert_call_timestamp")
    with pytest.raises(ReducerError, match="No connection id"):
        sdk.call("insert_caller_one_connection_id")
    tables = ["one", "vec", "unique", "pk"]
    assert [sdk.rows(f"{table}_identity") for table in tables] == [[(BOB,)], [([BOB],)], [(BOB, 1)], [(BOB, 2)]]
    assert [sdk.rows(f"{table}_connection_id")[0][0] for table in tables] == [
        connection,
        [connection],
        connection,
        connection,
    ]
    assert sdk.rows("one_timestamp") == [(NOON,)]


def test_values_as_text_are_those_of_the_real_server(sdk: Running):
    """What the compiled module gave on the real server 1.2.0 for the same call."""
    integers = tuple(range(1, 13))
    for single, double in [(0.1, 0.1), (16777216.0, 123456789.123)]:
        row = (
            *(*integers, False, single, double, "text"),
            *(Identity.from_int(1), ConnectionId.from_int(2), Timestamp(1_000_000), TimeDuration(-1)),
        )
        sdk.call("insert_primitives_as_strings", row)
    texts = [str(number) for number in integers]
    ids = [f"{1:064x}", f"{2:032x}", "1970-01-01T00:00:01+00:00", "-0.000001"]
    assert sdk.rows("vec_string") == [
        ([*texts, "false", "0.1", "0.1", "text", *ids],),
        ([*texts, "false", "16777216", "123456789.123", "text", *ids],),
    ]
