"""Asks the real server and writes what it answers into ``data``.

``STDBPY_TEST_SERVERS=… python -m tests.engine.sql.recording`` does all of it again. Of a refusal only
the status is kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import real_servers
from tests.engine.sql.statements import DATABASES
from tests.engine.sql.steps import AsOther, Step, Stored

DATA = Path(__file__).with_name("data")
_LONGEST_KEPT = 300


def shown(sql: str) -> str:
    """How a statement stands in the data: very long ones do not."""
    return sql if len(sql) <= _LONGEST_KEPT else f"{sql[:40]}… ({len(sql)} characters)"


class RealDatabase:
    """A module on the real server, published by its owner."""

    def __init__(self, client: httpx.Client, name: str, program: bytes) -> None:
        self._client = client
        self._name = name
        # In this order, because identities are compared.
        identities = sorted((self._new_identity(), self._new_identity()))
        (self.owner, self._owner_token), (self.other, self._other_token) = identities
        self._send("PUT", "", content=program).raise_for_status()

    def schema(self) -> dict[str, Any]:
        """The definition, version 10, without what SQL does not look at, in an order of ours: that of
        the server changes."""
        definition: dict[str, Any] = self._send("GET", "/schema", params={"version": 10}).json()
        for section in definition["sections"]:
            for emptied in ("Reducers", "LifeCycleReducers", "Types"):
                if emptied in section:
                    section[emptied] = []
            for unordered in (section.get("Tables"), section.get("ExplicitNames", {}).get("entries")):
                if unordered is not None:
                    unordered.sort(key=json.dumps)
        return definition

    def answers(self, steps: Iterable[Step]) -> Iterator[dict[str, Any]]:
        for step in steps:
            match step:
                case Stored(table, row):
                    self._store(table, row)
                case AsOther(sql):
                    yield {"as": "other", **self._answer(sql, self._other_token)}
                case sql:
                    yield self._answer(sql, self._owner_token)

    def _store(self, table: str, row: list[Any]) -> None:
        """By the reducer of that name; a module that has none puts the row there by itself."""
        answer = self._send("POST", f"/call/insert_{table}", json=row)
        if answer.status_code != httpx.codes.NOT_FOUND:
            answer.raise_for_status()

    def _answer(self, sql: str, token: str) -> dict[str, Any]:
        text = sql.replace("{owner}", self.owner).replace("{other}", self.other)
        answer = self._send("POST", "/sql", token, content=text.encode())
        if answer.status_code != httpx.codes.OK:
            return {"sql": shown(sql), "status": answer.status_code}
        (result,) = json.loads(answer.text.replace(self.owner, "{owner}").replace(self.other, "{other}"))
        rows = sorted(result["rows"], key=json.dumps)
        changed = [result["stats"][f"rows_{verb}"] for verb in ("inserted", "deleted", "updated")]
        return {"sql": shown(sql), "columns": result["schema"], "rows": rows, "changed": changed}

    def _send(self, method: str, path: str, token: str = "", **content: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self._owner_token}"}
        return self._client.request(method, f"/v1/database/{self._name}{path}", headers=headers, **content)

    def _new_identity(self) -> tuple[str, str]:
        answer = self._client.post("/v1/identity").json()
        return answer["identity"], answer["token"]


def program_of(module: str) -> bytes:
    """A module's WebAssembly; SpacetimeDB's own smoketests stand in a folder of their own."""
    smoketest = Path(os.environ.get(real_servers.SERVERS, "")) / "smoketests" / f"{module}.wasm"
    return smoketest.read_bytes() if smoketest.is_file() else real_servers.wasm(module)


def recorded(url: str, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The schema and the answers of the database called ``name`` on the server at ``url``."""
    module, statements = DATABASES[name]
    with httpx.Client(base_url=url, trust_env=False, verify=False, timeout=30) as client:
        database = RealDatabase(client, f"sql-{name.replace('_', '-')}", program_of(module))
        return database.schema(), list(database.answers(statements()))


def main() -> None:
    with real_servers.running("2.8.3") as server:
        for name in DATABASES:
            schema, answers = recorded(server.url, name)
            (DATA / f"{name}.schema.json").write_text(json.dumps(schema, separators=(",", ":")) + "\n")
            lines = [json.dumps(answer, ensure_ascii=False) for answer in answers]
            (DATA / f"{name}.answers.jsonl").write_text("\n".join(lines) + "\n")
            print(f"{name}: {len(answers)} answers")


if __name__ == "__main__":
    try:
        main()
    except pytest.skip.Exception as reason:
        raise SystemExit(str(reason)) from None
