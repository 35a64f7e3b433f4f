"""Any sequence of subscriptions, transactions, unsubscriptions and reconnections leaves exactly the
rows that a model says, and tells exactly what has changed between them.

The model is a server: tables, and query sets, each a condition over rows. It sends what the real one
does: a row once for every query that it enters or leaves, in lists of any number and order, and
now and then a row that leaves and enters a query in one message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.protocol.cache import TableChanges
from stdbpy.protocol.catalog import TableLayout
from stdbpy.protocol.incoming import TableRows
from stdbpy.sats.ranges import Bound, Range
from tests.examples_to_try import up_to
from tests.protocol.cache.layouts import (
    FLOATS,
    KEY_TYPES,
    Colour,
    KeyType,
    Loose,
    Player,
    cache_of,
    loose_layout,
    player_layout,
    row_list,
)

Query = Callable[[Any], bool]
QUERIES: tuple[Query, ...] = (
    lambda row: True,
    lambda row: row.level > 0,
    lambda row: row.level <= 1,
    lambda row: row.level == 2,
)


class ServerTable:
    """A table of the model; rows are known by what ``key_of`` says."""

    def __init__(self, layout: TableLayout, key_of: Callable[[Any], Any]) -> None:
        self.layout = layout
        self.key_of = key_of
        self.rows: dict[Any, Any] = {}

    def encoded(self, row: Any) -> bytes:
        return self.layout.codec.encode(row)

    def matching(self, query: Query) -> dict[bytes, Any]:
        return {self.encoded(row): row for row in self.rows.values() if query(row)}

    def visible(self, sets: list[tuple[Query, ...]]) -> dict[Any, Any]:
        queries = [query for queries in sets for query in queries]
        return {key: row for key, row in self.rows.items() if any(query(row) for query in queries)}

    def held(self, sets: list[tuple[Query, ...]]) -> Counter[Any]:
        """How often each row was sent, where it is more than once."""
        queries = [query for queries in sets for query in queries]
        counts = {key: sum(query(row) for query in queries) for key, row in self.rows.items()}
        return Counter({key: count for key, count in counts.items() if count > 1})


class Run:
    """A server, a client's cache, and the messages between them."""

    def __init__(self, draw: st.DataObject, key: KeyType, *, listening: bool, looked_up: bool) -> None:
        self.draw = draw.draw
        self.key = key
        player, loose = player_layout(key), loose_layout()
        self.players = ServerTable(player, lambda row: key.same_as(row.key))
        self.loose = ServerTable(loose, loose.codec.encode)
        self.tables = (self.players, self.loose)
        self.cache = cache_of(player, loose)
        self.sets: list[tuple[Query, ...]] = []
        self.listening = listening
        self.looked_up = looked_up
        if listening:
            for table in self.cache.tables.values():
                for registry in (table.listeners.on_insert, table.listeners.on_delete, table.listeners.on_update):
                    registry.add(lambda *_: None)

    # --- the server

    def change_tables(self, most: int = 6) -> None:
        names = {row.name for row in self.players.rows.values()}
        for _ in range(self.draw(st.integers(0, most))):
            if self.draw(st.booleans()):
                row = Player(
                    self.draw(st.sampled_from("abcdef")),
                    self.draw(self.key.values),
                    self.draw(st.integers(0, 3)),
                    self.draw(st.sampled_from(Colour)),
                    self.draw(FLOATS),
                )
                self.change(self.players, row, refused=row.name in names)
            else:
                loose = Loose(
                    self.draw(st.integers(0, 3)),
                    self.draw(st.lists(st.sampled_from("ab"), max_size=1)),
                    self.draw(FLOATS),
                )
                self.change(self.loose, loose, refused=False)
            names = {row.name for row in self.players.rows.values()}

    def change(self, table: ServerTable, row: Any, *, refused: bool) -> None:
        key = table.key_of(row)
        if key in table.rows and self.draw(st.booleans()):
            del table.rows[key]
        elif not refused:
            table.rows[key] = row

    def messages(self, table: ServerTable, deletes: list[Any], inserts: list[Any]) -> list[TableRows]:
        """The rows in lists of any length."""
        deletes, inserts = self.draw(st.permutations(deletes)), self.draw(st.permutations(inserts))
        at, split = self.draw(st.integers(0, len(deletes))), self.draw(st.integers(0, len(inserts)))
        layout = table.layout
        sent = [
            TableRows(layout.name, row_list(layout, some_inserts), row_list(layout, some_deletes), False)
            for some_inserts, some_deletes in ((inserts[split:], deletes[:at]), (inserts[:split], deletes[at:]))
        ]
        return [rows for rows in sent if rows.inserts or rows.deletes]

    def rows_of(self, queries: tuple[Query, ...], *, leaving: bool = False) -> list[TableRows]:
        sent = []
        for table in self.tables:
            rows = [row for query in queries for row in table.matching(query).values()]
            sent += self.messages(table, rows, []) if leaving else self.messages(table, [], rows)
        return sent

    # --- steps

    def subscribe(self) -> None:
        queries = tuple(self.draw(st.lists(st.sampled_from(QUERIES), min_size=1, max_size=2)))
        with_queries = [*self.sets, queries]
        self.expect(lambda: self.cache.apply(self.rows_of(queries)), with_queries)
        self.sets = with_queries

    def unsubscribe(self) -> None:
        if self.sets:
            left = self.draw(st.integers(0, len(self.sets) - 1))
            queries = self.sets[left]
            without = [*self.sets[:left], *self.sets[left + 1 :]]
            self.expect(lambda: self.cache.apply(self.rows_of(queries, leaving=True)), without)
            self.sets = without

    def transact_once(self) -> None:
        self.transact(1)

    def transact(self, most: int = 6) -> None:
        before = [{query: table.matching(query) for query in QUERIES} for table in self.tables]
        shown = self.shown()
        self.change_tables(most)
        sent = []
        for table, earlier in zip(self.tables, before, strict=True):
            for queries in self.sets:
                for query in queries:
                    old, new = earlier[query], table.matching(query)
                    unchanged = [row for encoded, row in new.items() if encoded in old]
                    moved = self.draw(st.lists(st.sampled_from(unchanged), max_size=1)) if unchanged else []
                    deletes = [row for encoded, row in old.items() if encoded not in new]
                    inserts = [row for encoded, row in new.items() if encoded not in old]
                    sent += self.messages(table, deletes + moved, inserts + moved)
        sent = self.draw(st.permutations(sent))
        self.expect(lambda: self.cache.apply(sent), self.sets, shown)

    def reconnect(self) -> None:
        shown = self.shown()
        objects = {table.layout.name: dict(self.cache.tables[table.layout.name].rows) for table in self.tables}
        self.change_tables()
        if self.draw(st.booleans()):
            self.sets = self.sets[1:]
        shadow = self.cache.shadow()
        for queries in self.sets:
            assert shadow.apply(self.rows_of(queries)) == []
        self.expect(lambda: self.cache.reconcile(shadow), self.sets, shown)
        for table in self.tables:
            for key, row in self.cache.tables[table.layout.name].rows.items():
                old = objects[table.layout.name].get(key)
                if old is not None and table.encoded(old) == table.encoded(row):
                    assert row is old

    # --- what must be

    def shown(self) -> list[dict[Any, Any]]:
        return [table.visible(self.sets) for table in self.tables]

    def expect(
        self,
        apply: Callable[[], list[TableChanges]],
        sets: list[tuple[Query, ...]],
        shown: list[dict[Any, Any]] | None = None,
    ) -> None:
        shown = self.shown() if shown is None else shown
        told = {changes.table: changes for changes in apply()}
        for table, old in zip(self.tables, shown, strict=True):
            new = table.visible(sets)
            changes = told.get(table.layout.name, TableChanges(table.layout.name, 0))
            encoded = table.encoded
            if self.listening:
                kept = [key for key in new if key in old]
                assert sorted(map(encoded, changes.inserted)) == sorted(encoded(new[key]) for key in new.keys() - old)
                assert sorted(map(encoded, changes.deleted)) == sorted(encoded(old[key]) for key in old.keys() - new)
                assert sorted((encoded(before), encoded(after)) for before, after in changes.updated) == sorted(
                    (encoded(old[key]), encoded(new[key])) for key in kept if encoded(old[key]) != encoded(new[key])
                )
            else:
                assert not (changes.inserted or changes.deleted or changes.updated)
            cached = self.cache.tables[table.layout.name]
            assert sorted(map(encoded, cached)) == sorted(map(encoded, new.values()))
            assert len(cached) == len(new)
            assert Counter(cached.counts.values()) == Counter(table.held(sets).values())
            if self.looked_up:
                self.look_up(table, new)

    def look_up(self, table: ServerTable, rows: dict[Any, Any]) -> None:
        cached = self.cache.tables[table.layout.name]
        encoded = table.encoded
        if table is self.players:
            for row in rows.values():
                assert encoded(cached.unique((1,)).find(row.key)) == encoded(row)
                assert cached.unique((0,)).find(row.name) is cached.unique((1,)).find(row.key)
            for name in set("abcdef") - {row.name for row in rows.values()}:
                assert cached.unique((0,)).find(name) is None
        levels = cached.ordered((2,) if table is self.players else (0,))
        level = self.draw(st.integers(0, 3))
        within = [row for row in rows.values() if row.level == level]
        assert sorted(map(encoded, levels.select(level))) == sorted(map(encoded, within))
        low = self.draw(st.none() | st.builds(Bound, st.integers(0, 3), st.booleans()))
        high = self.draw(st.none() | st.builds(Bound, st.integers(0, 3), st.booleans()))
        within = [
            row
            for row in rows.values()
            if (low is None or row.level > low.value or (low.included and row.level == low.value))
            and (high is None or row.level < high.value or (high.included and row.level == high.value))
        ]
        found = levels.select(within=Range(low, high))
        assert sorted(map(encoded, found)) == sorted(map(encoded, within))
        assert [row.level for row in found] == sorted(row.level for row in within)


STEPS = (Run.subscribe, Run.transact, Run.transact_once, Run.transact_once, Run.unsubscribe, Run.reconnect)


@pytest.mark.parametrize("key", KEY_TYPES, ids=lambda key: key.name)
@up_to(20)
@given(draw=st.data(), listening=st.booleans(), looked_up=st.booleans())
def test_cache_holds_and_tells_what_the_model_says(
    key: KeyType, draw: st.DataObject, listening: bool, looked_up: bool
) -> None:
    run = Run(draw, key, listening=listening, looked_up=looked_up)
    run.change_tables()
    run.subscribe()
    for _ in range(draw.draw(st.integers(1, 8))):
        draw.draw(st.sampled_from(STEPS))(run)
