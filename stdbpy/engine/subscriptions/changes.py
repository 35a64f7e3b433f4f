"""What a transaction did to the rows of one query."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from stdbpy.engine.store.table import Table


class RowChanges:
    """The rows in BSATN that came into a query's result and left it. An event table's rows only come.

    All clients that share the query are given the same object, so what is made of it once for one of
    them can be kept in :attr:`encoded`, by the name of the format, or whatever else it depends on.
    """

    __slots__ = ("_size", "deleted", "encoded", "inserted", "table")

    def __init__(self, table: Table, inserted: Sequence[bytes], deleted: Sequence[bytes]) -> None:
        self.table = table
        self.inserted = inserted
        self.deleted = deleted
        self.encoded: dict[Hashable, Any] = {}
        self._size: int | None = None

    @property
    def count(self) -> int:
        """How many rows it is about."""
        return len(self.inserted) + len(self.deleted)

    @property
    def size(self) -> int:
        """Bytes of all rows."""
        if self._size is None:
            self._size = sum(map(len, self.inserted)) + sum(map(len, self.deleted))
        return self._size


class QueryRows:
    """The rows in BSATN that a query, or a fragment of one, gives at one moment."""

    __slots__ = ("is_void", "rows", "table")

    def __init__(self, table: Table, rows: Sequence[bytes], *, is_void: bool = False) -> None:
        self.table = table
        self.rows = rows
        self.is_void = is_void
        """Whether a table that it reads has no rows at all."""
