"""From the text of a subscription to a query, refusing what the real server refuses.

The grammar is smaller than that of SQL: whole rows of one table, without LIMIT, which may be joined with
another one. Source:
``crates/sql-parser/src/parser/sub.rs`` and ``crates/expr`` of SpacetimeDB 2.8.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from stdbpy.engine.results import Caller
from stdbpy.engine.sql.bind import Binder
from stdbpy.engine.sql.bound import Query, Rows
from stdbpy.engine.sql.catalog import catalog_of
from stdbpy.engine.sql.conditions import Asker
from stdbpy.engine.sql.execute import PreparedQuery
from stdbpy.engine.sql.joins import table_id_of
from stdbpy.engine.sql.parse import parse
from stdbpy.engine.sql.row_limit import check_row_limit
from stdbpy.engine.sql.row_security import ANYBODY, RowRules
from stdbpy.engine.sql.syntax import Select, WholeRow
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.engine.subscriptions.changes import QueryRows
from stdbpy.engine.subscriptions.fragments import fragment_of
from stdbpy.engine.subscriptions.indexed_joins import check_join
from stdbpy.engine.subscriptions.query import QueryKey, SubscribedQuery
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.views.reading import LiveTransaction
from stdbpy.errors import SqlError

_ALL_TABLES = re.compile(r"\s*SELECT\s+\*\s+FROM\s+\*\s*", re.IGNORECASE)
_KEPT = 1_000
_FORM = "Write SELECT * FROM table, or SELECT a.* FROM a JOIN b ON a.x = b.y, with a WHERE if you like."


_Meant = tuple[QueryKey, list[Query]]
"""What a query is called, and what it falls into where row-level security applies."""


class Compiler:
    """Compiles queries for the tables of one store. The last ones are remembered."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._catalog = catalog_of(store.schema)
        self._rules = RowRules(store.schema, self._catalog)
        self._bound = lru_cache(_KEPT)(self._bind)

    def compile(
        self, texts: Iterable[str], caller: Caller, *, is_owner: bool, are_held: bool = False
    ) -> list[SubscribedQuery]:
        """The queries, and those of all tables that the caller may read for ``SELECT * FROM *``. ``are_held`` is
        whether somebody was subscribed to them before the module was updated.

        Raises :class:`~stdbpy.errors.SqlError`, before views are run for any of them.
        """
        meant = [each for text in texts for each in self._meant(text, caller, is_owner)]
        transaction = LiveTransaction(self.store) if are_held else Transaction(self.store)
        return [self._compiled(key, queries, transaction) for key, queries in meant]

    def expect_one_table(self, texts: Iterable[str]) -> None:
        """Raises :class:`~stdbpy.errors.SqlError` for ``SELECT * FROM *``."""
        if any(map(_ALL_TABLES.fullmatch, texts)):
            raise SqlError(
                "`SELECT * FROM *` is a query for each table, and what answers `SubscribeSingle` tells of one",
                hint="Ask by `SubscribeMulti`.",
            )

    def expect_within_limit(self, queries: Iterable[SubscribedQuery], *, is_owner: bool) -> None:
        """Raises :class:`~stdbpy.errors.SqlError` if to read their rows is more than the database's owner allows."""
        fragments = [fragment.query for query in queries for fragment in query.fragments]
        check_row_limit(fragments, Transaction(self.store), is_owner=is_owner)

    def rows_now(self, text: str, caller: Caller, transaction: Transaction, *, is_owner: bool) -> QueryRows:
        """The rows that a query gives once; unlike subscriptions, it may join tables in any way. Raises
        :class:`~stdbpy.errors.SqlError`."""
        _, queries = self._queries(text.strip(), caller, is_owner)
        check_row_limit(queries, transaction, is_owner=is_owner)
        rows = [row for query in queries for row in PreparedQuery(query).matching(transaction)]
        return QueryRows(_returned(queries[0], transaction), rows)

    def _readable(self, is_owner: bool) -> Iterator[str]:
        """The names of tables and views."""
        tables = (
            table.name for table in self.store.tables.values() if not (table.is_event or table.definition.is_system)
        )
        views = sorted(prefix + view.name for prefix, module in self.store.schema.walk() for view in module.views)
        return (name for name in (*tables, *views) if self._catalog.find(name, is_owner=is_owner) is not None)

    def _meant(self, text: str, caller: Caller, is_owner: bool) -> Iterator[_Meant]:
        if not _ALL_TABLES.fullmatch(text):
            yield self._subscribable(text.strip(), caller, is_owner)
            return
        for table in self._readable(is_owner):
            # Where the name needs no quotes, the same as for a client who asks for this table alone.
            try:
                yield self._subscribable(f"SELECT * FROM {table}", caller, is_owner)  # noqa: S608  # it is one of ours
            except SqlError:
                name = ".".join(f'"{part}"' for part in table.split("."))
                yield self._subscribable(f"SELECT * FROM {name}", caller, is_owner)  # noqa: S608  # as above

    def _subscribable(self, text: str, caller: Caller, is_owner: bool) -> _Meant:
        key, queries = self._queries(text, caller, is_owner)
        for query in queries:
            check_join(query)
        return key, queries

    def _compiled(self, key: QueryKey, queries: Sequence[Query], transaction: Transaction) -> SubscribedQuery:
        fragments = [
            fragment_of(
                query,
                [transaction.table(table_id_of(transaction, known)) for known in query.tables],
                self.store.lent_indexes,
            )
            for query in queries
        ]
        return SubscribedQuery(key, self.store, _returned(queries[0], transaction), fragments)

    def _queries(self, text: str, caller: Caller, is_owner: bool) -> _Meant:
        """What the text means to the caller, with what it is called among those that mean the same."""
        queries, depends_on_caller = self._bound(QueryKey(text, None, is_owner))
        if not depends_on_caller:
            return QueryKey(text, None, is_owner), queries
        key = QueryKey(text, caller.identity, is_owner)
        return key, self._bound(key)[0]

    def _bind(self, key: QueryKey) -> tuple[list[Query], bool]:
        """The query or, with row-level security, all that it falls into; and whether it means something
        else for another caller."""
        statement = parse(key.text)
        if not isinstance(statement, Select):
            raise SqlError("only SELECT can be subscribed to or asked for here", hint=_FORM)
        if statement.limit is not None:
            raise SqlError("LIMIT is not supported in subscriptions", hint=_FORM)
        if not isinstance(statement.wanted, WholeRow):
            raise SqlError("a subscription returns whole rows of one table, no columns or counts", hint=_FORM)
        asker = Asker(key.caller or ANYBODY)
        query = Binder(self._catalog, asker=asker, is_owner=key.is_owner).select(statement)
        queries = [query] if key.is_owner else self._rules.restrict(query, asker)
        return queries, asker.matters


def _returned(query: Query, transaction: Transaction) -> Table:
    """The table whose rows it returns."""
    assert isinstance(query.wanted, Rows)
    return transaction.table(table_id_of(transaction, query.tables[query.wanted.table]))
