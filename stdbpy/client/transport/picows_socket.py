"""Sockets over picows, which is the fastest and leaves it to its user to join frames to messages."""

from __future__ import annotations

import asyncio
import socket as sockets
from contextlib import suppress
from typing import Any

import picows

from stdbpy.client.transport.socket import (
    CLOSE_TIMEOUT,
    NO_UTF8,
    NORMAL,
    PROTOCOL_BROKEN,
    REFUSALS,
    TOO_BIG,
    Closure,
    Opening,
    OpeningRefused,
    QuietLogger,
    Receiver,
    SocketSettings,
)

_TEXT, _BINARY, _CONTINUATION = picows.WSMsgType.TEXT, picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION
_STEPS_TO_CLOSE = 100
"""Steps of the event loop in which a socket that was shut down is closed by its transport; two or three are usual."""

_OF_MESSAGES = frozenset({_TEXT, _BINARY, _CONTINUATION})
_CLOSE = picows.WSMsgType.CLOSE


class PicowsSocket(picows.WSListener):
    """See :class:`~stdbpy.client.transport.socket.Socket`."""

    def __init__(self, receiver: Receiver, max_message_size: int) -> None:
        self._receiver = receiver
        self._limit = max_message_size
        self._pieces: list[bytes] | None = None
        self._size = 0
        self._is_text = False
        self._closing: asyncio.TimerHandle | None = None
        self._settling: asyncio.Task[None] | None = None
        self._transport: Any = None
        self.subprotocol: str | None = None

    # --- what picows tells ---------------------------------------------------------------------

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        self.subprotocol = transport.response.headers.get("sec-websocket-protocol")
        self._receiver.opened(self)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        kind = frame.msg_type
        if transport.is_close_frame_sent and kind != _CLOSE:
            return  # picows 2.3.1 hands out even a frame that it has just refused as too great, when its rest arrives
        if kind == _BINARY and frame.fin and self._pieces is None:  # the most frequent by far
            self._receiver.message(frame.get_payload_as_bytes())
        elif kind in _OF_MESSAGES:
            self._join(frame)
        elif kind == _CLOSE:
            self._close_came(frame)
            return
        if frame.last_in_buffer:
            self._receiver.caught_up()

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        if self._closing is not None:
            self._closing.cancel()
        self._pieces = None
        # What ended it is an exception for who waits, and complains if nobody does.
        self._settling = asyncio.get_running_loop().create_task(self.wait_closed())
        self._receiver.closed(_closure(transport.close_handshake))

    def pause_writing(self) -> None:
        """What the network does not take now waits in memory."""

    def resume_writing(self) -> None:
        """The network takes it again."""

    # --- messages ------------------------------------------------------------------------------

    def _join(self, frame: picows.WSFrame) -> None:
        if (frame.msg_type == _CONTINUATION) != (self._pieces is not None):
            self.close(PROTOCOL_BROKEN, "a message's frames are out of order")
            return
        if self._pieces is None:
            self._pieces, self._size = [], 0
            self._is_text = frame.msg_type == _TEXT
        self._size += frame.payload_size
        if self._size > self._limit:
            self._pieces = None
            self.close(TOO_BIG, f"a message of the server is greater than {self._limit} bytes")
            return
        self._pieces.append(frame.get_payload_as_bytes())
        if not frame.fin:
            return
        data, self._pieces = b"".join(self._pieces), None
        if not self._is_text:
            self._receiver.message(data)
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.close(NO_UTF8, "a text message of the server is no UTF-8")
        else:
            self._receiver.message(text)

    def _close_came(self, frame: picows.WSFrame) -> None:
        if not self._transport.is_close_frame_sent:
            self._transport.send_close(_number(frame.get_close_code()) or NORMAL)
        self._transport.disconnect()

    # --- what connections do -------------------------------------------------------------------

    def send(self, data: bytes | str) -> None:
        self._transport.send(_TEXT if isinstance(data, str) else _BINARY, data)

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        if self._closing is not None or self._transport.is_disconnected:
            return
        self._transport.send_close(code, reason.encode()[:123])
        self._closing = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self._transport.disconnect, False)

    def pause_reading(self) -> None:
        self._transport.underlying_transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.underlying_transport.resume_reading()

    async def wait_closed(self) -> None:
        try:
            await self._transport.wait_disconnected()
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001, S110  # why it ended was told to the receiver
            pass
        await asyncio.sleep(0)  # until picows's task that pings has seen that it is cancelled


