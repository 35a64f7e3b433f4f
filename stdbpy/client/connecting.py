"""Connecting without generated code."""

from __future__ import annotations

from typing import Unpack

from stdbpy.client.async_connection import AsyncConnection, Connecting
from stdbpy.client.options import ConnectOptions, SyncConnectOptions
from stdbpy.client.sync_connection import Connection


def connect(uri: str, database: str, **options: Unpack[SyncConnectOptions]) -> Connection:
    """Connects to ``database`` (name or identity) on the server at ``uri``, whatever module it runs.

    The schema is asked for first; classes of rows, handles of tables and methods for reducers are then made
    with the names that generated code would have. Raises :class:`~stdbpy.errors.ConnectFailed` and its kinds.
    """
    return Connection.connect(uri, database, **options)


def connect_async(uri: str, database: str, **options: Unpack[ConnectOptions]) -> Connecting[AsyncConnection]:
    """As :func:`connect`, for asyncio: await it, or use ``async with``, which also closes."""
    return AsyncConnection.connect(uri, database, **options)
