"""Which queries are looked at after a transaction."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stdbpy.engine.results import Caller
from stdbpy.engine.store.store import Store
from stdbpy.engine.subscriptions.compiler import Compiler
from stdbpy.engine.subscriptions.conditions import triggers_of
from stdbpy.engine.subscriptions.fragments import Fragment
from stdbpy.engine.subscriptions.triggers import Triggered
from stdbpy.engine.transaction import Transaction
from tests.engine.sql.little import INDEXED, OWNER, PLAIN
from tests.engine.sql.test_properties import Query, queries
from tests.engine.subscriptions.test_incremental import TRANSACTIONS, Change, fragment, run
from tests.examples_to_try import up_to

ITEM = (1, 1, 1, 0.5, "a", True)
ME = Caller(OWNER)


class Readers:
    """All readers of a store, as the server keeps them."""

    def __init__(self) -> None:
        self._by_table: dict[int, Triggered[Any]] = {}

    def add(self, part: Fragment) -> None:
        for trigger in set(triggers_of(part)):
            self._by_table.setdefault(trigger.table, Triggered()).add(trigger, part)

    def remove(self, part: Fragment) -> None:
        for trigger in set(triggers_of(part)):
            self._by_table[trigger.table].remove(trigger, part)

    def concerned(self, delta: Any) -> list[Fragment]:
        found: dict[Fragment, None] = {}
        for number, changes in delta.changes.items():
            if number in self._by_table:
                self._by_table[number].concerned(changes, found)
        return list(found)

    @property
    def is_empty(self) -> bool:
        return not any(self._by_table.values())


def parts(store: Store, *texts: str) -> list[Fragment]:
    compiler = Compiler(store)
    return [part for query in compiler.compile(texts, ME, is_owner=True) for part in query.fragments]


def concerned(texts: list[str], before: list[Change], changes: list[Change]) -> list[int]:
    """Which of the queries, by place, are looked at."""
    store = Store(INDEXED)
    run(store, before).commit()
    readers, fragments = Readers(), parts(store, *texts)
    for part in fragments:
        readers.add(part)
    found = [fragments.index(part) for part in readers.concerned(run(store, changes).commit())]
    for part in fragments:
        readers.remove(part)
    assert readers.is_empty
    return sorted(found)


def test_only_queries_for_the_row_that_has_changed():
    texts = [f"SELECT * FROM item WHERE id = {number}" for number in range(5)]
    assert concerned(texts, [], [("item", True, ITEM)]) == [1]
    assert concerned([*texts, "SELECT * FROM item"], [], [("item", True, ITEM)]) == [1, 5]
    assert concerned(texts, [], [("order", True, (1, 1, 0.5))]) == []


def test_the_column_that_tells_rows_apart_is_looked_at():
    texts = [f"SELECT * FROM item WHERE kind = 1 AND id = {number}" for number in range(5)]
    assert concerned(texts, [], [("item", True, ITEM)]) == [1]


def test_queries_are_found_through_joins():
    texts = [
        f"SELECT o.* FROM \"order\" o JOIN item i ON o.item = i.id WHERE i.name = '{name}'" for name in ("a", "b", "c")
    ]
    other = (2, 1, 1, 0.5, "b", True)
    there: list[Change] = [("item", True, ITEM), ("item", True, other)]
    assert concerned(texts, there, [("order", True, (1, 5, 0.5))]) == [0]
    assert concerned(texts, there, [("order", True, (3, 5, 0.5))]) == []
    assert concerned(texts, there, [("order", True, (2, 5, 0.5)), ("item", False, other)]) == [1]
    assert concerned(texts, there, [("item", True, (3, 1, 1, 0.5, "c", True))]) == [2]


_ORDERS_OF_ONE_ITEM = 'SELECT a.* FROM "order" a JOIN "order" b ON a.item = b.item'

ALIKE = [
    *(f"SELECT * FROM item WHERE id = {number}" for number in range(5)),
    *(f"SELECT * FROM item WHERE sold AND name = '{name}'" for name in ("", "a", "A", "b", "ä")),
    *(f'SELECT o.* FROM "order" o JOIN item i ON o.item = i.id WHERE i.kind = {kind}' for kind in range(-2, 3)),
    *(f'SELECT i.* FROM "order" o JOIN item i ON o.item = i.id WHERE i.kind = {kind}' for kind in range(-2, 3)),
    *(f"SELECT a.* FROM item a JOIN item b ON a.id = b.id WHERE b.size = {size}" for size in range(-2, 3)),
    *(f'SELECT a.* FROM "order" a JOIN "order" b ON a.item = b.item WHERE b.size = {size}' for size in range(-2, 3)),
]
"""Queries that differ in what they want to find, so that they are told apart by it."""


def check(store: Store, fragments: list[Fragment], transactions: list[list[Change]]) -> None:
    readers = Readers()
    for part in fragments:
        readers.add(part)
    for changes in transactions:
        delta = run(store, changes).commit()
        looked_at = readers.concerned(delta)
        for part in fragments:
            if part not in looked_at:
                told = part.changes(delta, Transaction(store))
                assert told is None, (Counter(told.inserted), Counter(told.deleted))


@up_to(200)
@given(
    asked=st.lists(queries().filter(lambda query: len(query.scope) <= 2 and query.limit is None), max_size=8),
    transactions=TRANSACTIONS,
)
def test_nothing_is_missed(asked: list[Query], transactions: list[list[Change]]) -> None:
    for schema in (INDEXED, PLAIN):
        store = Store(schema)
        fragments = [fragment(store, query, next(iter(query.scope))) for query in asked]
        check(store, [*fragments, *(parts(store, *ALIKE) if schema is INDEXED else ())], transactions)
