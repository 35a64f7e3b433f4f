"""Rows as JSON: structs and models give the same."""

from __future__ import annotations

import json
import math
import uuid
from typing import Any

import pytest

from stdbpy import TaggedUnion
from stdbpy.client import to_json
from stdbpy.sats import ConnectionId, Err, Identity, Interval, Ok, Some, Time, TimeDuration, Timestamp
from stdbpy.sats.values import Variant
from tests.client.game import Score
from tests.client.generated import awkward_row, golden


class Shape(TaggedUnion): ...


class Circle(Shape):
    value: float


class Nothing(Shape): ...


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Identity.from_int(0xADA), "ada".rjust(64, "0")),
        (ConnectionId.from_int(1), "1".rjust(32, "0")),
        (b"\x00\xff", "00ff"),
        (Timestamp.parse("2024-01-02T03:04:05.678901+00:00"), "2024-01-02T03:04:05.678901+00:00"),
        (Timestamp(-(2**63)), -(2**63)),
        (TimeDuration(-1), -1),
        (Interval(TimeDuration(5)), {"tag": "Interval", "value": 5}),
        (Time(Timestamp(0)), {"tag": "Time", "value": "1970-01-01T00:00:00.000000+00:00"}),
        (2**256 - 1, 2**256 - 1),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Err("no"), {"error": "no"}),
        (Some(None), {"value": None}),
        (Ok(b"\x01"), {"value": "01"}),
        (Circle(2.5), {"tag": "Circle", "value": 2.5}),
        (Nothing(), {"tag": "Nothing"}),
        (Variant("Circle", 2.5), {"tag": "Circle", "value": 2.5}),
        (Variant("Nothing"), {"tag": "Nothing"}),
        ([math.nan, math.inf, -math.inf, 0.5], ["NaN", "Infinity", "-Infinity", 0.5]),
        ((True, None, 1), [True, None, 1]),
        ({"Zoë": [Score(1, 2, 3)]}, {"Zoë": [{"player_id": 1, "level": 2, "points": 3}]}),
    ],
)
def test_values(value: object, expected: Any) -> None:
    assert json.loads(to_json(value)) == expected


def test_structs_and_models_give_the_same() -> None:
    models, structs = golden("awkward_pydantic_client"), golden("awkward_client")
    model = awkward_row(models)
    layouts = structs.MODULE.catalog.tables
    table = next(name for name, layout in layouts.items() if layout.record.cls is structs.types.Row)
    encoded = models.MODULE.catalog.tables[table].codec.encode(model)
    struct = layouts[table].codec.decode(encoded)
    assert type(struct) is structs.types.Row
    assert json.loads(to_json(struct)) == json.loads(model.model_dump_json(by_alias=True)) == json.loads(to_json(model))
    assert to_json([model]) == f"[{to_json(model)}]"


def test_what_is_no_value() -> None:
    with pytest.raises(TypeError, match="object is no value"):
        to_json([object()])
