"""What transactions change in queries' results, against those results worked out anew."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stdbpy.engine.sql.bind import Binder
from stdbpy.engine.sql.catalog import Catalog
from stdbpy.engine.sql.conditions import Asker
from stdbpy.engine.sql.parse import parse
from stdbpy.engine.sql.syntax import Select
from stdbpy.engine.store.store import Store
from stdbpy.engine.subscriptions.fragments import Fragment, fragment_of
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import UniqueConstraintViolation
from stdbpy.sats.bsatn import compile_codec
from stdbpy.schema.model import ModuleSchema
from tests.engine.sql.little import INDEXED, OWNER, PLAIN, CountingTransaction
from tests.engine.sql.test_properties import TABLES, VALUES, Query, queries
from tests.examples_to_try import up_to

ROWS = {name: st.tuples(*(VALUES[column] for column in columns)) for name, columns in TABLES.items()}

Change = tuple[str, bool, tuple[Any, ...]]
"""A table, whether to insert or to delete, and the row."""

CHANGES = st.one_of(*(st.tuples(st.just(name), st.booleans(), rows) for name, rows in ROWS.items()))
TRANSACTIONS = st.lists(st.lists(CHANGES, min_size=1, max_size=6), min_size=1, max_size=5)


def fragment(store: Store, query: Query, returned: str) -> Fragment:
    return fragment_for(store, f"SELECT {returned}.* {query.text}")


def fragment_for(store: Store, text: str) -> Fragment:
    statement = parse(text)
    assert isinstance(statement, Select)
    bound = Binder(Catalog(store.schema), asker=Asker(OWNER), is_owner=True).select(statement)
    by_name = {table.name: table for table in store.tables.values()}
    return fragment_of(bound, [by_name[known.name] for known in bound.tables], store.lent_indexes)


def run(store: Store, changes: list[Change]) -> Transaction:
    transaction = Transaction(store)
    for name, inserts, row in changes:
        definition = store.schema.tables_by_name[name]
        encoded = compile_codec(store.schema.row_type(definition), store.schema.typespace).encode(row)
        number = store.table_id(name)
        assert number is not None
        with suppress(UniqueConstraintViolation):
            transaction.insert(number, encoded) if inserts else transaction.delete(number, encoded)
    return transaction


def check(schema: ModuleSchema, query: Query, returned: str, transactions: list[list[Change]]) -> None:
    store = Store(schema)
    part = fragment(store, query, returned)
    for changes in transactions:
        before = Counter(part.rows(Transaction(store)).rows)
        delta = run(store, changes).commit()
        after = Counter(part.rows(Transaction(store)).rows)
        told = part.changes(delta, Transaction(store))
        inserted, deleted = (told.inserted, told.deleted) if told is not None else ([], [])
        assert Counter(inserted) == after - before
        assert Counter(deleted) == before - after
        assert told is None or inserted or deleted
    part.let_go()
    assert not store.derived.indexes
    assert all(len(table.indexes) <= 4 for table in store.tables.values()), "what was borrowed is gone"


@up_to(300)
@given(
    query=queries().filter(lambda query: len(query.scope) <= 2 and query.limit is None),
    which=st.integers(0, 1),
    transactions=TRANSACTIONS,
)
def test_differences_are_those_of_the_results(query: Query, which: int, transactions: list[list[Change]]) -> None:
    returned = list(query.scope)[which % len(query.scope)]
    for schema in (INDEXED, PLAIN):
        check(schema, query, returned, transactions)


def test_the_other_table_is_not_read_for_a_changed_row() -> None:
    """Though it has no index."""
    store = Store(PLAIN)
    run(store, [("item", True, (number, 0, 0, 0.0, "", True)) for number in range(100)]).commit()
    part = fragment_for(store, 'SELECT i.* FROM item i JOIN "order" o ON i.id = o.item')
    delta = run(store, [("order", True, (7, 1, 0.0))]).commit()
    transaction = CountingTransaction(store)
    told = part.changes(delta, transaction)
    assert told is not None
    assert (len(told.inserted), transaction.reads["scan"], transaction.reads["point"]) == (1, 0, 1)
