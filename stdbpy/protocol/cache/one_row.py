"""The way of most messages: one row of a table comes, goes or is updated, and one query set holds it.

What :mod:`stdbpy.protocol.cache.planning` works out for any message is here one function without
detours: the number of transactions that a client can follow depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from stdbpy.protocol.cache.changes import Row, RowKey, TableChanges
from stdbpy.protocol.cache.listeners import Listeners
from stdbpy.protocol.cache.lookups import KeptLookup
from stdbpy.protocol.cache.planning import Planner
from stdbpy.protocol.cache.row_keys import PrimaryKeys
from stdbpy.protocol.catalog import TableLayout
from stdbpy.protocol.incoming import TableRows
from stdbpy.protocol.row_list import RowList
from stdbpy.sats.failures import READING_FAILURES

ApplyOne: TypeAlias = Callable[[TableRows], TableChanges | None]
"""Applies a message of one row. Gives ``None``, and has done nothing, for any other message and where
anything is out of the ordinary: planning then does it, or says what is wrong."""


def one_row_applier(
    layout: TableLayout,
    planner: Planner,
    rows: dict[RowKey, Row],
    counts: dict[RowKey, int],
    listeners: Listeners,
    kept: list[KeptLookup],
) -> ApplyOne:
    """The function for one table, of which these are the parts."""
    if layout.is_event:
        return _refuse
    name = layout.name
    decode = layout.codec.reader()
    on_insert, on_delete, on_update = listeners.on_insert, listeners.on_delete, listeners.on_update
    unheard = TableChanges(name, 1)
    keys = planner.keys if isinstance(planner.keys, PrimaryKeys) else None
    in_place = None if keys is None else keys.in_place
    key_of: Callable[[Row], RowKey] = decode
    if keys is not None:
        key_of = keys.value_of if keys.to_key is None else keys.of_one
    unpack_from = None if in_place is None else in_place.unpack_from
    convert = None if in_place is None else in_place.convert
    row_size = None if in_place is None else in_place.row_size

    def apply_one(sent: TableRows) -> TableChanges | None:
        inserts, deletes = sent.inserts, sent.deletes
        old: Row = None
        new: Row = None
        left: RowKey = None
        came: RowKey = None
        left_data = came_data = b""
        try:
            if deletes is not None:
                if not isinstance(deletes, RowList):
                    return None
                left_data, offsets = deletes.data, deletes.offsets
                if len(left_data) != deletes.size if offsets is None else len(offsets) != 1:
                    return None
                if keys is None:
                    left = left_data
                elif unpack_from is None:
                    left = key_of(decode(left_data))
                elif row_size is not None and len(left_data) != row_size:
                    return None
                else:
                    left = unpack_from(left_data)[0]
                    if convert is not None:
                        left = convert(left)
                old = rows.get(left)
                if old is None or left in counts:
                    return None
            if inserts is not None:
                if not isinstance(inserts, RowList) or sent.is_event:
                    return None
                came_data, offsets = inserts.data, inserts.offsets
                if len(came_data) != inserts.size if offsets is None else len(offsets) != 1:
                    return None
                new = decode(came_data)
                came = came_data if keys is None else key_of(new)
        except READING_FAILURES:
            return None

        if new is None:
            if old is None:
                return None
            del rows[left]
        elif old is not None and came == left:
            if keys is None:
                return None
            rows[left] = new
        elif came in rows:
            return None
        else:
            if old is not None:
                del rows[left]
            rows[came] = new
        for lookup in kept:
            if lookup.built:
                lookup.note(() if old is None else (old,), () if new is None else (new,))

        if new is None:
            return TableChanges(name, 1, (), (old,)) if on_delete.callbacks else unheard
        if old is None:
            return TableChanges(name, 1, (new,)) if on_insert.callbacks else unheard
        if came == left:
            if on_update.callbacks and left_data != came_data:
                return TableChanges(name, 1, (), (), ((old, new),))
            return unheard
        return TableChanges(name, 2, (new,) if on_insert.callbacks else (), (old,) if on_delete.callbacks else ())

    return apply_one


def _refuse(sent: TableRows) -> None:  # noqa: ARG001
    return None
