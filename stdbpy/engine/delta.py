"""What a transaction changed: which rows came, and which went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stdbpy.engine.results import Caller
from stdbpy.engine.store.table import Table
from stdbpy.sats.values import Timestamp


class TableChanges:
    """The rows of one table that a transaction inserted and deleted. A row that was inserted and
    deleted again, or the other way round, is in neither."""

    __slots__ = ("deleted", "inserted", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.inserted: dict[bytes, None] = {}
        self.deleted: dict[bytes, None] = {}

    def insert(self, row: bytes) -> None:
        if row in self.deleted:
            del self.deleted[row]
        else:
            self.inserted[row] = None

    def delete(self, row: bytes) -> None:
        if row in self.inserted:
            del self.inserted[row]
        else:
            self.deleted[row] = None

    def undo(self) -> None:
        """Takes the changes back, out of a table that has not changed since."""
        for row in self.inserted:
            if row in self.table.rows:  # an event table's rows left with the commit
                self.table.delete(row)
        for row in self.deleted:
            self.table.insert(row)


class Delta:
    """The changes of one transaction, by the number of the table. Tables without any are absent."""

    __slots__ = ("changes",)

    def __init__(self) -> None:
        self.changes: dict[int, TableChanges] = {}

    def of(self, table: Table) -> TableChanges:
        """The changes of one table, to be added to."""
        changes = self.changes.get(table.id)
        if changes is None:
            changes = self.changes[table.id] = TableChanges(table)
        return changes

    def leave_out_unchanged(self) -> None:
        """Forgets the tables whose changes have cancelled each other out."""
        for id, changes in tuple(self.changes.items()):
            if not (changes.inserted or changes.deleted):
                del self.changes[id]

    def __iter__(self) -> Iterator[TableChanges]:
        return iter(self.changes.values())

    def __bool__(self) -> bool:
        return bool(self.changes)

    def undo(self) -> None:
        """Takes all changes back, out of tables that have not changed since."""
        for changes in self.changes.values():
            changes.undo()


class Commit(NamedTuple):
    """A transaction that changed something, as those hear of it who follow a database."""

    delta: Delta
    timestamp: Timestamp
    reducer: str | None = None
    """The reducer that ran, with :attr:`caller` and :attr:`args`; ``None`` for anything else."""
    caller: Caller | None = None
    args: bytes = b""
    reducer_number: int | None = None
    """The reducer's place among those of the module."""
    duration_micros: int = 0
