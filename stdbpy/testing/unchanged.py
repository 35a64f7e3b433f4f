"""What all tables have at one moment, to be compared with what they have later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stdbpy.testing.table_rows import TableRows, TablesByName

_SHOWN = 5
"""How many rows of a kind a failure shows."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows of all tables, in BSATN."""

    rows: Mapping[str, frozenset[bytes]]

    @classmethod
    def of(cls, tables: TablesByName) -> Snapshot:
        return cls({table.layout.name: frozenset(table.stored()) for table in tables})

    def expect_same_in(self, tables: TablesByName) -> None:
        """Raises ``AssertionError`` with the rows that came and went."""
        __tracebackhide__ = True
        changes = []
        for table in tables:
            before, after = self.rows[table.layout.name], frozenset(table.stored())
            changes += _shown("+", table, after - before) + _shown("-", table, before - after)
        if changes:
            raise AssertionError("tables have changed:\n" + "\n".join(changes))


def _shown(sign: str, table: TableRows[object], rows: frozenset[bytes]) -> list[str]:
    lines = [f"  {sign} {table.layout.name}: {table.layout.codec.decode(row)!r}" for row in sorted(rows)[:_SHOWN]]
    more = len(rows) - _SHOWN
    return [*lines, f"  {sign} {table.layout.name}: {more} more"] if more > 0 else lines
