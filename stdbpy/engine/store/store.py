"""All tables of one database."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from stdbpy.engine.store.building import Numbering, build_table, declared_tables
from stdbpy.engine.store.derived import Derived, Program, ViewTables
from stdbpy.engine.store.index import Index
from stdbpy.engine.store.lent_indexes import LentIndexes
from stdbpy.engine.store.sequence import Numbers
from stdbpy.engine.store.table import Table
from stdbpy.engine.system_tables.definitions import LATER
from stdbpy.engine.system_tables.stored import stored_system_tables
from stdbpy.schema.model import ModuleSchema

if TYPE_CHECKING:
    from stdbpy.engine.delta import Delta
    from stdbpy.engine.system_tables.system_tables import SystemTables


class Store:
    """The tables of one database, some of the server's own among them. New ones get the next numbers in the
    order of their names."""

    def __init__(self, schema: ModuleSchema, numbering: Numbering | None = None) -> None:
        self.schema = schema
        self.numbering = numbering or Numbering()
        self.taken: set[Numbers] = set()
        """Sequences of which a block was taken that no transaction has recorded yet."""
        self.tables: dict[int, Table] = {}
        self.indexes: dict[int, tuple[Table, Index]] = {}
        self.sequences: dict[int, Numbers] = {}
        self.derived = Derived()
        self.lent_indexes = LentIndexes(self.derived)
        self.views: ViewTables | None = None
        """``None`` while no module runs that could give their rows."""
        self.program: Callable[[], Program | None] = lambda: None
        """What the database runs at this moment."""
        for name, definition, module in declared_tables(schema):
            self._add(build_table(name, definition, module, self.numbering))
        for table in stored_system_tables():
            self._add(table)
        self._table_ids = {table.name: table.id for table in self.tables.values() if table.name not in LATER}
        self._index_ids = {index.name: id for id, (table, index) in self.indexes.items() if table.name not in LATER}
        for prefix, module in schema.walk():
            for declared in module.tables:
                self._table_ids.setdefault(prefix + declared.source_name, self._table_ids[prefix + declared.name])
                for index in declared.indexes:
                    self._index_ids.setdefault(prefix + index.source_name, self._index_ids[prefix + index.name])

    @cached_property
    def system(self) -> SystemTables:
        """What the database tells of itself."""
        # Loaded when somebody asks: most programs never do.
        from stdbpy.engine.system_tables.system_tables import SystemTables

        return SystemTables(self)

    def note_system_changes(self, before: Store, delta: Delta) -> None:
        """Adds to ``delta`` what is different in the system tables that were read of ``before``, another version
        of the database's tables."""
        if "system" in vars(before):
            self.system.note_changes(before.system, delta)

    def table_id(self, name: str) -> int | None:
        """The number of a table by its canonical name or by what the module's code calls it."""
        return self._table_ids.get(name)

    def index_id(self, name: str) -> int | None:
        """The number of an index by its canonical name or by what the module's code calls it."""
        return self._index_ids.get(name)

    def _add(self, table: Table) -> None:
        self.tables[table.id] = table
        for index in table.indexes:
            self.indexes[index.id] = table, index
        for numbers in table.sequences:
            self.sequences[numbers.id] = numbers
            numbers.ledger = self.taken