async def open_picows(opening: Opening, receiver: Receiver, settings: SocketSettings) -> None:
    headers = [*opening.headers, ("Sec-WebSocket-Protocol", ", ".join(opening.subprotocols))]
    connected: list[sockets.socket] = []

    async def connect(url: picows.WSParsedURL) -> sockets.socket:
        connected.append(await _connected_socket(url.host, url.port))
        return connected[0]

    try:
        async with asyncio.timeout(settings.open_timeout):
            _, listener = await picows.ws_connect(
                lambda: PicowsSocket(receiver, settings.max_message_size),
                opening.url,
                ssl_context=settings.ssl,
                websocket_handshake_timeout=None,
                logger_name=QuietLogger(),
                enable_auto_ping=True,
                auto_ping_idle_timeout=settings.ping_interval,
                auto_ping_reply_timeout=min(settings.ping_timeout, settings.ping_interval),  # which it insists on
                max_frame_size=settings.max_message_size,
                extra_headers=headers,
                max_redirects=0,  # it would carry the token to somewhere that the caller did not name
                read_buffer_init_size=64 * 1024,
                socket_factory=connect,
            )
        if listener is None:  # what picows gives for a server that hangs up before it has answered
            raise ConnectionResetError("the server hung up in the middle of the opening handshake")
    except picows.WSInvalidStatusError as error:
        assert error.response is not None
        body = (error.raw_body or b"").decode("utf-8", "replace")
        raise OpeningRefused(int(error.response.status), body) from None
    except picows.WSHandshakeError as error:
        raise ConnectionError("what answers there is no websocket") from error
    except picows.WSError as error:
        raise ConnectionError(str(error)) from error
    except BaseException:
        for socket in connected:
            await _abandon(socket)
        raise


async def _connected_socket(host: str, port: int) -> sockets.socket:
    loop = asyncio.get_running_loop()
    failure: OSError = sockets.gaierror(f"{host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=sockets.SOCK_STREAM):
        socket = sockets.socket(family, kind, protocol)
        socket.setblocking(False)
        try:
            await loop.sock_connect(socket, address)
        except OSError as error:
            socket.close()
            failure = error
        except BaseException:
            socket.close()
            raise
        else:
            return socket
    raise failure


async def _abandon(socket: sockets.socket) -> None:
    """Ends a socket in the middle of the handshake, which picows lets go on behind who gave up waiting for it."""
    for _ in range(_STEPS_TO_CLOSE):
        if socket.fileno() < 0:
            return
        with suppress(OSError):
            socket.shutdown(sockets.SHUT_RDWR)
        await asyncio.sleep(0)


def _closure(handshake: Any) -> Closure:
    """From picows's record of the closing handshake; ``None`` if there was none."""
    if handshake is None:
        return Closure(None, "the connection broke off")
    recv, sent = handshake.recv, handshake.sent
    if sent is not None and not handshake.recv_then_sent and (refused := _number(sent.code)) in REFUSALS:
        return Closure(None, sent.reason, refused)
    if recv is not None:
        return Closure(_number(recv.code) or None, recv.reason or "")
    return Closure(None, "the connection broke off")


def _number(code: object) -> int:
    """A close code as picows gives it: a member of its enum, or a number that the enum does not have."""
    number = getattr(code, "value", code)
    assert isinstance(number, int)
    return number
