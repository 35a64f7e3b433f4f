"""Typed queries, for subscriptions and one-off questions: the part of :mod:`stdbpy.query` that generated code names."""

from stdbpy.query import (
    SENDER,
    Column,
    Columns,
    Condition,
    IndexedColumn,
    OpaqueColumn,
    Query,
    QueryTable,
    Semijoin,
    Source,
    SqlType,
    TableQuery,
)

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
