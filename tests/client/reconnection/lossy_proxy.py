"""A TCP proxy that delays, cuts, truncates, freezes and refuses connections."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Literal, get_args

Trouble = Literal["reset", "close", "truncate", "freeze"]
TROUBLES: tuple[Trouble, ...] = get_args(Trouble)

_CHUNK = 1 << 14


class _Link:
    """One connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.trouble: Trouble | None = None
        self.is_frozen = False

    def abort(self) -> None:
        self.client.transport.abort()
        self.server.transport.abort()


class LossyProxy:
    """Connects clients of its ``port`` with a server, as badly as it is told to.

    ``delay`` is the most seconds that each piece of data is held back; pieces stay in order.
    """

    def __init__(self, host: str, port: int, random: Random) -> None:
        self._target = host, port
        self._random = random
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.delay = 0.0
        self.is_refusing = False
        self.cuts: Counter[Trouble] = Counter()
        """Connections that were harmed, by how."""
        self.refused = 0
        """Connections that were closed as soon as they were opened."""

    def harm(self, trouble: Trouble) -> None:
        """Does that to all connections there are; a truncation with the next data from the server."""
        for link in [link for link in self._links if link.trouble is None]:
            link.trouble = trouble
            self.cuts[trouble] += 1
            if trouble == "reset":
                link.abort()
            elif trouble == "close":
                link.client.close()
                link.server.close()
            elif trouble == "freeze":
                link.is_frozen = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self.is_refusing:
                self.refused += 1
                writer.transport.abort()
                return
            server_reader, server_writer = await asyncio.open_connection(*self._target)
            link = _Link(writer, server_writer)
            self._links.add(link)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._carry(link, reader, server_writer, lambda data: data))
                    both.create_task(self._carry(link, server_reader, writer, lambda data: self._truncated(link, data)))
            finally:
                self._links.discard(link)
                link.abort()
        finally:
            self._tasks.discard(task)

    def _truncated(self, link: _Link, data: bytes) -> bytes:
        return data[: self._random.randrange(len(data))] if link.trouble == "truncate" else data

    async def _carry(
        self,
        link: _Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        change: Callable[[bytes], bytes],
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self._random.random() * self.delay)
                while link.is_frozen:
                    await asyncio.sleep(0.05)
                    if link.client.transport.is_closing():
                        return
                passed = change(data)
                writer.write(passed)
                await writer.drain()
                if len(passed) < len(data):
                    break
        writer.close()
        link.client.close()

    async def end(self) -> None:
        for link in list(self._links):
            link.abort()
        if self._tasks:
            await asyncio.wait(self._tasks)


@asynccontextmanager
async def lossy_proxy(host: str, port: int, random: Random) -> AsyncIterator[LossyProxy]:
    """A proxy to that server on a free port of loopback; harmless until it is told otherwise."""
    proxy = LossyProxy(host, port, random)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
        await server.wait_closed()
