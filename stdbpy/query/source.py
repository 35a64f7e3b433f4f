"""Where the columns of a query come from: a table, under the name that the query gives it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A table of a query. ``alias`` is what the query calls it: another name than its own only where
    a table is joined with itself."""

    table: str
    alias: str
    is_event: bool = False

    @property
    def sql(self) -> str:
        """As FROM and JOIN name it."""
        return quoted(self.table) if self.alias == self.table else f"{quoted(self.table)} AS {quoted(self.alias)}"


def quoted(name: str) -> str:
    """An identifier of SQL, whatever characters are in it."""
    return '"' + name.replace('"', '""') + '"'
