"""The rows of an in-memory database, and transactions that change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from stdbpy.client.query import Query
from stdbpy.errors import NoSuchTable, RowNotFound, UniqueConstraintViolation, nearest
from stdbpy.protocol.catalog import TableLayout

Row = TypeVar("Row")

NAMED_ROW_IS_MISSING = 15
UNIQUE_ALREADY_EXISTS = 12
"""Codes of the errors that the server's own host functions have for these."""


@dataclass(frozen=True, slots=True)
class TableDelta:
    """What a transaction changed in a table: rows in BSATN."""

    inserted: list[bytes]
    deleted: list[bytes]
    is_event: bool


Delta: TypeAlias = Mapping[str, TableDelta]
"""By the table's name; tables that did not change are not in it."""


class MemoryTables:
    """The committed rows of all tables, in BSATN."""

    def __init__(self, layouts: Mapping[str, TableLayout]) -> None:
        self.layouts = layouts
        self._rows: dict[str, dict[bytes, None]] = {}

    def layout(self, table: str) -> TableLayout:
        """Raises :class:`NoSuchTable`, with the nearest name."""
        found = self.layouts.get(table)
        if found is None:
            raise NoSuchTable(f"the module has no table {table!r}", hint=nearest(table, self.layouts))
        return found

    def rows(self, table: str) -> list[bytes]:
        return list(self._rows.get(table, ()))

    def begin(self) -> Transaction:
        return Transaction(self)

    def commit(self, transaction: Transaction) -> Delta:
        delta: dict[str, TableDelta] = {}
        for table, rows in transaction.rows.items():
            # Others may have been committed meanwhile: what they changed stays.
            now = self._rows.setdefault(table, {})
            begun = transaction.begun[table]
            inserted = [row for row in rows if row not in begun and row not in now]
            deleted = [row for row in begun if row not in rows and row in now]
            for row in deleted:
                del now[row]
            now.update(dict.fromkeys(inserted))
            if inserted or deleted:
                delta[table] = TableDelta(inserted, deleted, is_event=False)
        for table, events in transaction.events.items():
            delta[table] = TableDelta(events, [], is_event=True)
        return delta


