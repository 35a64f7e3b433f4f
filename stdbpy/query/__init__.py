"""Typed queries: those that clients subscribe to and ask, and those that views return."""

from stdbpy.query.columns import SENDER, Column, Columns, IndexedColumn, OpaqueColumn
from stdbpy.query.conditions import Condition
from stdbpy.query.queries import Query, QueryTable, Semijoin, TableQuery
from stdbpy.query.source import Source
from stdbpy.sats.sql_types import SqlType

__all__ = [
    "SENDER",
    "Column",
    "Columns",
    "Condition",
    "IndexedColumn",
    "OpaqueColumn",
    "Query",
    "QueryTable",
    "Semijoin",
    "Source",
    "SqlType",
    "TableQuery",
]
