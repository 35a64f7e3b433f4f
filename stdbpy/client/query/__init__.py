"""Typed queries, for subscriptions and one-off questions."""

from stdbpy.client.query.columns import SENDER, Column, Columns, IndexedColumn, OpaqueColumn
from stdbpy.client.query.conditions import Condition
from stdbpy.client.query.queries import Query, QueryTable, Semijoin, TableQuery
from stdbpy.client.query.source import Source
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
