"""What to write instead of a query that the server has refused, by the schema that the client knows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stdbpy.errors import QueryFailed, StdbError
from stdbpy.schema.model import ModuleSchema

_NO_ROWS = re.compile("Column projections are not supported|returns whole rows of one table")
"""What servers say of queries for something else than rows: SpacetimeDB's, and the embedded one."""


def explain(error: StdbError, queries: Iterable[str], schema: ModuleSchema) -> None:
    """Gives ``error``, which has the server's words, a hint: the nearest table or column, if they are about one that
    there is not, or what there is instead of a part that they name."""
    if error.hint:
        return
    queries = list(queries)
    tables = {table.name for table in schema.tables} | {view.name for view in schema.views}
    for name in tables.intersection(queries):
        error.hint = f"A query is a SELECT, as in SELECT * FROM {name}"  # noqa: S608  # nobody runs it
        return
    if isinstance(error, QueryFailed) and _NO_ROWS.search(error.message):
        error.hint = "Columns and counts are for over_http(…).query, which takes all of SpacetimeDB's SQL"
        return
    # Only who is refused waits until what explains it is imported.
    from stdbpy.api.sql import other_name
    from stdbpy.sql.complaints import find_place

    places = {query: find_place(error.message, query) for query in queries}
    meant = {query: place for query, place in places.items() if place is not None and place.start < place.end}
    for query, place in (meant or places).items():
        hint = other_name(error.message, query, schema) or (place.hint if place is not None else "")
        if hint:
            # The embedded server's words end in the same one.
            if error.message.endswith(hint):
                error.message = error.message.removesuffix(hint).rstrip(". ")
            error.hint = hint
            return
