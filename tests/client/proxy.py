"""A stretch of network that tests can cut and freeze: forwards connections to a server."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Listens on a loopback port of its own (:attr:`url`) and forwards what arrives to ``target``, both ways."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = parts.hostname, parts.port
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._refuses = False
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])
        self.url = ""
        self.accepted = 0
        """How many connections came."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Ends all connections at once, as if the network had gone."""
        self._do(self._cut)

    def freeze(self) -> None:
        """Lets nothing through any more, and nobody know of it."""
        self._do(self._flows.clear)

    def thaw(self) -> None:
        self._do(self._flows.set)

    def refuse(self, refuses: bool = True) -> None:
        """Hangs up on whoever connects from now on."""

        def change() -> None:
            self._refuses = refuses

        self._do(change)

    def _do(self, change) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (change(), done.set()))
        done.wait()

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self) -> None:
        self._flows.set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        server.close()
        self._cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # until transports have closed their sockets

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # No coroutine: one that is cancelled before it has begun would leave the connection open.
        self.accepted += 1
        if self._refuses:
            writer.transport.abort()
            return
        self._writers.add(writer)
        task = asyncio.ensure_future(self._forward(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        try:
            other_reader, other_writer = await asyncio.open_connection(*self._target)
            ends.add(other_writer)
            self._writers.add(other_writer)
            await asyncio.gather(self._pump(reader, other_writer), self._pump(other_reader, writer))
        except OSError:
            pass
        finally:
            self._writers -= ends
            for each in ends:
                each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
        writer.write_eof()
