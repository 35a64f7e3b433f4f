"""Where clients that speak PostgreSQL's protocol come in."""

from __future__ import annotations

import asyncio
import socket
from asyncio import StreamReader, StreamWriter

from stdbpy.server.backend import Backend
from stdbpy.server.postgres.connection import PostgresConnection

LINGER = 1.0
"""Seconds in which a client has to take what it was sent last."""


class PostgresServer:
    """Belongs to the thread of the event loop."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._server: asyncio.Server | None = None
        self._connections: dict[PostgresConnection, asyncio.Task[None]] = {}

    async def start(self, listener: socket.socket) -> None:
        """Serves who comes to ``listener``, a bound socket of the caller's."""
        self._server = await asyncio.start_server(self._serve, sock=listener)

    async def stop(self, patience: float) -> None:
        """Lets nobody in any more, and gives queries under way so many seconds to end."""
        if self._server is not None:
            self._server.close()
        while self._connections:
            for connection in self._connections:
                connection.stop()
            await asyncio.wait(self._connections.values(), timeout=patience)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connection = PostgresConnection(self._backend, reader, writer)
        self._connections[connection] = task
        try:
            await connection.run()
            await connection.close(LINGER)
        finally:
            del self._connections[connection]
