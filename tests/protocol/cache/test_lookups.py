"""Finding rows: by keys of every type, by several columns, by ranges; before and after changes."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.protocol.cache import OrderedLookup
from stdbpy.protocol.cache.row_keys import PrimaryKeys, row_keys
from stdbpy.protocol.catalog import TableLayout
from stdbpy.protocol.row_list import RowList
from stdbpy.sats import types as t
from stdbpy.sats.ranges import above, at_least, at_most, below, between
from tests.protocol.cache.layouts import (
    KEY_TYPES,
    Colour,
    KeyType,
    Player,
    Scored,
    cache_of,
    player_layout,
    scored_layout,
    table_rows,
)

U64 = next(key for key in KEY_TYPES if key.name == "u64")
LAYOUT = player_layout(U64)


def player(key: int, level: int = 0, colour: Colour = Colour.RED, weight: float = 0.0) -> Player:
    return Player(f"player {key}", key, level, colour, weight)


PLAYERS = [
    player(1, 3, Colour.RED, 1.5),
    player(2, 1, Colour.GREEN, -2.0),
    player(3, 2, Colour.BLUE, math.inf),
    player(4, 2, Colour.BLUE, math.nan),
    player(5, -1, Colour.BLUE, -0.0),
]


def ids(rows: list[Any]) -> list[int]:
    return [row.key for row in rows]


@pytest.mark.parametrize("key", KEY_TYPES, ids=lambda key: key.name)
@given(draw=st.data())
def test_keys_of_deleted_rows_are_those_of_inserted_ones(key: KeyType, draw: st.DataObject) -> None:
    for layout in (scored_layout(key), scored_layout(key, fixed=True)):
        name: st.SearchStrategy[Any] = st.integers(0, 255)
        if layout.record.fields[2] == scored_layout(key).record.fields[2]:
            name = st.binary(max_size=3)
        rows = draw.draw(st.lists(st.builds(Scored, key.values, st.integers(0, 9), name), min_size=1, max_size=4))
        keys = row_keys(layout)
        encoded = [layout.codec.encode(row) for row in rows]
        offsets = [sum(map(len, encoded[:index])) for index in range(len(rows))]
        for sent in (RowList.of(encoded), RowList(b"".join(encoded), 0, offsets)):
            assert list(keys.of_inserted(rows, sent)) == keys.of_deleted(sent)


def test_keys_at_a_fixed_place_are_read_without_the_row() -> None:
    in_place = {key.name for key in KEY_TYPES if _keys(key).in_place is not None}
    assert in_place == {
        *("u64", "i8", "u128", "i256", "bool", "identity", "connection_id", "timestamp", "uuid", "enum")
    }


def _keys(key: KeyType) -> PrimaryKeys:
    keys = row_keys(scored_layout(key))
    assert isinstance(keys, PrimaryKeys)
    return keys


def test_finding_by_primary_key_is_a_look_into_a_dictionary() -> None:
    table = cache_of(LAYOUT).tables["player"]
    assert table.unique((1,)).find == table.rows.get


def test_look_ups_and_their_methods_stay_valid() -> None:
    cache = cache_of(LAYOUT)
    table = cache.tables["player"]
    find, find_name, select = table.unique((1,)).find, table.unique((0,)).find, table.ordered((2,)).select
    assert (find(1), find_name("player 1"), select(3)) == (None, None, [])
    cache.apply([table_rows(LAYOUT, PLAYERS)])
    assert find(1) is find_name("player 1") is select(3)[0]
    shadow = cache.shadow()
    shadow.apply([table_rows(LAYOUT, [PLAYERS[1], player(1, 7)])])
    cache.reconcile(shadow)
    assert find(1) is find_name("player 1") is select(7)[0] is not None
    assert (find(3), find_name("player 3"), select(3)) == (None, None, [])
    assert table.unique([0]) is table.unique((0,))
    assert table.ordered([2]) is table.ordered((2,))


def test_a_unique_value_can_move_to_another_row() -> None:
    cache = cache_of(LAYOUT)
    table = cache.tables["player"]
    old = [Player("a", 1, 0, Colour.RED, 0.0), Player("b", 2, 0, Colour.RED, 0.0)]
    new = [Player("b", 1, 0, Colour.RED, 0.0), Player("a", 2, 0, Colour.RED, 0.0)]
    cache.apply([table_rows(LAYOUT, old)])
    assert table.unique((0,)).find("a").key == 1
    cache.apply([table_rows(LAYOUT, new, old)])
    assert (table.unique((0,)).find("a").key, table.unique((0,)).find("b").key) == (2, 1)
    cache.apply([table_rows(LAYOUT, [], [new[0]])])
    assert (table.unique((0,)).find("a").key, table.unique((0,)).find("b")) == (2, None)


def filled() -> OrderedLookup:
    cache = cache_of(LAYOUT)
    cache.apply([table_rows(LAYOUT, PLAYERS)])
    return cache.tables["player"].ordered((3, 4))


def test_several_unique_columns_are_found_by_their_tuple() -> None:
    cache = cache_of(LAYOUT)
    cache.apply([table_rows(LAYOUT, PLAYERS)])
    find = cache.tables["player"].unique((3, 4)).find
    assert find((Colour.GREEN, -2.0)).key == 2
    assert find((Colour.BLUE, math.nan)).key == 4
    assert find((Colour.BLUE, 0.0)).key == 5
    assert find((Colour.RED, 0.0)) is None


def test_prefixes_and_ranges_follow_the_order_of_the_server() -> None:
    index = filled()
    assert ids(index.select()) == [1, 5, 3, 4, 2]  # members of an enum in the order of their tags, NaN above all
    assert ids(index.select(Colour.BLUE)) == [5, 3, 4]
    assert ids(index.select(Colour.BLUE, 0.0)) == [5]
    assert ids(index.select(Colour.BLUE, math.nan)) == [4]
    assert ids(index.select(Colour.BLUE, within=above(0.0))) == [3, 4]
    assert ids(index.select(Colour.BLUE, within=at_least(0.0))) == [5, 3, 4]
    assert ids(index.select(Colour.BLUE, within=below(math.inf))) == [5]
    assert ids(index.select(Colour.BLUE, within=at_most(math.inf))) == [5, 3]
    assert ids(index.select(Colour.BLUE, within=between(1.0, math.inf))) == [3]
    assert ids(index.select(within=above(Colour.RED))) == [5, 3, 4, 2]
    assert ids(index.select(within=between(Colour.RED, Colour.BLUE))) == [1, 5, 3, 4]
    assert index.select(within=between(Colour.GREEN, Colour.BLUE)) == []


def test_values_that_cannot_be_compared_raise() -> None:
    cache = cache_of(LAYOUT)
    cache.apply([table_rows(LAYOUT, PLAYERS)])
    with pytest.raises(TypeError):
        cache.tables["player"].ordered((2,)).select(within=above("high"))


def test_a_look_up_that_is_not_used_is_not_kept() -> None:
    cache = cache_of(LAYOUT)
    table = cache.tables["player"]
    levels = table.ordered((2,))
    cache.apply([table_rows(LAYOUT, PLAYERS)])
    assert not levels.built
    assert ids(levels.select(2)) == [3, 4]
    assert levels.built
    cache.apply([table_rows(LAYOUT, [player(6, 2)])])
    assert levels.built
    assert ids(levels.select(2)) == [3, 4, 6]
    for number in range(4):
        cache.apply([table_rows(LAYOUT, [player(6, number + 1)], [player(6, number or 2)])])
    assert not levels.built
    assert ids(levels.select(4)) == [6]


def test_ranges_go_on_after_changes() -> None:
    cache = cache_of(LAYOUT)
    levels = cache.tables["player"].ordered((2,))
    cache.apply([table_rows(LAYOUT, PLAYERS)])
    assert ids(levels.select()) == [5, 2, 3, 4, 1]
    cache.apply([table_rows(LAYOUT, [player(6, 0)], [PLAYERS[0]])])
    assert ids(levels.select()) == [5, 6, 2, 3, 4]


@pytest.mark.parametrize(("name", "value"), [("f64", math.nan), ("array", [1, 2]), ("option", None)])
def test_primary_keys_that_python_does_not_compare_as_the_server_does(name: str, value: Any) -> None:
    layout = scored_layout(next(key for key in KEY_TYPES if key.name == name))
    cache = cache_of(layout)
    cache.apply([table_rows(layout, [Scored(value, 1, b"")])])
    assert cache.tables["scored"].unique((0,)).find(value).level == 1


def test_strings_are_ordered_as_their_bytes() -> None:
    row = t.product(("id", t.Primitive.U32), ("name", t.Primitive.STRING))
    layout = TableLayout("plain", row, primary_key=0)
    cache = cache_of(layout)
    names = ["Z", "a", "ä", "\ud7ff", "\U0001f600", ""]
    cache.apply([table_rows(layout, list(enumerate(names)))])
    found = [name for _, name in cache.tables["plain"].ordered((1,)).select()]
    assert found == sorted(names, key=str.encode)
