"""SpacetimeDB's HTTP API: one client, synchronous (:class:`ApiClient`) and asyncio (:class:`AsyncApiClient`).

Works with servers 1.2 to 2.8.3. Source of the routes: ``crates/client-api`` of SpacetimeDB 2.8.3,
checked against running servers of both versions by ``tests/contract``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stdbpy.api.async_client import AsyncApiClient
    from stdbpy.api.client import ApiClient
    from stdbpy.api.results import (
        CallResult,
        DatabaseEnvironment,
        DatabaseInfo,
        Health,
        HostType,
        HttpAnswer,
        LogRecord,
        MetricsTargets,
        NewIdentity,
        PublishPlan,
        PublishResult,
        SqlResult,
    )
    from stdbpy.api.sql_stream import SqlColumns, SqlPart, SqlRows, SqlSummary

__all__ = [
    "ApiClient",
    "AsyncApiClient",
    "CallResult",
    "DatabaseEnvironment",
    "DatabaseInfo",
    "Health",
    "HostType",
    "HttpAnswer",
    "LogRecord",
    "MetricsTargets",
    "NewIdentity",
    "PublishPlan",
    "PublishResult",
    "SqlColumns",
    "SqlPart",
    "SqlResult",
    "SqlRows",
    "SqlSummary",
]

# The clients import httpx, which takes longer than all the rest: only who uses one waits for it.
_LAZY = {
    "ApiClient": "client",
    "AsyncApiClient": "async_client",
    "CallResult": "results",
    "DatabaseEnvironment": "results",
    "DatabaseInfo": "results",
    "Health": "results",
    "HostType": "results",
    "HttpAnswer": "results",
    "LogRecord": "results",
    "MetricsTargets": "results",
    "NewIdentity": "results",
    "PublishPlan": "results",
    "PublishResult": "results",
    "SqlColumns": "sql_stream",
    "SqlPart": "sql_stream",
    "SqlResult": "results",
    "SqlRows": "sql_stream",
    "SqlSummary": "sql_stream",
}


if not TYPE_CHECKING:  # to which it would make every name one that is there

    def __getattr__(name: str) -> object:
        if name not in _LAZY:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
