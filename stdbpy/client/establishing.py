"""What connecting needs before there is a connection: the schema, where no code was generated, and its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stdbpy.client.options import Settings
from stdbpy.client.token_store import server_key
from stdbpy.errors import (
    ApiError,
    ConnectFailed,
    CredentialsRefused,
    Forbidden,
    NoSuchDatabase,
    NotFound,
    TokenRejected,
    seconds,
)

if TYPE_CHECKING:
    from stdbpy.schema.model import ModuleSchema


def fetch_schema(settings: Settings) -> ModuleSchema:
    """The schema of the database. Raises :class:`ConnectFailed` and its kinds."""
    from stdbpy.api.client import ApiClient

    options = settings.session
    try:
        with ApiClient(server_key(options.server), options.token, timeout=settings.connect_timeout) as api:
            return api.schema(options.database)
    except ApiError as error:
        raise _connect_failed(error, settings) from None


async def fetch_schema_async(settings: Settings) -> ModuleSchema:
    """As :func:`fetch_schema`."""
    from stdbpy.api.async_client import AsyncApiClient

    options = settings.session
    try:
        async with AsyncApiClient(server_key(options.server), options.token, timeout=settings.connect_timeout) as api:
            return await api.schema(options.database)
    except ApiError as error:
        raise _connect_failed(error, settings) from None


def _connect_failed(error: ApiError, settings: Settings) -> ConnectFailed:
    kind = ConnectFailed
    if isinstance(error, NotFound):
        kind = NoSuchDatabase
    elif isinstance(error, TokenRejected | Forbidden):
        kind = CredentialsRefused
    failed = kind(error.message, status=error.status, hint=error.hint)
    settings.explain(failed)
    return failed


def not_in_time(settings: Settings) -> ConnectFailed:
    """The error for a server that lets a client wait."""
    options = settings.session
    return ConnectFailed(
        f"{options.server} did not say within {seconds(settings.connect_timeout)} who the client is",
        hint="A longer connect_timeout waits for it.",
    )
