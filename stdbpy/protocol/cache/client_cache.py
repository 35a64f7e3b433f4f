"""All cached tables of one connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import NoReturn

from stdbpy.errors import ProtocolError, nearest
from stdbpy.protocol.cache.changes import Plan, TableChanges
from stdbpy.protocol.cache.table_cache import TableCache
from stdbpy.protocol.catalog import Catalog
from stdbpy.protocol.incoming import Rows, TableRows
from stdbpy.protocol.row_list import RowList
from stdbpy.sats.garbage import GC_PAUSE_SIZE, garbage_left_alone


class ClientCache:
    """The rows that a connection's subscriptions hold, by table.

    Not thread-safe: whoever drives the connection sees to it that one message at a time is applied.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.tables: Mapping[str, TableCache] = {name: TableCache(layout) for name, layout in catalog.tables.items()}
        """By the name that messages use; the same objects for ever."""

    def apply(self, tables: Sequence[TableRows]) -> list[TableChanges]:
        """Takes over what a message says of tables, and tells what has changed by it: the sum over all
        query sets, one entry for each table named.

        Raises :class:`ProtocolError` if a table is unknown, a row does not fit its table, or a row is
        deleted that is not there; nothing has changed then.
        """
        if len(tables) == 1:
            [sent] = tables
            table = self.tables.get(sent.table)
            if table is None:
                self._unknown(sent.table)
            changes = table.apply_one(sent)
            if changes is not None:
                return [changes]
        with garbage_left_alone() if _is_large(tables) else nullcontext():
            return [table.commit(plan) for table, plan in self._prepared(tables)]

    def shadow(self) -> Shadow:
        """An empty cache of the same tables, to be filled while this one goes on showing its rows."""
        return Shadow(self)

    def reconcile(self, shadow: Shadow) -> list[TableChanges]:
        """Takes over the rows of ``shadow``, which is of no use afterwards, and tells what has changed
        by it: one entry for each table with changes. Rows that both have stay the same objects."""
        with garbage_left_alone():
            plans = [(table, table.prepare_to_become(shadow.tables[name])) for name, table in self.tables.items()]
            return [changes for table, plan in plans if (changes := table.commit(plan)).count]

    def _prepared(self, tables: Sequence[TableRows]) -> list[tuple[TableCache, Plan]]:
        lists: dict[tuple[str, bool], tuple[list[Rows], list[Rows]]] = {}
        for sent in tables:
            inserts, deletes = lists.setdefault((sent.table, sent.is_event), ([], []))
            if sent.inserts is not None:
                inserts.append(sent.inserts)
            if sent.deletes is not None:
                deletes.append(sent.deletes)
        plans = []
        for (name, is_event), (inserts, deletes) in lists.items():
            table = self.tables.get(name)
            if table is None:
                self._unknown(name)
            plans.append((table, table.prepare(inserts, deletes, is_event=is_event)))
        return plans

    def _unknown(self, name: str) -> NoReturn:
        raise ProtocolError(
            f"the server sends rows of {name!r}, a table that this client does not know",
            hint=nearest(name, self.tables) or "Generate the client again, from the schema that the database has now",
        )


class Shadow(ClientCache):
    """What a cache will become once all subscriptions are answered after a reconnection.

    Nobody looks at its rows. Events, which no cache keeps, are told as ever.
    """

    def __init__(self, shown: ClientCache) -> None:
        super().__init__(shown.catalog)
        # Tables of events have no rows, only listeners.
        events = {name: table for name, table in shown.tables.items() if table.layout.is_event}
        self.tables = {**self.tables, **events}

    def apply(self, tables: Sequence[TableRows]) -> list[TableChanges]:
        """As :meth:`ClientCache.apply`, but tells of events only."""
        return [changes for changes in super().apply(tables) if changes.inserted]


def _is_large(tables: Sequence[TableRows]) -> bool:
    size = 0
    for sent in tables:
        for rows in (sent.inserts, sent.deletes):
            if isinstance(rows, RowList):
                size += len(rows.data)
    return size >= GC_PAUSE_SIZE
