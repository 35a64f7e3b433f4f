"""Our answers against those of the real server: verdict, columns, rows, counts of changed rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from stdbpy.engine.results import StatementResult
from stdbpy.engine.sql import Sql
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import SqlError
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.meta import type_to_json
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.values import Identity
from stdbpy.schema.definition import schema_from_json
from tests.engine.sql.recording import DATA, recorded, shown
from tests.engine.sql.statements import DATABASES
from tests.engine.sql.steps import AsOther, Step, Stored
from tests.real_servers import RealServer

OWNER = Identity.from_hex("c2" + "17" * 31)
OTHER = Identity.from_hex("c2" + "29" * 31)


def with_identities(text: str) -> str:
    return text.replace("{owner}", str(OWNER)).replace("{other}", str(OTHER))


@cache
def recorded_answers(name: str) -> list[dict[str, Any]]:
    return [json.loads(with_identities(line)) for line in (DATA / f"{name}.answers.jsonl").read_text().splitlines()]


class OurDatabase:
    """The same module over a transaction in memory, its statements one after the other."""

    def __init__(self, name: str) -> None:
        schema = schema_from_json(json.loads((DATA / f"{name}.schema.json").read_text()))
        self._schema = schema
        self._sql = Sql(schema)
        self._store = Store(schema)

    def answers(self, steps: Iterator[Step]) -> Iterator[tuple[str, StatementResult | SqlError]]:
        for step in steps:
            match step:
                case Stored(table, row):
                    self._put(table, row)
                case AsOther(sql):
                    yield sql, self._answer(sql, OTHER)
                case sql:
                    yield sql, self._answer(sql, OWNER)

    def _put(self, table: str, row: list[Any]) -> None:
        schema, transaction = self._schema, Transaction(self._store)
        type = schema.row_type(schema.tables_by_name[table])
        table_id = transaction.table_id(table)
        assert table_id is not None
        json_codec = compile_json_codec(type, schema.typespace)
        values = json_codec.from_json(json.loads(with_identities(json.dumps(row))))
        transaction.insert(table_id, compile_codec(type, schema.typespace).encode(values))
        transaction.commit()

    def _answer(self, sql: str, caller: Identity) -> StatementResult | SqlError:
        transaction = Transaction(self._store)
        try:
            (result,) = self._sql.run(with_identities(sql), transaction, caller=caller, is_owner=caller == OWNER)
        except SqlError as refusal:
            transaction.rollback()
            return refusal
        transaction.commit()
        return result


def as_recorded(result: StatementResult) -> dict[str, Any]:
    codec = compile_json_codec(result.columns, form="result")
    columns = type_to_json(result.columns)["Product"]
    changed = [result.rows_inserted, result.rows_deleted, result.rows_updated]
    return {"columns": columns, "rows": [codec.to_json(row) for row in result.rows], "changed": changed}


def multiset(rows: list[Any]) -> Counter[str]:
    return Counter(json.dumps(row) for row in rows)


def difference(ours: StatementResult | SqlError, theirs: dict[str, Any]) -> str | None:
    """A sentence, if we answer differently."""
    statement = theirs["sql"]
    if isinstance(ours, SqlError):
        return None if "status" in theirs else f"{statement}\n    refused: {ours}\n    but the real server: {theirs}"
    recorded = as_recorded(ours)
    if "status" in theirs:
        return f"{statement}\n    answered: {recorded}\n    but the real server refuses it"
    rows, their_rows = multiset(recorded["rows"]), multiset(theirs["rows"])
    if "LIMIT" in statement.upper():  # which rows is free
        rows, their_rows = Counter(rows=rows.total()), Counter(rows=their_rows.total())
    if rows == their_rows and all(recorded[part] == theirs[part] for part in ("columns", "changed")):
        return None
    return f"{statement}\n    ours:  {recorded}\n    their: {theirs}"


def differences(name: str) -> Iterator[str]:
    ours = OurDatabase(name).answers(DATABASES[name][1]())
    for theirs, (sql, answer) in zip(recorded_answers(name), ours, strict=True):
        assert theirs["sql"] == with_identities(shown(sql)), "recorded from other statements: record them again"
        sentence = difference(answer, theirs)
        if sentence is not None:
            yield sentence


@pytest.mark.parametrize("name", DATABASES)
def test_same_answers_as_the_real_server(name: str) -> None:
    found = list(differences(name))
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:20])


@pytest.mark.real
@pytest.mark.parametrize("name", DATABASES)
def test_the_real_server_still_answers_so(name: str, real_server: RealServer) -> None:
    _, answers = recorded(real_server.url, name)
    kept = [json.loads(line) for line in (DATA / f"{name}.answers.jsonl").read_text().splitlines()]
    different = [
        (mine["sql"], mine, theirs)
        for mine, theirs in zip(kept, answers, strict=True)
        if mine != theirs and " LIMIT " not in mine["sql"]
    ]
    assert not different
