"""Makes the empty tables of a module, and gives them and their indexes numbers to go by."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stdbpy.engine.store.columns import KeyType, column_start
from stdbpy.engine.store.index import Index
from stdbpy.engine.store.sequence import Numbers
from stdbpy.engine.store.table import Table
from stdbpy.schema.model import IndexAlgorithm, ModuleSchema
from stdbpy.schema.model import Table as Definition

if TYPE_CHECKING:
    from stdbpy.engine.store.store import Store

FIRST_USER_ID = 4096
"""Tables, indexes and sequences of the system have numbers below this one."""


@dataclass
class Ids:
    """Which numbers were given to which names. A number is never given out again."""

    given: dict[str, int] = field(default_factory=dict)
    next: int = FIRST_USER_ID

    def of(self, name: str) -> int:
        """The number of ``name``, a new one at the first time."""
        if name not in self.given:
            self.given[name] = self.next
            self.next += 1
        return self.given[name]

    def keep(self, ids: Collection[int]) -> None:
        """Forgets the names of all numbers but these."""
        self.given = {name: id for name, id in self.given.items() if id in ids}


@dataclass
class Numbering:
    """The numbers of a database's tables, indexes and sequences, which its data refer to."""

    tables: Ids = field(default_factory=Ids)
    indexes: Ids = field(default_factory=Ids)
    sequences: Ids = field(default_factory=Ids)

    def keep(self, store: Store) -> None:
        """Forgets the names of what is not in the store."""
        self.tables.keep(store.tables)
        self.indexes.keep(store.indexes)
        self.sequences.keep(store.sequences)

    def copy(self) -> Numbering:
        kinds = (self.tables, self.indexes, self.sequences)
        return Numbering(*(Ids(dict(ids.given), ids.next) for ids in kinds))


def declared_tables(schema: ModuleSchema) -> Iterator[tuple[str, Definition, ModuleSchema]]:
    """The tables of a module and of those mounted in it, each with its full name and the module
    that declares it, in the order of the names."""
    declared = [
        (prefix + definition.name, definition, module)
        for prefix, module in schema.walk()
        for definition in module.tables
    ]
    yield from sorted(declared, key=lambda table: table[0])


def build_table(name: str, definition: Definition, module: ModuleSchema, numbering: Numbering) -> Table:
    """An empty table, with numbers from ``numbering``."""
    prefix = name.removesuffix(definition.name)
    row, typespace = module.row_type(definition), module.typespace
    id = numbering.tables.of(name)
    indexes = [
        Index(
            numbering.indexes.of(prefix + index.name),
            prefix + index.name,
            index.columns,
            KeyType(row, index.columns, typespace),
            unique=definition.is_unique(index.columns),
            algorithm=index.algorithm,
        )
        for index in definition.indexes
    ]
    for constraint in definition.constraints:
        if not any(sorted(index.columns) == sorted(constraint.columns) for index in indexes):
            # A definition may leave the index out; uniqueness still has to be watched over.
            key_type = KeyType(row, constraint.columns, typespace)
            number, full_name = numbering.indexes.of(prefix + constraint.name), prefix + constraint.name
            hash = IndexAlgorithm.HASH
            indexes.append(Index(number, full_name, constraint.columns, key_type, unique=True, algorithm=hash))
    sequences = [
        Numbers(
            numbering.sequences.of(prefix + sequence.name),
            sequence,
            module.resolve(definition.columns[sequence.column].type),
            column_start(row, sequence.column, typespace),
        )
        for sequence in definition.sequences
    ]
    return Table(
        id, name, definition, module, indexes, sorted(sequences, key=lambda numbers: numbers.definition.column)
    )
