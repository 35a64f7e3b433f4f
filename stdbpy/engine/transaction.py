"""Transactions: what SQL and module code work on.

A transaction works on the tables themselves and notes what it changes, so that a failure can be
undone. There is one at a time, on the thread of the database, so it sees its own changes at once
and nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stdbpy.engine.delta import Delta
from stdbpy.engine.outboxes.records import note_insertion
from stdbpy.engine.store.index import Bound, Index
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.errors import HostError, RowNotFound, SqlError
from stdbpy.module.host import Errno
from stdbpy.sats.values import Identity
from stdbpy.schema.model import ModuleSchema


class Transaction:
    """One transaction over a store. Rows are BSATN and must be values of the table's row type.

    Iterators read the tables themselves: collect what they give before changing anything.
    """

    __slots__ = ("_delta", "_indexes", "_store", "_tables", "scheduled", "sending")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tables = store.tables
        self._indexes = store.indexes
        self._delta = Delta()
        self.scheduled: list[tuple[Table, bytes]] = []
        """Rows written to tables with a schedule, in order."""
        self.sending: list[int] = []
        """The streams of messages to other databases that have got another one."""

    @property
    def schema(self) -> ModuleSchema:
        return self._store.schema

    @property
    def delta(self) -> Delta:
        """What it has changed so far; to look at."""
        return self._delta

    # --- names -------------------------------------------------------------------------------

    def table_id(self, name: str) -> int | None:
        """The number of a table by its canonical name or by what the module's code calls it; the
        names of mounted modules stand before it (``auth.user``)."""
        return self._store.table_id(name)

    def index_id(self, name: str) -> int | None:
        """The number of an index, named as tables are."""
        return self._store.index_id(name)

    def system_id(self, name: str) -> int:
        """The number of one of the server's own tables, which is up to date. Raises ``KeyError``."""
        return self._store.system.table(name).id

    def view_id(self, name: str, sender: Identity | None) -> int:
        """The number of the table with the rows that a view gives ``sender`` at this moment, who can be ``None`` for
        a view that gives everybody the same. Raises :class:`~stdbpy.errors.SqlError` if the view fails."""
        views = self._store.views
        if views is None:
            raise SqlError(f"the view `{name}` cannot be run", hint="The database's module is not running.")
        return views.table(name, sender, self).id

    def table(self, table_id: int) -> Table:
        """The table with its indexes and sequences; to look at, not to change. Raises ``HostError``
        ``NO_SUCH_TABLE``."""
        try:
            return self._tables[table_id]
        except KeyError:
            derived = self._store.derived.tables.get(table_id)
            if derived is not None:
                return derived
            raise HostError(Errno.NO_SUCH_TABLE, f"No table has the number {table_id}") from None

    def index(self, index_id: int) -> Index:
        """Raises ``HostError`` ``NO_SUCH_INDEX``."""
        return self._table_and_index(index_id)[1]

    def table_of_index(self, index_id: int) -> Table:
        """Raises ``HostError`` ``NO_SUCH_INDEX``."""
        return self._table_and_index(index_id)[0]

    def _table_and_index(self, index_id: int) -> tuple[Table, Index]:
        try:
            return self._indexes[index_id]
        except KeyError:
            derived = self._store.derived.indexes.get(index_id)
            if derived is not None:
                return derived
            raise HostError(Errno.NO_SUCH_INDEX, f"No index has the number {index_id}") from None

    # --- reading -----------------------------------------------------------------------------

    def row_count(self, table_id: int) -> int:
        return len(self.table(table_id).rows)

    def scan(self, table_id: int) -> Iterator[bytes]:
        """All rows, in the order in which they were inserted."""
        return iter(self.table(table_id).rows)

    def index_point(self, index_id: int, key: tuple[Any, ...]) -> Iterator[bytes]:
        """The rows whose indexed columns equal ``key``, one Python value for each column."""
        index = self.index(index_id)
        return index.rows(index.key_type.encode(key))

    def index_point_bsatn(self, index_id: int, key: bytes) -> Iterator[bytes]:
        """As :meth:`index_point`, with the key's values in BSATN one after the other."""
        index = self.index(index_id)
        return index.rows(index.key_type.canonical(key))

    def index_range(
        self, index_id: int, prefix: tuple[Any, ...] = (), lower: Bound = None, upper: Bound = None
    ) -> Iterator[bytes]:
        """The rows whose first columns equal ``prefix`` and whose next lies between the bounds, in
        the order of the index. Raises ``HostError`` ``WRONG_INDEX_ALGO`` for a hash index."""
        index = self.index(index_id)
        if not index.has_order:
            raise HostError(Errno.WRONG_INDEX_ALGO, f"Index {index.name!r} is a hash index: it has no ranges")
        return index.rows_between(prefix, lower, upper)

    # --- changing ----------------------------------------------------------------------------

    def insert(self, table_id: int, row: bytes) -> bytes:
        """Inserts a row and returns it as stored, with numbers in place of the zeros of its
        auto-increment columns. A row that is there already changes nothing.

        Raises ``UniqueConstraintViolation``, then having changed nothing.
        """
        table = self._tables.get(table_id) or self.table(table_id)
        for numbers in table.sequences:
            row = numbers.filled(row)
        if row not in table.rows:
            table.insert(row)
            self._delta.of(table).insert(row)
        if table.is_scheduled:
            self.scheduled.append((table, row))
        elif table.outbox is not None:
            self.sending.append(note_insertion(self, table, row))
        return row

    def delete(self, table_id: int, row: bytes) -> bool:
        """Deletes a row; whether it was there."""
        table = self.table(table_id)
        if row not in table.rows:
            return False
        table.delete(row)
        self._delta.of(table).delete(row)
        return True

    def update(self, table_id: int, index_id: int, row: bytes) -> bytes:
        """Puts ``row`` in the place of the row with the same key in a unique index; returns it as
        stored, as :meth:`insert` does.

        Raises ``RowNotFound``, ``UniqueConstraintViolation``, and ``HostError`` for an index that
        is not unique, then having changed nothing.
        """
        owner, index = self._table_and_index(index_id)
        table = self.table(table_id)
        if owner is not table:
            raise HostError(Errno.NO_SUCH_INDEX, f"Table {table.name!r} has no index with the number {index_id}")
        if not index.unique:
            raise HostError(Errno.INDEX_NOT_UNIQUE, f"Index {index.name!r} is not unique: its keys name no single row")
        for numbers in table.sequences:
            row = numbers.filled(row)
        old = index.entries.get(index.key_of(row))
        if old is None:
            raise RowNotFound(Errno.NO_SUCH_ROW, f"Table {table.name!r} has no row to update with that key")
        assert isinstance(old, bytes), "a unique index has one row for a key"
        if old != row:
            table.delete(old)
            try:
                table.insert(row)
            except HostError:
                table.insert(old)
                raise
            changes = self._delta.of(table)
            changes.delete(old)
            changes.insert(row)
        if table.is_scheduled:
            self.scheduled.append((table, row))
        return row

    def clear(self, table_id: int) -> int:
        """Deletes all rows; returns how many there were."""
        table = self.table(table_id)
        count = len(table.rows)
        if count:
            changes = self._delta.of(table)
            for row in table.rows:
                changes.delete(row)
            table.clear()
        return count

    # --- ending ------------------------------------------------------------------------------

    def commit(self) -> Delta:
        """Ends the transaction; its changes stay. Rows of event tables were for this moment only."""
        delta = self._delta
        delta.leave_out_unchanged()
        for changes in delta.changes.values():
            if changes.table.is_event:
                changes.table.clear()
        return delta

    def rollback(self) -> None:
        """Ends the transaction as if nothing had happened, but for the numbers it has used up."""
        self._delta.undo()
        self.scheduled.clear()
        self.sending.clear()
