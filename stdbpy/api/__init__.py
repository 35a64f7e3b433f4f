"""SpacetimeDB's HTTP API: one client, synchronous (:class:`ApiClient`) and asyncio (:class:`AsyncApiClient`).

Works with servers 1.2 to 2.8.3. Source of the routes: ``crates/client-api`` of SpacetimeDB 2.8.3,
checked against running servers of both versions by ``tests/contract``.
"""

from stdbpy.api.async_client import AsyncApiClient
from stdbpy.api.client import ApiClient
from stdbpy.api.results import (
    CallResult,
    DatabaseInfo,
    Health,
    LogRecord,
    NewIdentity,
    PublishResult,
    SqlResult,
)

__all__ = [
    "ApiClient",
    "AsyncApiClient",
    "CallResult",
    "DatabaseInfo",
    "Health",
    "LogRecord",
    "NewIdentity",
    "PublishResult",
    "SqlResult",
]
