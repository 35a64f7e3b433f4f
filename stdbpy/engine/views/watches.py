"""Which views a transaction concerns, by what they have read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from stdbpy.engine.delta import Delta, TableChanges
from stdbpy.engine.store.index import Index
from stdbpy.engine.store.store import Store
from stdbpy.engine.subscriptions.triggers import Trigger, Triggered
from stdbpy.engine.views.reading import ReadSet

Reader = TypeVar("Reader", bound=Hashable)


class Watches(Generic[Reader]):
    """Readers by what they have read. Tables and indexes are those of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_table: dict[int, dict[Reader, None]] = {}
        self._by_key: dict[int, dict[int, dict[bytes, dict[Reader, None]]]] = {}
        """By table, then by index."""

    def add(self, reader: Reader, read: ReadSet) -> None:
        for table_id in read.tables:
            self._by_table.setdefault(table_id, {})[reader] = None
        for index_id, keys in read.keys.items():
            table, _ = self._store.indexes[index_id]
            by_key = self._by_key.setdefault(table.id, {}).setdefault(index_id, {})
            for key in keys:
                by_key.setdefault(key, {})[reader] = None

    def remove(self, reader: Reader, read: ReadSet) -> None:
        """``read`` is what it was added with."""
        for table_id in read.tables:
            _discard(self._by_table, table_id, reader)
        for index_id, keys in read.keys.items():
            table, _ = self._store.indexes[index_id]
            by_index = self._by_key[table.id]
            for key in keys:
                _discard(by_index[index_id], key, reader)
            if not by_index[index_id]:
                del by_index[index_id]
                if not by_index:
                    del self._by_key[table.id]

    def concerned(self, delta: Delta) -> list[Reader]:
        """Who has read what the transaction changes, each once."""
        found: dict[Reader, None] = {}
        for table_id, changes in delta.changes.items():
            if changes.inserted or changes.deleted:
                found.update(self._by_table.get(table_id, {}))
                for index_id, by_key in self._by_key.get(table_id, {}).items():
                    for key in _keys(changes, self._store.indexes[index_id][1]):
                        found.update(by_key.get(key, {}))
        return list(found)


class QueryWatches(Generic[Reader]):
    """Readers by the changes that matter to the queries whose rows they have."""

    def __init__(self) -> None:
        self._by_table: dict[int, Triggered[Reader]] = {}

    def add(self, reader: Reader, triggers: Iterable[Trigger]) -> None:
        for trigger in triggers:
            self._by_table.setdefault(trigger.table, Triggered()).add(trigger, reader)

    def remove(self, reader: Reader, triggers: Iterable[Trigger]) -> None:
        """``triggers`` are what it was added with."""
        for trigger in triggers:
            triggered = self._by_table[trigger.table]
            triggered.remove(trigger, reader)
            if not triggered:
                del self._by_table[trigger.table]

    def concerned(self, delta: Delta) -> dict[Reader, None]:
        """Who has a query that the transaction may have changed the rows of."""
        found: dict[Reader, None] = {}
        for table_id, changes in delta.changes.items():
            triggered = self._by_table.get(table_id)
            if triggered is not None:
                triggered.concerned(changes, found)
        return found


Key = TypeVar("Key")


def _discard(readers: dict[Key, dict[Reader, None]], key: Key, reader: Reader) -> None:
    of_key = readers[key]
    del of_key[reader]
    if not of_key:
        del readers[key]


def _keys(changes: TableChanges, index: Index) -> Iterator[bytes]:
    yield from map(index.key_of, changes.deleted)
    yield from map(index.key_of, changes.inserted)
