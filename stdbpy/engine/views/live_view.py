"""One view as one sender sees it."""

from __future__ import annotations

from collections.abc import Sequence

from stdbpy.engine.store.table import Table
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.views.declared import DeclaredView, ViewTable
from stdbpy.engine.views.reading import ReadSet
from stdbpy.sats.values import Identity, Timestamp


class LiveView:
    """The rows of a view that somebody has asked for, and what they were made of."""

    def __init__(self, declared: DeclaredView, sender: Identity | None, table_id: int, now: Timestamp) -> None:
        self.declared = declared
        self.sender = sender
        """``None`` for an anonymous view."""
        self.table: Table = ViewTable(table_id, declared)
        self.read = ReadSet()
        """What it read when it last ran."""
        self.has_rows = False
        """Whether it has run to its end; if not, nobody knows its rows."""
        self.holders = 0
        self.last_used = now

    def fill(self, rows: Sequence[bytes]) -> None:
        """Puts its first rows into its table. Raises ``UniqueConstraintViolation`` having put in those before."""
        table = self.table
        for row in rows:
            if row not in table.rows:
                table.insert(row)

    def replace(self, rows: Sequence[bytes], transaction: Transaction) -> None:
        """Makes ``rows`` its rows, as part of a transaction. Raises ``UniqueConstraintViolation``."""
        table, kept = self.table, dict.fromkeys(rows)
        for row in [row for row in table.rows if row not in kept]:
            transaction.delete(table.id, row)
        for row in kept:
            if row not in table.rows:
                transaction.insert(table.id, row)
