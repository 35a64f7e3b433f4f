"""Rows as callbacks alone tell them: what is told wrongly does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stdbpy.protocol.cache import ClientCache
from stdbpy.protocol.deliveries import RowsChanged


class Mirror:
    """A set of rows per table, changed by deliveries; a row without a primary key is its own key."""

    def __init__(self, keys: Mapping[str, int] = {"player": 0}, events: tuple[str, ...] = ("shout",)) -> None:
        self._keys = keys
        self._event_tables = events
        self._tables: dict[str, dict[Any, Any]] = {}
        self._events: list[Any] = []

    def rows(self) -> frozenset[tuple[str, Any]]:
        return frozenset((name, row) for name, rows in self._tables.items() for row in rows.values())

    def take_shouts(self) -> list[Any]:
        events, self._events = self._events, []
        return events

    def apply(self, delivery: RowsChanged) -> None:
        for changes in delivery.changes:
            if changes.table in self._event_tables:
                assert not changes.deleted and not changes.updated
                self._events += changes.inserted
                continue
            rows = self._tables.setdefault(changes.table, {})
            key = self._keys.get(changes.table)
            for row in changes.deleted:
                assert rows.pop(row if key is None else row[key]) == row
            for old, new in changes.updated:
                assert key is not None and old != new and old[key] == new[key]
                assert rows[old[key]] == old
                rows[old[key]] = new
            for row in changes.inserted:
                assert (row if key is None else row[key]) not in rows
                rows[row if key is None else row[key]] = row


def report_everything(cache: ClientCache) -> None:
    """Has every change of rows reported: caches tell only what somebody listens to."""
    for table in cache.tables.values():
        for registry in (table.listeners.on_insert, table.listeners.on_delete, table.listeners.on_update):
            registry.add(report_everything)
