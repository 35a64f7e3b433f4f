"""Rows as pydantic models: from the database and back, and through JSON."""

from __future__ import annotations

import importlib
import random
import sys
import uuid
from pathlib import Path
from typing import Any

import pydantic
import pytest
from pydantic import TypeAdapter, ValidationError

from stdbpy.codegen import RowStyle
from stdbpy.errors import MissingExtra
from stdbpy.sats import (
    ConnectionId,
    Err,
    Identity,
    Interval,
    Ok,
    ScheduleAt,
    Some,
    Time,
    TimeDuration,
    Timestamp,
    i8,
    u8,
    u64,
    u256,
)
from stdbpy.sats.bsatn import compile_codec
from tests.client.generated import awkward_row, golden, imported
from tests.codegen.test_generate import golden_schema
from tests.contract.values import bounds_of, random_of

awkward = golden("awkward_pydantic_client")

ADA = Identity.from_int(0xADA)
MOMENT = Timestamp.parse("2024-01-02T03:04:05.678901+00:00")


@pytest.mark.parametrize(
    ("type", "value", "json"),
    [
        (Identity, ADA, '"' + "ada".rjust(64, "0") + '"'),
        (ConnectionId, ConnectionId.from_int(1), '"' + "1".rjust(32, "0") + '"'),
        (Timestamp, MOMENT, '"2024-01-02T03:04:05.678901+00:00"'),
        (Timestamp, Timestamp(-(2**63)), str(-(2**63))),
        (TimeDuration, TimeDuration(-1), "-1"),
        (ScheduleAt, Interval(TimeDuration(5)), '{"tag":"Interval","value":5}'),
        (ScheduleAt, Time(MOMENT), '{"tag":"Time","value":"2024-01-02T03:04:05.678901+00:00"}'),
        (u64, 2**64 - 1, str(2**64 - 1)),
        (u256, 2**256 - 1, f'"{2**256 - 1}"'),
        (uuid.UUID, uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (list[Identity], [ADA], '["' + "ada".rjust(64, "0") + '"]'),
        (Ok[int] | Err[str], Err("no"), '{"error":"no"}'),
        (Some[int | None] | None, Some(None), '{"value":null}'),
    ],
)
def test_values_go_through_json(type: Any, value: object, json: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(type)
    assert adapter.dump_json(value).decode() == json
    read = adapter.validate_json(json)
    assert (read, read.__class__) == (value, value.__class__)
    assert adapter.validate_python(value) == value
    assert adapter.json_schema(mode="validation")
    assert adapter.json_schema(mode="serialization")


@pytest.mark.parametrize(
    ("type", "wrong"),
    [
        (u8, 256),
        (u8, -1),
        (i8, 128),
        (u256, 2**256),
        (Identity, "00"),
        (Identity, "x" * 64),
        (Identity, 3),
        (Timestamp, "yesterday"),
        (Timestamp, "2024-01-02T03:04:05"),
        (Timestamp, 2**63),
        (Timestamp, True),
        (TimeDuration, "5"),
        (ScheduleAt, {"tag": "Never", "value": 1}),
        (ScheduleAt, 5),
        (Time, {"tag": "Interval", "value": 1}),
    ],
)
def test_what_is_no_such_value_is_refused(type: Any, wrong: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(type).validate_python(wrong)


def test_a_row_goes_through_json() -> None:
    row = awkward_row(awkward)
    text = row.model_dump_json(by_alias=True)
    assert '"class":18446744073709551615' in text
    assert '"tree":{"tag":"Node","value":{"left":{"tag":"Leaf"},"right":{"tag":"Leaf"}}}' in text
    assert awkward.types.Row.model_validate_json(text) == row
    assert awkward.types.Row.model_validate(row.model_dump()) == row


def test_a_row_is_checked_unless_it_is_the_databases() -> None:
    types = awkward.types
    with pytest.raises(ValidationError):
        types.AuthSession(token="x", id=-1)
    assert types.AuthSession("x", -1).id == -1
    with pytest.raises(ValueError, match="shorter"):
        types.AuthSession("x")
    with pytest.raises(ValidationError, match="frozen"):
        types.AuthSession(token="x", id=1).id = 2


def test_rows_of_the_database_equal_those_of_programs() -> None:
    row = awkward_row(awkward)
    codec = awkward.MODULE.catalog.tables["import"].codec
    read = codec.decode(codec.encode(row))
    assert read == row
    assert type(read.tree) is awkward.types.TreeNode
    assert read.model_dump_json() == row.model_dump_json()


def test_every_row_of_sdk_test_goes_through_json(tmp_path: Path) -> None:
    dice = random.Random(2833)
    schema = golden_schema("sdk_test")
    with imported(schema, "sdk_pydantic", tmp_path, rows=RowStyle.PYDANTIC) as package:
        for layout in package.MODULE.catalog.tables.values():
            if layout.row_type.index not in package.MODULE._classes:
                continue
            plain = compile_codec(layout.row_type, layout.typespace)
            values = [*bounds_of(layout.row_type, layout.typespace), random_of(layout.row_type, layout.typespace, dice)]
            for data in map(plain.encode, values):
                row = layout.codec.decode(data)
                again = type(row).model_validate_json(row.model_dump_json(by_alias=True))
                assert layout.codec.encode(again) == data


def test_without_pydantic_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "stdbpy.client.pydantic_rows", raising=False)
    monkeypatch.setitem(sys.modules, "pydantic", None)
    with pytest.raises(MissingExtra) as caught:
        importlib.import_module("stdbpy.client.pydantic_rows")
    assert caught.value.hint == 'pip install "stdbpy[pydantic]"'
    assert pydantic is not None
