"""The limit that SET row_limit puts on what others than the owner may read at once."""

from __future__ import annotations

from collections.abc import Iterable

from stdbpy.engine.sql.bound import Query
from stdbpy.engine.sql.catalog import KnownTable
from stdbpy.engine.sql.estimates import Statistics, rows_read
from stdbpy.engine.sql.joins import table_id_of
from stdbpy.engine.sql.variables import row_limit
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import SqlError
from stdbpy.schema.model import Index


def check_row_limit(queries: Iterable[Query], transaction: Transaction, *, is_owner: bool) -> None:
    """Raises :class:`~stdbpy.errors.SqlError` if the queries of somebody else read too much together."""
    limit = None if is_owner else row_limit(transaction)
    if limit is None:
        return
    estimate = sum(rows_read(query, _statistics(transaction)) for query in queries)
    if estimate > limit:
        raise SqlError(
            f"this would read about {estimate} rows, and the database's owner allows {limit} at once",
            hint="Ask for fewer rows, by columns that have an index.",
        )


def _statistics(transaction: Transaction) -> Statistics:
    def rows(known: KnownTable) -> int:
        return len(transaction.table(table_id_of(transaction, known)).rows)

    def keys(known: KnownTable, index: Index) -> int:
        indexes = transaction.table(table_id_of(transaction, known)).indexes
        return next((len(one.entries) for one in indexes if one.name == known.prefix + index.name), 0)

    return Statistics(rows, keys)
