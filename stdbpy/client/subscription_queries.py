"""The queries that a subscription asks the server for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stdbpy.client.query import Query
from stdbpy.client.tables import EventTableHandle, TableHandle
from stdbpy.errors import UsageError
from stdbpy.query.source import quoted
from stdbpy.schema.model import ModuleSchema


def texts_of(queries: Sequence[Query[Any] | str]) -> list[str]:
    """Their SQL. Raises :class:`UsageError` for none, and for what is no query."""
    if not queries:
        raise UsageError("subscribe needs a query", hint="subscribe_to_all_tables() takes all.")
    return [text_of(query) for query in queries]


def text_of(query: Query[Any] | str) -> str:
    """Its SQL. Raises :class:`UsageError` for what is no query, such as the handle of a table."""
    if isinstance(query, (Query, str)):
        return str(query)
    if isinstance(query, (list, tuple)):
        hint = "Give them one by one: subscribe(*queries)."
    elif isinstance(query, (TableHandle, EventTableHandle)):
        hint = f"Use tables.{query._source.cache.layout.name}, of the generated package."  # noqa: SLF001  # of one room
    else:
        hint = "Use tables.player, of the generated package, or SQL."
    raise UsageError(f"a query is a table's, such as tables.player, or SQL, not {query!r}", hint=hint)


def queries_for_all(schema: ModuleSchema) -> list[str]:
    """Queries for all rows of all public tables, and of public views that take no arguments."""
    names: list[str] = []
    for prefix, module in schema.walk():
        names += [prefix + table.name for table in module.tables if table.is_public]
        names += [prefix + view.name for view in module.views if view.is_public and not view.params.elements]
    return [f"SELECT * FROM {quoted(name)}" for name in sorted(names)]  # noqa: S608  # the schema's own names
