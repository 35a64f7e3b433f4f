"""The client cache: the rows that subscriptions hold, kept up to date by the server's messages."""

from stdbpy.protocol.cache.changes import TableChanges
from stdbpy.protocol.cache.client_cache import ClientCache
from stdbpy.protocol.cache.listeners import Listeners, Registry
from stdbpy.protocol.cache.lookups import Bound, OrderedLookup, UniqueLookup
from stdbpy.protocol.cache.table_cache import TableCache

__all__ = [
    "Bound",
    "ClientCache",
    "Listeners",
    "OrderedLookup",
    "Registry",
    "TableCache",
    "TableChanges",
    "UniqueLookup",
]
