"""Rows: the same calls leave the same ones on every host."""

from __future__ import annotations

import random
from typing import Any

import pytest

from stdbpy.errors import ApiError
from stdbpy.sats.types import product
from stdbpy.sats.values import ConnectionId, Identity, Timestamp
from tests.contract.values import bounds_of, random_of, same
from tests.hosts.town import Town, on

pytestmark = on("native", "wasm", "2.8.3")

RANDOM_ROWS = 5


@pytest.mark.parametrize(
    ("table", "put", "forget"), [("every", "put", "forget"), ("newer", "put_newer", "forget_newer")]
)
def test_every_type(town: Town, table: str, put: str, forget: str) -> None:
    """What the module gets is what was sent, can be changed and found, and is what clients get."""
    if table not in town.schema.tables_by_name:
        pytest.skip("servers 1.x do not have these types")
    town.call(forget)
    columns = product(*((column.name, column.type) for column in town.schema.tables_by_name[table].columns[1:]))
    dice = random.Random(7)
    values = bounds_of(columns, town.schema.typespace)
    if table == "every":
        values += [random_of(columns, town.schema.typespace, dice) for _ in range(RANDOM_ROWS)]
    sent = [(id, *value) for id, value in enumerate(values)]
    for row in sent:
        town.call(put, row)

    stored = {row[0]: row for row in town.rows(f"SELECT * FROM {table}")}
    wrong = [row for row in sent if not same(row, stored[row[0]], exact_floats=not town.is_real)]
    assert wrong == []
    assert town.said(forget) == [str(len(sent))]


PRESET = [(1, 7, "nobody", "GREEN", ["new"], None), (2, 8, "nobody", "GREEN", ["new"], "onwards")]


def test_defaults(town: Town) -> None:
    town.call("preset", 1)
    rows = town.rows("SELECT * FROM preset")
    assert [(id, level, name, colour.name, tags, motto) for id, level, name, colour, tags, motto in rows] == PRESET


def test_values_that_columns_cannot_hold(town: Town) -> None:
    assert town.said("too_large") == [
        "EncodeError: preset.level: 256 is out of range for u8 (0 to 255)",
        "EncodeError: preset.level: -1 is out of range for u8 (0 to 255)",
        "EncodeError: preset.level: expected an integer (u8), not str 'high'",
        "EncodeError: preset.name: expected a str, not int 5",
        "EncodeError: preset.name: the text holds a lone surrogate, which UTF-8 cannot hold",
        "EncodeError: preset.tags[0]: expected a str, not bytes b'x'",
    ]


ASKED = {
    "player = ann": [1, 2, 3],
    "player = nobody": [],
    "player > ann": [4, 5, 6],
    "points = 10": [2, 4],
    "points < 0": [1],
    "points <= 0": [1, 5],
    "points >= 30": [3, 6],
    "0 <= points <= 30": [5, 2, 4, 3],
    "0 < points < 30": [2, 4],
    "points in range(0, 30)": [5, 2, 4],
    "points in range(30, 0)": [],
    "ann": [1, 2, 3],
    "ann, 2": [2, 3],
    "ann, 2, 30": [3],
    "ann, level >= 2": [2, 3],
    "ann, 2, points > 10": [3],
    "players b to d": [4, 5],
    "map m2": [2, 5],
    "slot 4": [4],
    "id 3": [3],
    "found": [5, 6, None],
}


def test_indexes(town: Town) -> None:
    assert town.said("ask_indexes") == [f"{name}: {ids}" for name, ids in ASKED.items()]


def test_deleting_by_indexes(town: Town) -> None:
    assert town.said("delete_by_indexes") == [
        "points = 10: 2, [1, 3, 5, 6]",
        "points = 11: 0, [1, 2, 3, 4, 5, 6]",
        "points > 0: 4, [1, 5]",
        "ann, level <= 1: 1, [2, 3, 4, 5, 6]",
        "ann, 2: 2, [1, 4, 5, 6]",
        "slot 4: True, [1, 2, 3, 5, 6]",
        "slot 9: False, [1, 2, 3, 4, 5, 6]",
        "m2, 2: True, [1, 3, 4, 5, 6]",
    ]


