"""The ports say the same as the compiled modules, and do the same."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from stdbpy.errors import ReducerError, RowNotFound, UniqueConstraintViolation
from stdbpy.module.load import LoadedModule, load
from stdbpy.module.package import source_of_folder
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp, Variant
from stdbpy.schema.definition import schema_to_json
from stdbpy.schema.model import ModuleSchema
from tests import real_servers
from tests.module.running import ANN, BOB, NOON, Running

HERE = Path(__file__).parent

NOT_DECLARED = {"sdk_test": "row_level_security"}
"""Parts that Python modules cannot declare yet."""


@pytest.fixture(scope="module", params=["quickstart_chat", "sdk_test"])
def port(request: pytest.FixtureRequest) -> LoadedModule:
    return load(source_of_folder(HERE / request.param))


def test_the_schema_is_that_of_the_compiled_module(port: LoadedModule):
    """As ``GET /v1/database/NAME/schema?version=9`` of the real servers 1.2.0 and 2.8.3 prints it."""
    name = port.source.entry
    printed = json.loads((HERE / "golden" / f"{name}-1.2.0.json").read_text())
    ours = schema_to_json(port.schema, 9)
    skipped = NOT_DECLARED.get(name)
    assert {key: part for key, part in ours.items() if key != skipped} == {
        key: part for key, part in printed.items() if key != skipped
    }


@pytest.mark.real
@pytest.mark.parametrize("server", ["real_server", "old_real_server"])
@pytest.mark.parametrize("module", ["quickstart_chat", "sdk_test"])
def test_the_golden_schemas_are_what_real_servers_print(request: pytest.FixtureRequest, server: str, module: str):
    url = request.getfixturevalue(server).url
    program = real_servers.wasm(f"{module}-1.2.0")
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        token = http.post("/v1/identity").json()["token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/wasm"}
        published = http.post("/v1/database", content=program, headers=headers).raise_for_status().json()
        database = published["Success"]["database_identity"]
        printed = http.get(f"/v1/database/{database}/schema", params={"version": 9}).json()
        http.delete(f"/v1/database/{database}", headers=headers)
    printed["row_level_security"].sort(key=lambda rule: rule["sql"])  # a server gives them in any order
    assert printed == json.loads((HERE / "golden" / f"{module}-1.2.0.json").read_text())


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


def simple_tables(schema: ModuleSchema) -> list[str]:
    return [table.name for table in schema.tables if f"insert_{table.name}" in schema.reducers_by_name]


def test_every_table_takes_its_smallest_row(sdk: Running):
    schema = sdk.module.schema
    tables = simple_tables(schema)
    assert len(tables) == 92
    for name in tables:
        table = schema.tables_by_name[name]
        # All zeroes is a value of every type: 0, "", the first variant, a present option of 0.
        size = next(size for size in range(2000) if _fits(schema.row_type(table), schema, size))
        sdk.bound.call_reducer(f"insert_{name}", ANN, None, NOON, bytes(size))
        assert len(sdk.rows(name)) == 1


def _fits(type, schema: ModuleSchema, size: int) -> bool:
    codec = compile_codec(type, schema.typespace)
    try:
        codec.decode(bytes(size))
    except Exception:
        return False
    return True


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
