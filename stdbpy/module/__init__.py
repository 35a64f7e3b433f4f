"""What authors of modules import (``stdbpy`` has all of it, too); the loader of their code is
``stdbpy.module.load``."""

from stdbpy.module.context import ReducerContext
from stdbpy.module.handles import Index, PrimaryKey, Table, Tables, Unique
from stdbpy.module.reducers import client_connected, client_disconnected, init, reducer
from stdbpy.module.tables import auto_inc, column, index, table
from stdbpy.module.visibility import client_visibility_filter
from stdbpy.sats.ranges import Range, above, at_least, at_most, below, between

__all__ = [
    "Index",
    "PrimaryKey",
    "Range",
    "ReducerContext",
    "Table",
    "Tables",
    "Unique",
    "above",
    "at_least",
    "at_most",
    "auto_inc",
    "below",
    "between",
    "client_connected",
    "client_disconnected",
    "client_visibility_filter",
    "column",
    "index",
    "init",
    "reducer",
    "table",
]
