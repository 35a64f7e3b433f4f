"""Sockets over websockets, where picows cannot be installed."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from stdbpy.client.transport.socket import (
    CLOSE_TIMEOUT,
    NORMAL,
    REFUSALS,
    Closure,
    Opening,
    OpeningRefused,
    QuietLogger,
    Receiver,
    SocketSettings,
)

_QUEUED_FRAMES = 1024
"""Frames that are read ahead: 4 MiB as the real server sends them."""


class WebsocketsSocket:
    """See :class:`~stdbpy.client.transport.socket.Socket`."""

    def __init__(self, connection: ClientConnection, receiver: Receiver) -> None:
        self.subprotocol: str | None = connection.subprotocol
        self._connection = connection
        self._receiver = receiver
        self._outgoing: deque[bytes | str] = deque()
        self._ready = asyncio.Event()
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._close: tuple[int, str] | None = None
        receiver.opened(self)
        self._tasks = (asyncio.create_task(self._read()), asyncio.create_task(self._write()))

    def send(self, data: bytes | str) -> None:
        if self._close is None:
            self._outgoing.append(data)
            self._ready.set()

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        if self._close is None:
            self._close = code, reason
            self._ready.set()

    def pause_reading(self) -> None:
        self._may_read.clear()

    def resume_reading(self) -> None:
        self._may_read.set()

    async def wait_closed(self) -> None:
        await asyncio.wait(self._tasks)

    async def _read(self) -> None:
        connection, receiver = self._connection, self._receiver
        try:
            while True:
                await self._may_read.wait()
                # `recv` takes no message of more than 4,096 frames, which are 16 MiB as the real server sends them.
                receiver.message(_whole([piece async for piece in connection.recv_streaming()]))
                receiver.caught_up()
        except ConnectionClosed as error:
            closure = _closure(error)
        finally:
            if self._close is None:
                self._close = NORMAL, ""
            self._ready.set()
        receiver.closed(closure)

    async def _write(self) -> None:
        connection, outgoing = self._connection, self._outgoing
        try:
            while outgoing or self._close is None:
                while outgoing:
                    await connection.send(outgoing.popleft())
                self._ready.clear()
                if self._close is None:
                    await self._ready.wait()
            code, reason = self._close or (NORMAL, "")
            await connection.close(code, reason.encode()[:123].decode(errors="ignore"))
        except ConnectionClosed:
            pass  # the reader tells


def _whole(pieces: list[str | bytes]) -> str | bytes:
    if len(pieces) == 1:
        return pieces[0]
    if isinstance(pieces[0], str):
        return "".join(piece for piece in pieces if isinstance(piece, str))
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))


def _closure(error: ConnectionClosed) -> Closure:
    if error.sent is not None and not error.rcvd_then_sent and error.sent.code in REFUSALS:
        return Closure(None, error.sent.reason, error.sent.code)
    if error.rcvd is not None:
        return Closure(error.rcvd.code, error.rcvd.reason)
    return Closure(None, "the connection broke off")


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follows none: it would carry the token to somewhere that the caller did not name."""
        return exc


async def open_websockets(opening: Opening, receiver: Receiver, settings: SocketSettings) -> None:
    tls: Any = {} if settings.ssl is None else {"ssl": settings.ssl}
    try:
        connection = await _Connect(
            opening.url,
            subprotocols=[Subprotocol(name) for name in opening.subprotocols],
            additional_headers=opening.headers,
            compression=None,  # the protocol has its own
            proxy=None,
            process_exception=lambda error: error,
            open_timeout=settings.open_timeout,
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
            close_timeout=CLOSE_TIMEOUT,
            max_size=settings.max_message_size,
            max_queue=_QUEUED_FRAMES,
            logger=QuietLogger(),
            **tls,
        )
    except InvalidStatus as error:
        body = bytes(error.response.body or b"").decode("utf-8", "replace")
        raise OpeningRefused(error.response.status_code, body) from None
    except InvalidHandshake as error:
        raise ConnectionError("what answers there is no websocket") from error
    WebsocketsSocket(connection, receiver)
