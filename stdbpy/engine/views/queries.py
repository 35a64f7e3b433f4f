"""Queries that views return in place of rows. Source: ``run_query_for_view`` in ``crates/core/src/host`` of
SpacetimeDB 2.8.3.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

from stdbpy.engine.sql.bind import Binder
from stdbpy.engine.sql.bound import Query, Rows
from stdbpy.engine.sql.catalog import TableKind, catalog_of
from stdbpy.engine.sql.conditions import Asker
from stdbpy.engine.sql.execute import PreparedQuery
from stdbpy.engine.sql.joins import table_id_of
from stdbpy.engine.sql.parse import parse
from stdbpy.engine.sql.plan import plan_query
from stdbpy.engine.sql.row_security import ANYBODY
from stdbpy.engine.sql.syntax import Select, WholeRow
from stdbpy.engine.store.store import Store
from stdbpy.engine.subscriptions.changes import RowChanges
from stdbpy.engine.subscriptions.conditions import triggers_of
from stdbpy.engine.subscriptions.fragments import Selection, fragment_of
from stdbpy.engine.subscriptions.indexed_joins import check_join
from stdbpy.engine.subscriptions.triggers import Trigger
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.views.declared import DeclaredView
from stdbpy.errors import SqlError
from stdbpy.sats import types as t
from stdbpy.schema.column_types import without_references

_KEPT = 256


class CompiledQuery:
    """A query over the tables of one store."""

    def __init__(self, query: Query, store: Store) -> None:
        transaction = Transaction(store)
        tables = [transaction.table(table_id_of(transaction, known)) for known in query.tables]
        fragment = fragment_of(query, tables)
        are_stored = all(known.kind is TableKind.STORED for known in query.tables)
        self.triggers = frozenset(triggers_of(fragment) if are_stored else (Trigger(table.id) for table in tables))
        """The changes that matter."""
        self._query = query
        self._prepared = PreparedQuery(query)
        self._fragment = fragment
        self.is_incremental = are_stored and not any(table.is_event for table in tables) and _gives_each_row_once(query)
        """Whether what changes in its rows follows from what changes in the tables'."""

    def rows(self, transaction: Transaction) -> list[bytes]:
        """The rows at this moment, those of a single table in its order."""
        fragment = self._fragment
        if isinstance(fragment, Selection) and not self._finds_by_key:
            return fragment.kept(fragment.tables[0].rows)
        return list(self._prepared.matching(transaction))

    def changes(self, transaction: Transaction) -> RowChanges | None:
        """What a transaction has done to the rows so far; only if it :attr:`is_incremental`."""
        return self._fragment.changes(transaction.delta, transaction)

    @cached_property
    def _finds_by_key(self) -> bool:
        (step,) = plan_query(self._query)
        return step.lookup is not None and step.lookup.is_point


def _gives_each_row_once(query: Query) -> bool:
    """Whether no row of the table that it returns rows of is joined with two of the other's."""
    if len(query.tables) == 1:
        return True
    (tie,) = query.ties
    assert isinstance(query.wanted, Rows)
    return tie is not None and any(
        query.tables[field.table].definition.is_unique((field.column,))
        for field in tie
        if field.table != query.wanted.table
    )


class ViewQueries:
    """Compiles what the views of one store return. The last ones are remembered."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._catalog = catalog_of(store.schema)
        self.compiled = lru_cache(_KEPT)(self._compile)

    def _compile(self, view: DeclaredView, text: str) -> CompiledQuery:
        """The query as the database's owner means it. Raises :class:`~stdbpy.errors.SqlError` for what no view
        may return."""
        statement = parse(text)
        if not isinstance(statement, Select) or statement.limit is not None:
            raise SqlError("a view returns a SELECT without LIMIT")
        if not isinstance(statement.wanted, WholeRow):
            raise SqlError("the query of a view returns whole rows of one table, no columns or counts")
        query = self._bound(view, statement)
        for known in query.tables:
            if known.kind is TableKind.VIEW:
                raise SqlError(f"the query of a view cannot read another view, as `{known.name}` is")
        check_join(query)
        assert isinstance(query.wanted, Rows)
        returned = query.tables[query.wanted.table]
        if returned.columns != _columns(view):
            raise SqlError(f"the query gives rows of `{returned.name}`, whose columns are not those of the view")
        return CompiledQuery(query, self._store)

    def _bound(self, view: DeclaredView, statement: Select) -> Query:
        """Names are those of the view's own module, or else those that the whole database has."""
        asker = Asker(ANYBODY)
        try:
            query = Binder(self._catalog, asker=asker, is_owner=True, prefix=view.prefix).select(statement)
        except SqlError:
            if not view.prefix:
                raise
            query = Binder(self._catalog, asker=asker, is_owner=True).select(statement)
        if asker.matters and all(known.kind is not TableKind.VIEW for known in query.tables):
            raise SqlError("the query of a view cannot have :sender", hint="Take the sender from the view's context.")
        return query


def _columns(view: DeclaredView) -> t.ProductType:
    types = ((column.name, column.type) for column in view.definition.columns)
    return t.product(*((name, without_references(type, view.module.typespace)) for name, type in types))
