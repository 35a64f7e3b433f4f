"""From the text of a subscription to a query, refusing what the real server refuses.

The grammar is smaller than that of SQL: whole rows of one table, without LIMIT. Source:
``crates/sql-parser/src/parser/sub.rs`` and ``crates/expr`` of SpacetimeDB 2.8.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from stdbpy.engine.results import Caller
from stdbpy.engine.sql.bind import Binder
from stdbpy.engine.sql.bound import Query, Rows
from stdbpy.engine.sql.catalog import Catalog
from stdbpy.engine.sql.execute import PreparedQuery
from stdbpy.engine.sql.parse import parse
from stdbpy.engine.sql.row_security import RowRules
from stdbpy.engine.sql.syntax import Select, WholeRow
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.engine.subscriptions.changes import QueryRows
from stdbpy.engine.subscriptions.query import Fragment, QueryKey, SubscribedQuery
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import SqlError
from stdbpy.sats.values import Identity

_ALL_TABLES = re.compile(r"\s*SELECT\s+\*\s+FROM\s+\*\s*", re.IGNORECASE)
_KEPT = 1_000
_NOBODY = Identity(bytes(Identity.SIZE))
_FORM = "Subscribe to SELECT * FROM table, with a WHERE if you like."
_SENDER = ":"
"""Without a colon a query has no ``:sender``."""


class Compiler:
    """Compiles queries for the tables of one store. The last ones are remembered."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._catalog = Catalog(store.schema)
        self._rules = RowRules(store.schema, self._catalog)
        self._compiled = lru_cache(_KEPT)(self._compile)

    def compile(self, text: str, caller: Caller, *, is_owner: bool) -> list[SubscribedQuery]:
        """The query, or those of all tables that the caller may read for ``SELECT * FROM *``.

        Raises :class:`~stdbpy.errors.SqlError`.
        """
        if _ALL_TABLES.fullmatch(text):
            return [
                self._compiled(self._key(_everything_of(table), caller, is_owner)) for table in self._readable(is_owner)
            ]
        return [self._compiled(self._key(text.strip(), caller, is_owner))]

    def rows_now(self, text: str, caller: Caller, transaction: Transaction, *, is_owner: bool) -> QueryRows:
        """The rows that a query gives once; unlike subscriptions, it may join tables in any way. Raises
        :class:`~stdbpy.errors.SqlError`."""
        queries = self._fragments(self._key(text.strip(), caller, is_owner))
        rows = [row for query in queries for row in PreparedQuery(query).matching(transaction)]
        return QueryRows(self._returned(queries[0]), rows)

    def _key(self, text: str, caller: Caller, is_owner: bool) -> QueryKey:
        depends = _SENDER in text or (bool(self._rules) and not is_owner)
        return QueryKey(text, caller.identity if depends else None, is_owner)

    def _readable(self, is_owner: bool) -> Iterator[Table]:
        for table in self.store.tables.values():
            if not table.is_event and self._catalog.find(table.name, is_owner=is_owner) is not None:
                yield table

    def _compile(self, key: QueryKey) -> SubscribedQuery:
        queries = self._fragments(key)
        table = self._returned(queries[0])
        for query in queries:
            if len(query.tables) > 1:
                raise _joins_unsupported(key, query)
        return SubscribedQuery(key, table, [Fragment(query, table) for query in queries])

    def _fragments(self, key: QueryKey) -> list[Query]:
        statement = parse(key.text)
        if not isinstance(statement, Select):
            raise SqlError("only SELECT can be subscribed to or asked for here", hint=_FORM)
        if statement.limit is not None:
            raise SqlError("LIMIT is not supported in subscriptions", hint=_FORM)
        if not isinstance(statement.wanted, WholeRow):
            raise SqlError("a subscription returns whole rows of one table, no columns or counts", hint=_FORM)
        caller = key.caller or _NOBODY
        binder = Binder(self._catalog, caller=caller, is_owner=key.is_owner)
        query = binder.select(statement)
        return [query] if key.is_owner else self._rules.restrict(query, caller)

    def _returned(self, query: Query) -> Table:
        assert isinstance(query.wanted, Rows)
        number = self.store.table_id(query.tables[query.wanted.table].name)
        assert number is not None, "the catalog is that of the store's schema"
        return self.store.tables[number]


def _everything_of(table: Table) -> str:
    name = ".".join(f'"{part}"' for part in table.name.split("."))
    return f"SELECT * FROM {name}"  # noqa: S608  # the table is one of this database


def _joins_unsupported(key: QueryKey, query: Query) -> SqlError:
    names = " and ".join(f"`{known.name}`" for known in query.tables)
    if key.is_owner or key.caller is None:
        return SqlError(
            f"this server has no subscriptions to joins yet ({names})",
            hint="Subscribe to each table, or ask for the join once.",
        )
    return SqlError(
        f"this server has no subscriptions to joins yet, and row-level security joins {names} here",
        hint="Ask for the rows once, or connect as the database's owner, who sees all rows.",
    )
