"""What a message changed in a table: what it will do, and what it did."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

Row: TypeAlias = Any
"""An instance of the class bound to the table's row type, or a tuple where there is none."""

RowKey: TypeAlias = Hashable
"""What a cached row is found by: see :mod:`stdbpy.protocol.cache.row_keys`."""


class Plan(msgspec.Struct, gc=False):
    """A checked change of a table that is still to be made. The rows of ``gone``, ``fresh`` and
    ``replaced`` differ from each other."""

    gone: Collection[RowKey] = ()
    """Keys of rows that no query set holds any longer; all are in the table. It is the table's own
    dictionary of rows if all of them go, in its order."""
    fresh: Mapping[RowKey, Row] = {}
    """Rows whose keys are not in the table."""
    replaced: Mapping[RowKey, Row] = {}
    """Rows whose keys are in the table, with another row or one that was sent anew."""
    counts: Mapping[RowKey, int] = {}
    """How many query sets hold these rows from now on, where that changes and the row stays."""
    unchanged: Collection[RowKey] = ()
    """Keys of ``replaced`` whose rows have the same bytes as before, where only bytes can tell."""
    events: Collection[Row] = ()


class TableChanges(msgspec.Struct, frozen=True, gc=False):
    """What a message changed in one table, for those who listen.

    Each sequence is filled only if somebody listens to that kind of change.
    """

    table: str
    count: int
    """How many rows came, went or were sent anew, whether or not somebody listens."""
    inserted: Sequence[Row] = ()
    """For an event table: the events."""
    deleted: Sequence[Row] = ()
    updated: Sequence[tuple[Row, Row]] = ()
    """Old and new rows with the same primary key that differ."""
