"""Refusals that point at a place in the statement."""

from __future__ import annotations

from stdbpy.errors import SqlError
from stdbpy.sql.tokens import Position


def refused(message: str, at: Position, hint: str = "") -> SqlError:
    return SqlError(message, hint=hint, line=at.line, column=at.column)
