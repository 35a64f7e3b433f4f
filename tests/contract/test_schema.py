"""The schema route: versions, and that a Python port has the schema of the module it is a port of."""

from __future__ import annotations

from typing import Any

import pytest

from stdbpy.schema.definition import schema_from_json
from tests.contract.subject import Subject


@pytest.mark.parametrize("version", ["9", "10"])
def test_versions(server: Subject, shared_chat: str, version: str):
    answer = server.ask("GET", f"/v1/database/{shared_chat}/schema?version={version}", token=None)
    if server.is_old and version == "10":
        assert answer.status_code == 400
        return
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert "spacetime-identity" in answer.headers
    assert set(answer.json()) >= ({"sections"} if version == "10" else {"typespace", "tables", "reducers", "types"})


@pytest.mark.parametrize("query", ["", "?version=", "?version=8", "?version=11", "?version=ten", "?expand=true"])
def test_other_versions_are_refused(server: Subject, shared_chat: str, query: str):
    answer = server.ask("GET", f"/v1/database/{shared_chat}/schema{query}")
    assert answer.status_code == 400


def test_the_client_reads_it(server: Subject, shared_chat: str):
    with server.client() as api:
        schema = api.schema(shared_chat)
    assert sorted(table.name for table in schema.tables) == ["message", "user"]
    assert {"set_name", "send_message"} <= {reducer.name for reducer in schema.reducers}


@pytest.mark.parametrize("database", ["shared_chat", "sdk", "newer_sdk"])
def test_both_versions_say_the_same(server: Subject, database: str, request: pytest.FixtureRequest):
    if server.is_old:
        pytest.skip("1.2.0 has version 9 alone")
    name = request.getfixturevalue(database)
    with server.client() as api:
        nine, ten = (schema_from_json(api.schema_json(name, version)) for version in (9, 10))
    assert _outline(nine) == _outline(ten)


def _outline(schema: Any) -> dict[str, Any]:
    """What both definitions can say: tables with columns, reducers with parameters."""
    return {
        **{table.name: [(column.name, column.type) for column in table.columns] for table in schema.tables},
        **{f"{reducer.name}()": reducer.params for reducer in schema.reducers},
    }
