"""Indexes that the module does not declare, for as long as somebody needs them: nothing of them is written
down."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from stdbpy.engine.store.columns import KeyType
from stdbpy.engine.store.derived import FIRST_DERIVED_ID, Derived
from stdbpy.engine.store.index import Index
from stdbpy.engine.store.table import Table
from stdbpy.schema.model import IndexAlgorithm

_FIRST_ID = FIRST_DERIVED_ID // 2
"""Their numbers are from here on."""


@dataclass
class _Lent:
    index: Index
    users: int = 0


def is_lent(index: Index) -> bool:
    """Whether an index goes when those who have borrowed it do not need it any more."""
    return _FIRST_ID <= index.id < FIRST_DERIVED_ID


class LentIndexes:
    """Those of one store."""

    def __init__(self, derived: Derived) -> None:
        self._derived = derived
        self._lent: dict[tuple[int, int], _Lent] = {}
        """By the numbers of the table and the column."""
        self._numbers = count(_FIRST_ID)

    def lend(self, table: Table, column: int) -> Index:
        """A hash index on the column, which transactions find by its name and number."""
        lent = self._lent.get((table.id, column))
        if lent is None:
            number, columns = next(self._numbers), (column,)
            key_type = KeyType(table.row_type, columns, table.module.typespace)
            name = f"{table.name} by {table.definition.columns[column].name}, lent"
            index = Index(number, name, columns, key_type, unique=False, algorithm=IndexAlgorithm.HASH)
            table.add_index(index)
            self._derived.indexes[number] = table, index
            lent = self._lent[table.id, column] = _Lent(index)
        lent.users += 1
        return lent.index

    def take_back(self, table: Table, column: int) -> None:
        """One who has borrowed the index does not need it any more."""
        lent = self._lent[table.id, column]
        lent.users -= 1
        if not lent.users:
            del self._lent[table.id, column]
            self._derived.indexes.pop(lent.index.id, None)
            table.remove_index(lent.index)
