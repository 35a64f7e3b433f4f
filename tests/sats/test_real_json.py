"""The cases of ``json_cases.py`` on a real server: what it takes and gives, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.real_servers import RealServer, wasm
from tests.sats.json_cases import CASES, Cases

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def database(real_server: RealServer) -> Iterator[httpx.Client]:
    """The routes of a fresh database of the module ``sdk_test``."""
    with httpx.Client(base_url=real_server.url, trust_env=False, verify=False, timeout=60) as client:
        published = client.post("/v1/database", content=wasm("sdk_test-2.8.3"))
        published.raise_for_status()
        identity = published.json()["Success"]["database_identity"]
        token = published.headers.get("spacetime-identity-token")
        client.headers["authorization"] = f"Bearer {token}"
        client.base_url = httpx.URL(f"{real_server.url}/v1/database/{identity}")
        client.headers["content-type"] = "application/json"
        yield client


def _rows(database: httpx.Client, table: str) -> list[Any]:
    answer = database.post("/sql", content=f"SELECT * FROM {table}")
    assert answer.status_code == 200, answer.text
    rows: list[Any] = answer.json()[0]["rows"]
    return rows


@pytest.mark.parametrize("cases", CASES, ids=lambda cases: cases.table)
def test_the_real_server_agrees(database: httpx.Client, cases: Cases) -> None:
    for sent, given in cases.taken:
        answer = database.post(f"/call/insert_{cases.table}", content=json.dumps([sent]))
        assert answer.status_code == 200, (sent, answer.text)
        rows = [repr(row[0]) for row in _rows(database, cases.table)]
        assert repr(given) in rows, (sent, rows)
    for sent in cases.refused:
        answer = database.post(f"/call/insert_{cases.table}", content=json.dumps([sent]))
        assert answer.status_code == 400, (sent, answer.text)
