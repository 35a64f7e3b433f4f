"""Tables of a connection: cached rows, indexes, callbacks, streams of changes."""

from stdbpy.client.tables.changes import Change, Changes, Deleted, Inserted, Updated
from stdbpy.client.tables.handles import EventTableHandle, KeyedTableHandle, TableHandle
from stdbpy.client.tables.indexes import BTreeIndex, UniqueIndex
from stdbpy.client.tables.source import TableSource, Waiting

__all__ = [
    "BTreeIndex",
    "Change",
    "Changes",
    "Deleted",
    "EventTableHandle",
    "Inserted",
    "KeyedTableHandle",
    "TableHandle",
    "TableSource",
    "UniqueIndex",
    "Updated",
    "Waiting",
]
