"""What databases with the same module tell of themselves."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from stdbpy.engine.programs import load_program
from stdbpy.engine.system_tables.definitions import LATER, SYSTEM, TABLE_IDS
from stdbpy.schema.definition import write_module_def
from stdbpy.schema.model import ModuleSchema, Submodule
from stdbpy.wasm.definition_module import definition_module
from tests import real_servers
from tests.contract.programs import package
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject

pytestmark = pytest.mark.real

FIRST_USER_ID = 4096
TABLES = sorted(TABLE_IDS.keys() - LATER)
"""Those that 2.8.3 has."""
BY_CASE = ("st_client", "st_connection_credentials")
"""What is in them depends on who is connected."""

COMPILED = ["quickstart_chat-1.2.0", "sdk_test-2.8.3", "sdk_test_event_table-2.8.3", "sdk_test_view-2.8.3"]
SMOKETESTS = ["views_sql", "views_query", "rls_with_filter", "schedule_procedure", "autoinc_unique", "dml"]

_USERS = """
@table(name="user", public=True)
class User:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str = column(unique=True)
    team: u8 = column(index="btree")
"""


def program_of(module: str) -> bytes:
    if module == "with a module inside":
        return mounted()
    return (
        real_servers.wasm(module)
        if module in COMPILED
        else real_servers.program(f"smoketests/{module}.wasm").read_bytes()
    )


@cache
def mounted() -> bytes:
    inner = _schema_of(_USERS)
    outer = _schema_of(_USERS.replace("User", "Person").replace('"user"', '"person"'))
    schema = ModuleSchema(
        **{
            **{name: getattr(outer, name) for name in outer.__dataclass_fields__},
            "submodules": (Submodule("auth", "auth", inner),),
        }
    )
    return definition_module(write_module_def(schema, 10))


def _schema_of(source: str) -> ModuleSchema:
    return load_program(package(source)).schema


def rows(server: Subject, database: str, table: str) -> list[str]:
    """In an order of ours, without the numbers that the real server gives in the order of a hash table."""
    found: list[list[Any]] = server.rows(database, f"SELECT * FROM {table}")
    for row in found:
        if table in ("st_index", "st_sequence", "st_constraint") and row[0] >= FIRST_USER_ID:
            row[0] = "given"
        if table == "st_module":
            row[:2] = ["database", "owner"]
    return sorted(map(json.dumps, found))


@pytest.mark.parametrize("module", [*COMPILED, *SMOKETESTS, "with a module inside"])
def test_same_rows(both: Both, module: str):
    database = both.publish(program_of(module), "system-tables")
    for table in TABLES:
        if table not in BY_CASE:
            assert rows(both.embedded, database, table) == rows(both.real, database, table), table


def test_columns_of_answers(both: Both):
    database = both.publish(program_of("views_sql"), "system-tables")
    for table in TABLES:
        embedded, real = (server.sql(database, f"SELECT * FROM {table}").json()[0]["schema"] for server in both)
        assert embedded == real, table


def test_who_may_read_them(both: Both):
    database = both.publish(program_of("dml"), "system-tables")
    for server in both:
        _, stranger = server.new_token()
        allowed = [
            table for table in TABLES if server.sql(database, f"SELECT * FROM {table}", token=stranger).is_success
        ]
        assert allowed == [table for table in TABLES if table != "st_connection_credentials"]


def test_used_up_numbers(both: Both):
    database = both.publish(program_of("autoinc_unique"), "system-tables")
    for server in both:
        assert server.sql(database, "INSERT INTO person_u_32 (key_col, name) VALUES (0, 'a')").is_success
    assert rows(both.embedded, database, "st_sequence") == rows(both.real, database, "st_sequence")


def test_clients_that_ask_are_connected(both: Both):
    """With SQL over HTTP, too."""
    database = both.publish(program_of("dml"), "system-tables")
    for server in both:
        ((identity, _),) = server.rows(database, "SELECT * FROM st_client")
        assert identity.removeprefix("0x") == server.identity
        ((_, claims),) = server.rows(database, "SELECT * FROM st_connection_credentials")
        assert json.loads(claims)["hex_identity"] == server.identity


def test_what_is_stored_can_be_changed(both: Both):
    database = both.publish(program_of("dml"), "system-tables")
    for server in both:
        inserted = [server.sql(database, "SET row_limit = 7").json()[0]["stats"]["rows_inserted"] for _ in range(2)]
        assert inserted == [1, 0]
        assert server.rows(database, "SELECT * FROM st_var") == [["row_limit", [8, 7]]]
        assert server.rows(database, "SHOW row_limit") == [[[8, 7]]]
        assert server.sql(database, "SET row_limit = 8").status_code == 400
        assert server.sql(database, "DELETE FROM st_var").is_success
        assert server.rows(database, "SELECT * FROM st_var") == []


def test_all_are_there():
    assert [table.name for table in SYSTEM.tables] == sorted([*TABLES, *LATER], key=TABLE_IDS.__getitem__)


CHANGES = [
    "INSERT INTO st_client (identity, connection_id) VALUES (1, 2)",
    "INSERT INTO st_client (identity, connection_id) VALUES (1, 2)",
    "INSERT INTO st_client (identity, connection_id) VALUES (0x01, 2)",
    "INSERT INTO st_connection_credentials (connection_id, jwt_payload) VALUES (2, 'x')",
    "INSERT INTO st_connection_credentials (connection_id, jwt_payload) VALUES (2, 'y')",
    "UPDATE st_client SET connection_id = 3 WHERE connection_id = 2",
    "INSERT INTO st_var (name, value) VALUES ('row_limit', 1)",
    "INSERT INTO st_var (name) VALUES ('row_limit')",
    "DELETE FROM st_client WHERE connection_id = 3",
    "DELETE FROM st_nothing",
]


def test_changes_of_what_is_stored(both: Both):
    database = both.publish(program_of("dml"), "system-tables")
    stranger = {server.kind: server.new_token()[1] for server in both}
    for statement in CHANGES:
        embedded, real = (server.sql(database, statement).status_code for server in both)
        assert embedded == real, statement
        embedded, real = (server.sql(database, statement, token=stranger[server.kind]).status_code for server in both)
        assert embedded == real == 400, statement
        found = [server.rows(database, "SELECT * FROM st_client WHERE identity = 1") for server in both]
        assert found[0] == found[1]
