"""Where the columns of each table stand in the rows of a join.

Such a row is one flat tuple: the needed columns of the first table, then those of the second, and
so on; a table whose whole rows are the result adds the row's bytes behind its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from stdbpy.engine.sql.bound import Constant, Field, Query
from stdbpy.engine.sql.plan import Step, needed_columns, returns_rows_of
from stdbpy.engine.sql.predicate import Row


class Layout:
    def __init__(self, query: Query, steps: Sequence[Step]) -> None:
        self._tables = query.tables
        self._needed = needed_columns(query, steps)
        self._whole = returns_rows_of(query)
        self.slots: dict[tuple[int, int], int] = {}
        """Of each needed column, by the numbers of its table and itself."""
        width = 0
        for step in steps:
            for column in self._needed[step.table]:
                self.slots[step.table, column] = width
                width += 1
            if step.table == self._whole:
                self.whole_row = width
                width += 1

    def slot(self, field: Field) -> int:
        return self.slots[field.table, field.column]

    def own_slots(self, table: int) -> dict[tuple[int, int], int]:
        """Where the columns stand in a row of this table alone."""
        return {(table, column): offset for offset, column in enumerate(self._needed[table])}

    def reader(self, table: int) -> Callable[[bytes], Row]:
        """From a table's row in BSATN to its part of the flat row."""
        columns, known = self._needed[table], self._tables[table]
        if not columns:
            return (lambda data: (data,)) if table == self._whole else (lambda _data: ())
        decode = known.format.decoder(tuple(columns))
        return (lambda data: (*decode(data), data)) if table == self._whole else decode

    def key(self, parts: Sequence[Field | Constant]) -> Callable[[Row], Row]:
        """From a row to the values of ``parts``."""
        if all(isinstance(part, Field) for part in parts):
            return picker([self.slot(part) for part in parts if isinstance(part, Field)])
        if not any(isinstance(part, Field) for part in parts):
            values = tuple(part.value for part in parts if isinstance(part, Constant))
            return lambda _row: values
        mixed = [(self.slot(part), None) if isinstance(part, Field) else (None, part.value) for part in parts]
        return lambda row: tuple(value if slot is None else row[slot] for slot, value in mixed)


def picker(slots: Sequence[int]) -> Callable[[Row], tuple[Any, ...]]:
    """A function that gives the values at ``slots`` as a tuple."""
    if len(slots) > 1:
        return itemgetter(*slots)
    return lambda row: tuple(row[slot] for slot in slots)
