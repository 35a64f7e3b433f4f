"""The client cache: the rows that subscriptions hold, kept up to date by the server's messages."""

from stdbpy.protocol.cache.changes import TableChanges
from stdbpy.protocol.cache.client_cache import ClientCache, Shadow
from stdbpy.protocol.cache.listeners import Listeners, Registry
from stdbpy.protocol.cache.lookups import OrderedLookup, UniqueLookup
from stdbpy.protocol.cache.table_cache import TableCache

__all__ = [
    "ClientCache",
    "Listeners",
    "OrderedLookup",
    "Registry",
    "Shadow",
    "TableCache",
    "TableChanges",
    "UniqueLookup",
]
