"""What to write instead of a query that the server has refused, by the schema that the client knows."""

from __future__ import annotations

from collections.abc import Iterable

from stdbpy.errors import StdbError
from stdbpy.schema.model import ModuleSchema


def explain(error: StdbError, queries: Iterable[str], schema: ModuleSchema) -> None:
    """Gives ``error``, which has the server's words, a hint: the nearest table or column, if they are about one that
    there is not, or what SpacetimeDB has instead of a part that they name."""
    if error.hint:
        return
    # Only who is refused waits until what explains it is imported.
    from stdbpy.api.sql import other_name
    from stdbpy.sql.complaints import find_place

    places = {query: find_place(error.message, query) for query in queries}
    meant = {query: place for query, place in places.items() if place is not None and place.start < place.end}
    for query, place in (meant or places).items():
        error.hint = other_name(error.message, query, schema) or (place.hint if place is not None else "")
        if error.hint:
            return
