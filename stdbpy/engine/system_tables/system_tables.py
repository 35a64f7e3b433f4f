"""The system tables of one store, as tables that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stdbpy.engine.system_tables.contents import Contents
from stdbpy.engine.system_tables.definitions import STORED, SYSTEM, TABLE_IDS
from stdbpy.engine.system_tables.stored import build_system_table
from stdbpy.sats.bsatn import compile_codec

if TYPE_CHECKING:
    from stdbpy.engine.delta import Delta
    from stdbpy.engine.store.store import Store
    from stdbpy.engine.store.table import Table

_CHANGING = ("st_sequence", "st_module")
"""What changes without another version of the tables: numbers are used up, the program can be replaced."""


class SystemTables:
    """Made when the first of them is read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[str, Table] = {}

    def table(self, name: str) -> Table:
        """The table, up to date. Raises ``KeyError`` for a name that no system table has."""
        if name in STORED:
            return self._store.tables[TABLE_IDS[name]]
        table = self._open.get(name)
        if table is None:
            table = self._open[name] = build_system_table(name)
            self._fill(table)
        elif name in _CHANGING:
            table.clear()
            self._fill(table)
        if self._store.derived.tables.get(table.id) is not table:
            self._store.derived.add(table)
        return table

    def note_changes(self, before: SystemTables, delta: Delta) -> None:
        """Adds to ``delta`` what is different from those of another version of the tables that were read there."""
        for name, old in before._open.items():
            if name not in _CHANGING:
                table = self.table(name)
                changes = delta.of(table)
                changes.inserted.update((row, None) for row in table.rows if row not in old.rows)
                changes.deleted.update((row, None) for row in old.rows if row not in table.rows)
        delta.leave_out_unchanged()

    def _fill(self, table: Table) -> None:
        codec = compile_codec(SYSTEM.row_type(table.definition), SYSTEM.typespace)
        contents = Contents(self._store, self._store.program())
        table.load([codec.encode(row) for row in contents.rows(table.name)])