def test_many_rows(town: Town) -> None:
    assert town.said("many_rows", 3000) == ["3000, True, 429, 429"]


KEYS = {
    "u8": 1,
    "u16": 257,
    "u32": 2**31 + 1,
    "u64": 2**63 + 1,
    "u128": 2**127 + 1,
    "u256": 2**255 + 1,
    **{f"i{bits}": 2 ** (bits - 1) - 1 for bits in (8, 16, 32, 64, 128, 256)},
    "bool": True,
    "text": "✓",
    "identity": Identity.from_int(2**200 + 1),
    "connection": ConnectionId.from_int(2**100 + 1),
    "moment": Timestamp(2**60),
}


def test_keys_of_every_type(town: Town) -> None:
    *said, of_colour = town.said("try_keys")
    assert said == [f"k_{name}: keyed already has a row with k_{name} {key!r}" for name, key in KEYS.items()]
    assert of_colour == "k_colour: keyed already has a row with k_colour <Colour.GREEN: 'green'>"


def test_a_row_is_there_once(town: Town) -> None:
    assert town.said("add_the_same_again") == ["1"]


def test_a_row_that_is_not_there_is_not_updated(town: Town) -> None:
    assert town.refused("update_nobody") == "nobody was updated"
    assert [line.message for line in town.lines()] == ["RowNotFound: keyed has no row with id 2 to update"]


def test_numbers(town: Town) -> None:
    """They go on after a call that has failed."""
    assert town.said("draw", ["a", "b"], False) == ["1 1 a", "2 2 b"]
    assert town.refused("draw", ["c", "d"], True) == "2 tickets are not drawn"
    assert [line.message for line in town.lines()] == ["3 3 c", "4 4 d"]
    assert town.said("draw", ["e"], False) == ["5 5 e"]
    assert town.said("draw_given", 100, -7) == ["100 -7"]
    assert town.rows("SELECT id, small, text FROM ticket") == [
        (1, 1, "a"),
        (100, -7, "given"),
        (2, 2, "b"),
        (5, 5, "e"),
    ]


def accounts(town: Town) -> dict[str, int]:
    return dict(town.rows("SELECT owner, balance FROM account"))


def test_a_bank(town: Town) -> None:
    town.call("open_bank", ["ann", "bob", "eve"], 100)
    town.call("transfer", "ann", "bob", 30)
    assert town.refused("transfer", "ann", "bob", 71) == "ann has 70 €, not 71 €"
    assert town.refused("transfer", "ann", "carl", 1) == "carl has no account"
    assert accounts(town) == {"ann": 70, "bob": 130, "eve": 100}
    assert town.said("pay_all", "ann", 50) == ["nothing left for eve", "paid bob"]
    assert town.refused("open_account", "eve") == "eve has an account already"
    town.call("open_account", "gil")
    assert accounts(town) == {"ann": 20, "bob": 180, "eve": 100, "gil": 0}
    assert [row[1:] for row in town.rows("SELECT * FROM booking")] == [("ann", "bob", 30), ("ann", "bob", 50)]


def test_a_bank_s_bug_has_changed_nothing(town: Town) -> None:
    town.call("open_bank", ["ann", "bob"], 10)
    town.refused("embezzle", "ann")
    assert accounts(town) == {"ann": 10, "bob": 10}
    town.call("transfer", "ann", "bob", 10)
    assert accounts(town) == {"ann": 0, "bob": 20}


@pytest.mark.parametrize("arguments", [[], ["ann"], ["ann", "bob", -1], ["ann", "bob", "1"]])
def test_arguments_that_do_not_fit(town: Town, arguments: list[Any]) -> None:
    with pytest.raises(ApiError) as refused:
        town.api.call(town.database, "transfer", arguments)
    assert refused.value.status == 400
