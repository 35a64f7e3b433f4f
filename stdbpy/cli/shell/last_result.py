"""The result of the last statement, kept so that it can be shown in another form without asking again."""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.api.sql_stream import SqlColumns, SqlPart, SqlRows, SqlSummary
from stdbpy.errors import UsageError

MOST_ROWS = 100_000
"""Longer results are not kept."""


class LastResult:
    def __init__(self) -> None:
        self.rows = 0
        self.summary: SqlSummary | None = None
        """What the server said at the end; ``None`` if it was not waited for."""
        self.has_columns = False
        """Whether the statement asks for rows."""
        self._parts: list[SqlPart] = []

    def recorded(self, parts: Iterator[SqlPart]) -> Iterator[SqlPart]:
        """The same parts, kept as they go by."""
        for part in parts:
            match part:
                case SqlColumns(columns):
                    self.has_columns = bool(columns.elements)
                case SqlRows(values):
                    self.rows += len(values)
                case SqlSummary():
                    self.summary = part
            if self.rows <= MOST_ROWS:
                self._parts.append(part)
            else:
                self._parts.clear()
            yield part

    def parts(self) -> Iterator[SqlPart]:
        """Raises :class:`UsageError` if the result was not kept as a whole."""
        if self.rows > MOST_ROWS:
            raise UsageError(
                f"the last result had more than {MOST_ROWS:,} rows, which are not kept",
                hint=r"\o FILE and the statement once more write it to a file",
            )
        if self.summary is None:
            raise UsageError("there is no whole result to show again")
        return iter(self._parts)
