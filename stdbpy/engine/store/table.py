"""One table: its rows in BSATN, in the order of their insertion, and its indexes."""

from __future__ import annotations

from collections.abc import Sequence

from stdbpy.engine.store.index import Index
from stdbpy.engine.store.outbox import OutboxColumns
from stdbpy.engine.store.sequence import Numbers
from stdbpy.errors import UniqueConstraintViolation
from stdbpy.module.host import Errno
from stdbpy.schema.model import ModuleSchema
from stdbpy.schema.model import Table as Definition


class Table:
    """A table of a database. A row is there once or not at all, as in a set."""

    __slots__ = (
        "_plain",
        "_unique",
        "definition",
        "id",
        "indexes",
        "is_durable",
        "is_event",
        "is_scheduled",
        "module",
        "name",
        "outbox",
        "public_id",
        "row_type",
        "rows",
        "sequences",
    )

    def __init__(
        self,
        id: int,
        name: str,
        definition: Definition,
        module: ModuleSchema,
        indexes: Sequence[Index] = (),
        sequences: Sequence[Numbers] = (),
    ) -> None:
        self.id = self.public_id = id
        """``public_id`` is what clients and the system tables call it by."""
        self.name = name
        """Canonical, with the names of the modules it is mounted in: ``auth.user``."""
        self.definition = definition
        self.module = module
        """The module that declares it: references in its types are into that one's typespace."""
        self.row_type = module.row_type(definition)
        self.rows: dict[bytes, None] = {}
        self.indexes = tuple(indexes)
        self.sequences = tuple(sequences)
        self.is_event = definition.is_event
        self.is_durable = not definition.is_event
        """Whether its rows are written down."""
        self.is_scheduled = definition.schedule is not None
        self.outbox = (
            OutboxColumns(definition, definition.outbox, self.row_type, module.typespace) if definition.outbox else None
        )
        self._unique = tuple(index for index in indexes if index.unique)
        self._plain = tuple(index for index in indexes if not index.unique)

    def empty_copy(self) -> Table:
        """The same table of another store, which is much quicker than to make it. For one without sequences."""
        assert not self.sequences, "these count on"
        indexes = [index.empty_copy() for index in self.indexes]
        return Table(self.id, self.name, self.definition, self.module, indexes)

    @property
    def is_empty(self) -> bool:
        return not self.rows

    def insert(self, row: bytes) -> None:
        """Adds a row that is not there yet. Raises ``UniqueConstraintViolation``, changing nothing."""
        for index in self._unique:
            if not index.claim(row):
                for claimed in self._unique[: self._unique.index(index)]:
                    claimed.remove(row)
                raise self.violation(index, row)
        self.rows[row] = None
        for index in self._plain:
            index.add(row)

    def delete(self, row: bytes) -> None:
        """Removes a row that is there."""
        del self.rows[row]
        for index in self.indexes:
            index.remove(row)

    def clear(self) -> None:
        """Removes all rows."""
        self.rows.clear()
        for index in self.indexes:
            index.clear()

    def load(self, rows: Sequence[bytes]) -> None:
        """Adds rows that are known to be allowed, as when a database is opened."""
        self.rows.update(dict.fromkeys(rows))
        for index in self._unique:
            key_of = index.key_of
            index.entries.update({key_of(row): row for row in rows})
        for index in self._plain:
            for row in rows:
                index.add(row)

    def add_index(self, index: Index) -> None:
        """Fills an index that is not unique, and keeps it up."""
        for row in self.rows:
            index.add(row)
        self.indexes = (*self.indexes, index)
        self._plain = (*self._plain, index)

    def remove_index(self, index: Index) -> None:
        self.indexes = tuple(other for other in self.indexes if other is not index)
        self._plain = tuple(other for other in self._plain if other is not index)

    def violation(self, index: Index, row: bytes) -> UniqueConstraintViolation:
        """What to raise for a row whose key in a unique index is taken."""
        columns = ", ".join(self.definition.columns[column].name for column in index.columns)
        key = index.key_type.codec.decode(index.key_of(row))
        value = key[0] if len(key) == 1 else key
        return UniqueConstraintViolation(
            Errno.UNIQUE_ALREADY_EXISTS,
            f"Table {self.name!r} already has a row with {columns} = {value!r} (unique constraint {index.name!r})",
        )
