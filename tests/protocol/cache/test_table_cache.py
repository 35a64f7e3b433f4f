"""What messages do to a table, one thing at a time."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Iterable
from typing import Any

import pytest

from stdbpy.errors import ProtocolError
from stdbpy.protocol.cache import ClientCache, TableCache, TableChanges
from stdbpy.protocol.catalog import TableLayout
from stdbpy.protocol.incoming import TableRows
from stdbpy.protocol.row_list import JsonRowList, RowList
from stdbpy.sats import types as t
from tests.protocol.cache.layouts import (
    KEY_TYPES,
    Colour,
    Loose,
    Player,
    Scored,
    cache_of,
    loose_layout,
    player_layout,
    row_list,
    scored_layout,
    table_rows,
)

U64 = next(key for key in KEY_TYPES if key.name == "u64")
SCORED = scored_layout(U64)
FIXED = scored_layout(U64, fixed=True)
LOOSE = loose_layout()


def scored(key: int, level: int = 0, name: bytes = b"") -> Scored:
    return Scored(key, level, name)


def listening(*layouts: TableLayout) -> tuple[ClientCache, TableCache]:
    """A cache all of whose tables have listeners, and its first table."""
    cache = cache_of(*layouts)
    for table in cache.tables.values():
        for registry in (table.listeners.on_insert, table.listeners.on_delete, table.listeners.on_update):
            registry.add(lambda *_: None)
    return cache, cache.tables[layouts[0].name]


def told(changes: Iterable[TableChanges]) -> list[tuple[str, list[Any], list[Any], list[Any]]]:
    return [(each.table, list(each.inserted), list(each.deleted), list(each.updated)) for each in changes]


def test_a_row_of_two_query_sets_goes_with_the_second() -> None:
    cache, table = listening(SCORED)
    row = scored(1)
    assert told(cache.apply([table_rows(SCORED, [row])])) == [("scored", [row], [], [])]
    assert told(cache.apply([table_rows(SCORED, [row])])) == [("scored", [], [], [])]
    assert told(cache.apply([table_rows(SCORED, [], [row])])) == [("scored", [], [], [])]
    assert len(table) == 1
    assert told(cache.apply([table_rows(SCORED, [], [row])])) == [("scored", [], [row], [])]
    assert len(table) == 0


def test_a_row_that_leaves_one_query_set_while_another_sees_it_updated_is_one_update() -> None:
    cache, _ = listening(SCORED)
    old, new = scored(1, 1), scored(1, 2)
    cache.apply([table_rows(SCORED, [old]), table_rows(SCORED, [old])])
    left = table_rows(SCORED, [], [old])
    updated = table_rows(SCORED, [new], [old])
    assert told(cache.apply([updated, left])) == [("scored", [], [], [(old, new)])]
    assert told(cache.apply([table_rows(SCORED, [], [new])])) == [("scored", [], [new], [])]


def test_a_row_that_enters_a_second_query_set_beside_updates_is_counted() -> None:
    cache, table = listening(SCORED)
    cache.apply([table_rows(SCORED, [scored(1), scored(2)])])
    changes = cache.apply([table_rows(SCORED, [scored(1, 5), scored(2), scored(3)], [scored(1)])])
    assert told(changes) == [("scored", [scored(3)], [], [(scored(1), scored(1, 5))])]
    assert table.counts == {2: 2}
    cache.apply([table_rows(SCORED, [scored(3, 1), scored(4)], [scored(3), scored(2)])])
    assert [row.key for row in table] == [1, 2, 3, 4]
    assert table.counts == {}


def test_deletes_count_before_inserts_wherever_they_stand() -> None:
    cache, table = listening(SCORED)
    old, new = scored(1, 1), scored(1, 2)
    cache.apply([table_rows(SCORED, [old])])
    changes = cache.apply([table_rows(SCORED, [new]), table_rows(SCORED, [], [old])])
    assert told(changes) == [("scored", [], [], [(old, new)])]
    assert table.snapshot() == [new]


def test_a_row_that_comes_and_goes_in_one_message_was_never_there() -> None:
    cache, table = listening(SCORED)
    assert told(cache.apply([table_rows(SCORED, [scored(1)], [scored(1)])])) == [("scored", [], [], [])]
    assert table.snapshot() == []


@pytest.mark.parametrize("row", [scored(1, 5), Loose(1, ["a"], math.nan), Loose(1, [], -0.0)], ids=repr)
def test_a_row_that_leaves_and_enters_unchanged_is_no_change(row: Any) -> None:
    layout = SCORED if isinstance(row, Scored) else LOOSE
    cache, table = listening(layout)
    cache.apply([table_rows(layout, [row])])
    assert told(cache.apply([table_rows(layout, [row], [row])])) == [(layout.name, [], [], [])]
    many = [table_rows(layout, [row], [row])] * 2
    cache.apply([table_rows(layout, [row])])
    assert told(cache.apply(many)) == [(layout.name, [], [], [])]
    assert len(table) == 1


@pytest.mark.parametrize("others", [0, 2], ids=["alone", "among others"])
def test_floats_differ_where_their_bytes_do(others: int) -> None:
    layout = player_layout(U64)
    cache, _ = listening(layout)

    def players(weight: float, level: int) -> list[Player]:
        first = Player("first", 0, 0, Colour.RED, weight)
        return [first, *(Player(str(key), key, level, Colour.RED, 0.0) for key in range(1, others + 1))]

    cache.apply([table_rows(layout, players(math.nan, 0))])
    [changes] = cache.apply([table_rows(layout, players(math.nan, 1), players(math.nan, 0))])
    assert [new.key for _, new in changes.updated] == list(range(1, others + 1))
    cache.apply([table_rows(layout, players(0.0, 1), players(math.nan, 1))])
    [changes] = cache.apply([table_rows(layout, players(-0.0, 2), players(0.0, 1))])
    assert [new.key for _, new in changes.updated] == list(range(others + 1))


def test_another_row_of_a_key_that_comes_unannounced_is_an_update() -> None:
    cache, table = listening(SCORED)
    cache.apply([table_rows(SCORED, [scored(1, 1)])])
    changes = cache.apply([table_rows(SCORED, [scored(1, 2)])])
    assert told(changes) == [("scored", [], [], [(scored(1, 1), scored(1, 2))])]
    assert table.snapshot() == [scored(1, 2)]


def test_equal_rows_without_a_primary_key_are_one() -> None:
    cache, _ = listening(LOOSE)
    row = Loose(1, ["a"], 0.5)
    assert told(cache.apply([table_rows(LOOSE, [row, row])])) == [("loose", [row], [], [])]
    assert told(cache.apply([table_rows(LOOSE, [], [row])])) == [("loose", [], [], [])]
    assert told(cache.apply([table_rows(LOOSE, [], [row])])) == [("loose", [], [row], [])]


def test_zeros_of_either_sign_are_two_rows_without_a_primary_key() -> None:
    cache, table = listening(LOOSE)
    cache.apply([table_rows(LOOSE, [Loose(1, [], 0.0), Loose(1, [], -0.0), Loose(1, [], math.nan)])])
    assert len(table) == 3
    cache.apply([table_rows(LOOSE, [], [Loose(1, [], -0.0), Loose(1, [], math.nan)])])
    assert [math.copysign(1, row.weight) for row in table] == [1.0]


def test_only_what_somebody_listens_to_is_told() -> None:
    cache = cache_of(SCORED)
    table = cache.tables["scored"]
    table.listeners.on_delete.add(print)
    cache.apply([table_rows(SCORED, [scored(1), scored(2)])])
    [changes] = cache.apply([table_rows(SCORED, [scored(1, 9), scored(3)], [scored(1), scored(2)])])
    assert (changes.inserted, changes.deleted, changes.updated) == ((), [scored(2)], ())
    assert changes.count == 3
    table.listeners.on_delete.remove(print)
    [changes] = cache.apply([table_rows(SCORED, [], [scored(3)])])
    assert (changes.deleted, changes.count) == ((), 1)
    with pytest.raises(ValueError, match="is none of the callbacks"):
        table.listeners.on_delete.remove(print)


def test_events_are_told_and_not_kept() -> None:
    layout = TableLayout("scored", SCORED.row_type, SCORED.typespace, SCORED.classes, 0, is_event=True)
    cache, table = listening(layout)
    same = [scored(1), scored(1)]
    assert told(cache.apply([table_rows(layout, same, is_event=True)])) == [("scored", same, [], [])]
    assert told(cache.apply([table_rows(layout, same[:1])])) == [("scored", same[:1], [], [])]  # v1 does not say so
    assert len(table) == 0
    shadow = cache.shadow()
    assert told(shadow.apply([table_rows(layout, same, is_event=True)])) == [("scored", same, [], [])]
    assert cache.reconcile(shadow) == []


def test_events_that_nobody_listens_to_are_not_read() -> None:
    layout = TableLayout("scored", SCORED.row_type, SCORED.typespace, SCORED.classes, 0, is_event=True)
    cache = cache_of(layout)
    garbage = TableRows("scored", RowList(b"?", 1, None), None, True)
    assert told(cache.apply([garbage])) == [("scored", [], [], [])]
    cache.tables["scored"].listeners.on_insert.add(print)
    with pytest.raises(ProtocolError, match="scored"):
        cache.apply([garbage])


def test_rows_in_json() -> None:
    cache, table = listening(LOOSE)
    rows = JsonRowList([json.dumps([1, ["a"], 0.5]), json.dumps({"level": 2, "tags": [], "weight": None})])
    cache.apply([TableRows("loose", rows, None, False)])
    assert sorted((row.level, row.tags) for row in table) == [(1, ["a"]), (2, [])]
    [changes] = cache.apply([TableRows("loose", None, JsonRowList(rows.rows[:1]), False)])
    assert changes.deleted == (Loose(1, ["a"], 0.5),) or changes.deleted == [Loose(1, ["a"], 0.5)]
    cache.apply([TableRows("loose", None, JsonRowList(rows.rows[1:]), False)])
    assert len(table) == 0


def test_rows_that_take_no_bytes() -> None:
    layout = TableLayout("units", t.product(("unit", t.UNIT)))
    cache, table = listening(layout, SCORED)
    assert told(cache.apply([table_rows(layout, [((),)])])) == [("units", [((),)], [], [])]
    assert told(cache.apply([table_rows(layout, [], [((),)])])) == [("units", [], [((),)], [])]
    cache.apply([table_rows(layout, [((),)]), table_rows(SCORED, [scored(1)])])
    assert table.snapshot() == [((),)]
    cache.apply([table_rows(layout, [], [((),)]), table_rows(SCORED, [], [scored(1)])])
    assert table.snapshot() == []


def test_rows_without_a_class_are_tuples() -> None:
    row = t.product(("id", t.Primitive.U32), ("name", t.Primitive.STRING))
    layout = TableLayout("plain", row, primary_key=0)
    cache, table = listening(layout)
    cache.apply([table_rows(layout, [(1, "a"), (2, "b")])])
    assert told(cache.apply([table_rows(layout, [(1, "c")], [(1, "a")])])) == [
        ("plain", [], [], [((1, "a"), (1, "c"))])
    ]
    assert table.unique((0,)).find(1) == (1, "c")
    assert [row[0] for row in table.ordered((1,)).select()] == [2, 1]


def bad_messages() -> Iterable[Any]:
    one = SCORED.codec.encode(scored(1))
    fixed = FIXED.codec.encode(scored(7, 1, 2))  # type: ignore[arg-type]
    good = table_rows(SCORED, [scored(5)])
    rows = lambda data, size=0, offsets=None: RowList(data, size, offsets)  # noqa: E731
    yield pytest.param(SCORED, [TableRows("scored", rows(one[:-1], len(one) - 1), None, False)], id="cut")
    yield pytest.param(SCORED, [TableRows("scored", rows(one + b"\0", len(one) + 1), None, False)], id="left over")
    yield pytest.param(SCORED, [TableRows("scored", rows(one * 2, 0, [0]), None, False)], id="two for one")
    yield pytest.param(SCORED, [TableRows("scored", rows(one * 2, 0, [0, 3, 4]), None, False)], id="two for three")
    yield pytest.param(SCORED, [TableRows("scored", None, rows(b"\1\2\3", 3), False)], id="key cut")
    yield pytest.param(SCORED, [TableRows("scored", None, rows(b"\1\2\3" * 2, 3), False)], id="keys cut")
    yield pytest.param(SCORED, [TableRows("scored", None, rows(one * 2, 0, [0, 2 * len(one)]), False)], id="key behind")
    yield pytest.param(FIXED, [TableRows("scored", None, rows(fixed + b"\0", len(fixed) + 1), False)], id="row longer")
    yield pytest.param(FIXED, [TableRows("scored", None, rows(fixed * 2, 0, [0, 1, 2]), False)], id="rows overlap")
    yield pytest.param(SCORED, [table_rows(SCORED, [], [scored(2)])], id="not there")
    yield pytest.param(SCORED, [table_rows(SCORED, [scored(3)], [scored(2)])], id="one not there")
    yield pytest.param(SCORED, [table_rows(SCORED, [], [scored(7), scored(2)])], id="some not there")
    yield pytest.param(SCORED, [table_rows(SCORED, [], [scored(7), scored(7)])], id="twice")
    yield pytest.param(SCORED, [good, table_rows(SCORED, [], [scored(2)])], id="good beside bad")
    yield pytest.param(SCORED, [good, TableRows("nowhere", good.inserts, None, False)], id="unknown beside good")
    yield pytest.param(SCORED, [TableRows("score", good.inserts, None, False)], id="unknown")
    yield pytest.param(SCORED, [TableRows("scored", JsonRowList(["[1, 2"]), None, False)], id="no json")
    yield pytest.param(SCORED, [TableRows("scored", JsonRowList(["[1, -2, 3]"]), None, False)], id="json that misfits")


@pytest.mark.parametrize(("layout", "message"), [*bad_messages()])
def test_a_message_that_does_not_fit_changes_nothing(layout: TableLayout, message: list[TableRows]) -> None:
    cache, table = listening(layout, LOOSE)
    name: Any = 1 if layout is FIXED else b"there"
    cache.apply([table_rows(layout, [scored(7, 1, name)])])
    with pytest.raises(ProtocolError) as raised:
        cache.apply(message)
    assert raised.value.hint or "not there" in str(raised.value)
    assert [row.key for row in table] == [7]
    assert table.counts == {}
    assert gc.isenabled()


def test_a_table_that_nobody_knows_is_named_with_the_nearest() -> None:
    with pytest.raises(ProtocolError, match="'score'") as raised:
        cache_of(SCORED).apply([TableRows("score", row_list(SCORED, [scored(1)]), None, False)])
    assert raised.value.hint == "Did you mean 'scored'?"


def test_great_messages_leave_the_garbage_collector_as_it_was() -> None:
    cache = cache_of(SCORED)
    rows = [scored(number, 0, bytes(100)) for number in range(1000)]
    cache.apply([table_rows(SCORED, rows)])
    assert gc.isenabled()
    gc.disable()
    try:
        cache.apply([table_rows(SCORED, [], rows)])
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_callbacks_of_a_registry_are_those_that_were_there_when_it_was_asked() -> None:
    registry = cache_of(SCORED).tables["scored"].listeners.on_insert
    called = []

    def first() -> None:
        called.append("first")
        registry.remove(first)
        registry.add(second)

    def second() -> None:
        called.append("second")

    registry.add(first)
    for _ in range(2):
        for callback in registry:
            callback()
    assert called == ["first", "second"]
    assert len(registry) == 1
