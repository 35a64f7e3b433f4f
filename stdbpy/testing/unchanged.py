"""What all tables have at one moment, to be compared with what they have later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stdbpy.testing.table_rows import TableRows, TablesByName

_SHOWN = 5
"""How many rows of a kind a failure shows."""

_NO_ROWS: frozenset[bytes] = frozenset()


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
        gone = {name for name, rows in self.rows.items() if rows}
        for table in tables:
            # An update of the module may have brought it.
            before, after = self.rows.get(table.layout.name, _NO_ROWS), frozenset(table.stored())
            changes += _shown("+", table, after - before) + _shown("-", table, before - after)
            gone.discard(table.layout.name)
        changes += [f"  - {name}: the table is gone" for name in sorted(gone)]
        if changes:
            raise AssertionError("tables have changed:\n" + "\n".join(changes))


def _shown(sign: str, table: TableRows[object], rows: frozenset[bytes]) -> list[str]:
    lines = [f"  {sign} {table.layout.name}: {table.layout.codec.decode(row)!r}" for row in sorted(rows)[:_SHOWN]]
    more = len(rows) - _SHOWN
    return [*lines, f"  {sign} {table.layout.name}: {more} more"] if more > 0 else lines
