"""What the real server and ours are both given, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AsOther:
    """A statement of somebody who does not own the database."""

    sql: str


@dataclass(frozen=True)
class Stored:
    """A row that is there, in SATS-JSON. On the real server the module's reducer ``insert_<table>``
    puts it there; without such a reducer, something else in the module does."""

    table: str
    row: list[Any]


Step = str | AsOther | Stored
"""Text is a statement of the database's owner. ``{owner}`` and ``{other}`` stand for the hex
digits of the two identities."""

NOTHING = "00" * 32
ONE = "00" * 31 + "01"
"""Identities nobody has."""
