"""Queries that views return in place of rows. Source: ``run_query_for_view`` in ``crates/core/src/host`` of
SpacetimeDB 2.8.3.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

from stdbpy.engine.sql.bind import Binder
from stdbpy.engine.sql.bound import Query, Rows
from stdbpy.engine.sql.catalog import Catalog, TableKind, without_references
from stdbpy.engine.sql.conditions import Asker
from stdbpy.engine.sql.execute import PreparedQuery
from stdbpy.engine.sql.joins import table_id_of
from stdbpy.engine.sql.parse import parse
from stdbpy.engine.sql.row_security import ANYBODY
from stdbpy.engine.sql.syntax import Select, WholeRow
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.views.declared import DeclaredView
from stdbpy.engine.views.reading import ReadSet
from stdbpy.errors import SqlError
from stdbpy.sats import types as t
from stdbpy.schema.model import ModuleSchema

_KEPT = 256


class ViewQueries:
    """Compiles queries for the tables of one schema. The last ones are remembered."""

    def __init__(self, schema: ModuleSchema) -> None:
        self._schema = schema
        self._bound = lru_cache(_KEPT)(self._bind)

    def rows(self, view: DeclaredView, text: str, transaction: Transaction, read: ReadSet) -> list[bytes]:
        """What the query gives, as the database's owner sees it; notes in ``read`` which tables matter.

        Raises :class:`~stdbpy.errors.SqlError` for what no view may return.
        """
        if not text or text.isspace():
            return []
        query, prepared = self._bound(view, text)
        for known in query.tables:
            read.tables[table_id_of(transaction, known)] = None
        return list(prepared.matching(transaction))

    def _bind(self, view: DeclaredView, text: str) -> tuple[Query, PreparedQuery]:
        statement = parse(text)
        if not isinstance(statement, Select) or statement.limit is not None:
            raise SqlError("a view returns a SELECT without LIMIT")
        if not isinstance(statement.wanted, WholeRow):
            raise SqlError("the query of a view returns whole rows of one table, no columns or counts")
        asker = Asker(ANYBODY)
        query = Binder(self._catalog, asker=asker, is_owner=True, prefix=view.prefix).select(statement)
        for known in query.tables:
            if known.kind is TableKind.VIEW:
                raise SqlError(f"the query of a view cannot read another view, as `{known.name}` is")
        if asker.matters:
            raise SqlError("the query of a view cannot have :sender", hint="Take the sender from the view's context.")
        assert isinstance(query.wanted, Rows)
        returned = query.tables[query.wanted.table]
        if returned.columns != _columns(view):
            raise SqlError(f"the query gives rows of `{returned.name}`, whose columns are not those of the view")
        return query, PreparedQuery(query)

    @cached_property
    def _catalog(self) -> Catalog:
        return Catalog(self._schema)


def _columns(view: DeclaredView) -> t.ProductType:
    types = ((column.name, column.type) for column in view.definition.columns)
    return t.product(*((name, without_references(type, view.module.typespace)) for name, type in types))
