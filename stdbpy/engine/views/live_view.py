"""One view as one sender sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stdbpy.engine.store.table import Table
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.views.declared import DeclaredView, ViewTable
from stdbpy.engine.views.reading import ReadSet
from stdbpy.sats.values import Identity, Timestamp

if TYPE_CHECKING:
    from stdbpy.engine.views.queries import CompiledQuery


class LiveView:
    """The rows of a view that somebody has asked for, and what they were made of."""

    def __init__(self, declared: DeclaredView, sender: Identity | None, table_id: int, now: Timestamp) -> None:
        self.declared = declared
        self.sender = sender
        """``None`` for an anonymous view."""
        self.table: Table = ViewTable(table_id, declared)
        self.read = ReadSet()
        """What its code read when it last ran."""
        self.query: CompiledQuery | None = None
        """What it returned then, if not rows."""
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
        present, wanted = self.table.rows, dict.fromkeys(rows)
        went = [row for row in present if row not in wanted]
        came = [row for row in wanted if row not in present]
        self.change(went, came, transaction)

    def change(self, went: Iterable[bytes], came: Iterable[bytes], transaction: Transaction) -> None:
        """Takes some rows away and adds others, as :meth:`replace` does."""
        for row in went:
            transaction.delete(self.table.id, row)
        for row in came:
            transaction.insert(self.table.id, row)
