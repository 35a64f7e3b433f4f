"""A socket whose other end is an object in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stdbpy.client.transport.socket import NORMAL, Closure, Receiver
from stdbpy.protocol.handshake import V2
from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import decode_client_message, encode_server_message
from stdbpy.sats.values import ConnectionId, Identity


class MemorySocket:
    """One client's connection, as its :class:`~stdbpy.client.transport.socket.Socket` and as the database
    has it. ``said`` is told what the client says, on the client's event loop."""

    def __init__(
        self,
        receiver: Receiver,
        said: Callable[[MemorySocket, m.ClientMessage], None],
        identity: Identity,
        connection_id: ConnectionId,
    ) -> None:
        self.subprotocol: str | None = V2
        self.identity = identity
        self.connection_id = connection_id
        self.subscribed: dict[int, set[str]] = {}
        """The tables of each query set."""
        self._receiver = receiver
        self._said = said
        self._loop = asyncio.get_running_loop()
        self._is_closed = False
        self._gone = asyncio.Event()

    # --- the client's side

    def send(self, data: bytes | str) -> None:
        if not self._is_closed:
            assert isinstance(data, bytes), "v2 is binary"
            self._said(self, decode_client_message(data))

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        if not self._is_closed:
            self._is_closed = True
            self._loop.call_soon(self._end, Closure(code, reason))

    def pause_reading(self) -> None:
        """There is no network: what is told is in memory here or there."""

    def resume_reading(self) -> None:
        """See :meth:`pause_reading`."""

    async def wait_closed(self) -> None:
        await self._gone.wait()

    # --- the database's side, from any thread

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def tell(self, message: m.ServerMessage) -> None:
        """Sends a message to the client; messages arrive in the order of telling."""
        self._loop.call_soon_threadsafe(self._arrive, encode_server_message(message))

    def cut(self) -> None:
        """Ends the connection as a lost network does, behind what has been told."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._end(Closure(None, "the test cut the connection"))

    def _arrive(self, data: bytes) -> None:
        if not self._is_closed:
            self._receiver.message(data)
            self._receiver.caught_up()

    def _end(self, closure: Closure) -> None:
        self._receiver.closed(closure)
        self._gone.set()
