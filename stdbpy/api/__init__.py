"""SpacetimeDB's HTTP API: one client, synchronous (:class:`ApiClient`) and asyncio (:class:`AsyncApiClient`).

Works with servers 1.2 to 2.8.3. Source of the routes: ``crates/client-api`` of SpacetimeDB 2.8.3,
checked against running servers of both versions by ``tests/contract``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stdbpy.api.results import (
    CallResult,
    DatabaseInfo,
    Health,
    LogRecord,
    NewIdentity,
    PublishResult,
    SqlResult,
)

if TYPE_CHECKING:
    from stdbpy.api.async_client import AsyncApiClient
    from stdbpy.api.client import ApiClient

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


def __getattr__(name: str) -> object:
    # The clients import httpx, which takes longer than all the rest: only who uses one waits for it.
    if name == "ApiClient":
        from stdbpy.api.client import ApiClient

        return ApiClient
    if name == "AsyncApiClient":
        from stdbpy.api.async_client import AsyncApiClient

        return AsyncApiClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