@dataclass(slots=True)
class Transaction:
    """Changes that clients are told of together, once it is committed.

    Tables are the query tables of generated code (``tables.player``), or names in SQL. Views take
    rows, too: which ones a view has is the test's to say.
    """

    _tables: MemoryTables
    rows: dict[str, dict[bytes, None]] = field(default_factory=dict)
    events: dict[str, list[bytes]] = field(default_factory=dict)
    begun: dict[str, frozenset[bytes]] = field(default_factory=dict)
    """What tables had when it first looked at them."""

    def insert(self, table: Query[Row] | str, *rows: Row) -> None:
        """Adds rows; for an event table, tells of events.

        Raises ``EncodeError`` for a value that its column cannot hold and ``UniqueConstraintViolation``
        for a row whose primary key, or other unique column, another row has.
        """
        layout = self._layout(table)
        encoded = [layout.codec.encode(row) for row in rows]
        if layout.is_event:
            self.events.setdefault(layout.name, []).extend(encoded)
            return
        present = self._present(layout)
        for row, data in zip(rows, encoded, strict=True):
            if data not in present:
                self._check_unique(layout, present, row)
                present[data] = None

    def delete(self, table: Query[Row] | str, *rows: Row) -> None:
        """Deletes rows that equal these in all columns. Raises ``RowNotFound`` for one that is not there."""
        layout = self._layout(table)
        present = self._present(layout)
        for row in rows:
            data = layout.codec.encode(row)
            if data not in present:
                raise RowNotFound(NAMED_ROW_IS_MISSING, f"the table {layout.name!r} does not have the row {row!r}")
            del present[data]

    def update(self, table: Query[Row] | str, *rows: Row) -> None:
        """Replaces the rows that have the same primary keys. Raises ``RowNotFound`` for one that is not
        there, and ``UniqueConstraintViolation`` as :meth:`insert` does."""
        layout = self._layout(table)
        key_of = _key_getter(layout)
        for row in rows:
            self._replace(layout, self._at(layout, key_of(row)), row)

    def update_by_key(self, table: Query[Any] | str, key: object, /, **columns: object) -> None:
        """Gives columns of the row with that primary key new values:
        ``update_by_key(tables.player, 1, level=4)``. Raises as :meth:`update` does."""
        layout = self._layout(table)
        old = self._at(layout, key)
        names = layout.fields or layout.columns
        for name in columns:
            if name not in names:
                raise TypeError(f"{layout.name} has no column {name!r}. {nearest(name, names)}".rstrip())
        before = _getter(layout, tuple(range(len(names))))(layout.codec.decode(old))
        after = tuple(columns.get(name, value) for name, value in zip(names, before, strict=True))
        self._replace(layout, old, after if layout.record.cls is None else layout.record.cls(*after))

    def delete_by_key(self, table: Query[Any] | str, *keys: object) -> None:
        """Deletes the rows with these primary keys. Raises ``RowNotFound`` for one that is not there."""
        layout = self._layout(table)
        for key in keys:
            del self._present(layout)[self._at(layout, key)]

    def all(self, table: Query[Row] | str) -> list[Row]:
        """The rows of the table as the transaction sees them, its own changes included."""
        layout = self._layout(table)
        return [layout.codec.decode(data) for data in self._present(layout)]

    def _layout(self, table: Query[Any] | str) -> TableLayout:
        return self._tables.layout(table if isinstance(table, str) else table.table)

    def _present(self, layout: TableLayout) -> dict[bytes, None]:
        rows = self.rows.get(layout.name)
        if rows is None:
            rows = self.rows[layout.name] = dict.fromkeys(self._tables.rows(layout.name))
            self.begun[layout.name] = frozenset(rows)
        return rows

    def _at(self, layout: TableLayout, key: object) -> bytes:
        """The row with that primary key. Raises ``RowNotFound``."""
        key_of = _key_getter(layout)
        for data in self._present(layout):
            if key_of(layout.codec.decode(data)) == key:
                return data
        raise RowNotFound(NAMED_ROW_IS_MISSING, f"the table {layout.name!r} has no row with the key {key!r}")

    def _replace(self, layout: TableLayout, old: bytes, row: Any) -> None:
        present = self._present(layout)
        del present[old]
        self._check_unique(layout, present, row)
        present[layout.codec.encode(row)] = None

    def _check_unique(self, layout: TableLayout, present: Mapping[bytes, None], row: Any) -> None:
        for columns in _unique_columns(layout):
            key_of = _getter(layout, columns)
            key = key_of(row)
            if any(key_of(layout.codec.decode(data)) == key for data in present):
                named = ", ".join(layout.columns[column] for column in columns)
                raise UniqueConstraintViolation(
                    UNIQUE_ALREADY_EXISTS, f"the table {layout.name!r} has a row with {named} = {key!r} already"
                )


def _unique_columns(layout: TableLayout) -> set[tuple[int, ...]]:
    unique = {index.columns for index in layout.indexes if index.unique}
    return unique if layout.primary_key is None else unique | {(layout.primary_key,)}


def _key_getter(layout: TableLayout) -> Callable[[Any], Any]:
    if layout.primary_key is None:
        raise TypeError(f"{layout.name} has no primary key: delete rows and insert others")
    getter = _getter(layout, (layout.primary_key,))
    return lambda row: getter(row)[0]


def _getter(layout: TableLayout, columns: tuple[int, ...]) -> Callable[[Any], tuple[Any, ...]]:
    fields = layout.fields
    if not fields:
        return lambda row: tuple(row[column] for column in columns)
    return lambda row: tuple(getattr(row, fields[column]) for column in columns)
