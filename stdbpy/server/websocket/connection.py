"""Connections that were upgraded to websockets: uvicorn's, quiet, and able to be cut off."""

from __future__ import annotations

import logging
import struct
from asyncio import BaseTransport
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from stdbpy.server.websocket.client import KEPT_SILENT
from stdbpy.server.websocket.endpoint import CUT_OFF, LINGER

LARGEST_MESSAGE = 32 * 1024 * 1024
"""Bytes of a client's message; this and the interval are the real server's."""

PING_INTERVAL = 15.0
SILENCE = 30.0
"""Seconds between the answer to a ping and the next one, and without a word after which a client is gone; both are
the real server's."""

NO_UTF8 = 1007

_WHOLE_TEXT, _WHOLE_BINARY = 0x81, 0x82
_SHORT, _LONG = 126, 1 << 16
_HEAD_16, _HEAD_64 = struct.Struct("!BBH").pack, struct.Struct("!BBQ").pack
"""Of frames, as RFC 6455 has them in section 5.2: a server's are not masked."""

_log = logging.getLogger("stdbpy.server.websocket")
_log.setLevel(logging.WARNING)
"""Below that, uvicorn and websockets log addresses and headers, which may have a token in them."""


class WebsocketConnection(WebSocketsSansIOProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = self.conn.logger = _log
        self.conn.debug = False
        self._heard = self.loop.time()

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.send":
            if not self.writable.is_set():
                await self.writable.wait()
            if self.conn.state is not State.OPEN or self.disconnected:
                raise ClientDisconnected
            self._write_frame(message)
            return
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # uvicorn misses the handshake when it was refused in this way, and says so in the log.
            self.handshake_complete = True

    def _write_frame(self, message: Any) -> None:
        """A whole message as one frame, without a copy of a large one for each client that gets it; what
        uvicorn and websockets do for it costs as much as everything else of a small message."""
        text: str | None = message.get("text")
        data: bytes = message["bytes"] if text is None else text.encode()
        head = _WHOLE_TEXT if text is not None else _WHOLE_BINARY
        size = len(data)
        if size < _SHORT:
            self.transport.write(bytes((head, size)) + data)
            return
        self.transport.write(_HEAD_16(head, 126, size) if size < _LONG else _HEAD_64(head, 127, size))
        self.transport.write(data)

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, CUT_OFF: self.transport.abort}

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        super().data_received(data)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(b"".join(self.frames)):
            # uvicorn writes what failed to the log, and fails again where the connection is ending anyway.
            self.frames = []
            if self.conn.state is State.OPEN:
                self.conn.send_close(NO_UTF8)
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def keepalive_timeout(self) -> None:
        assert self.ping_interval is not None and self.ping_timeout is not None
        patience = self._heard + self.ping_interval + self.ping_timeout - self.loop.time()
        if self.read_paused:
            # The client has asked for much that is not done yet; its answer may wait to be read behind that.
            patience = max(patience, self.ping_interval)
        if patience > 0:
            self.pong_timer = self.loop.call_later(patience, self.keepalive_timeout)
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": KEPT_SILENT})
        # uvicorn waits until all that was written has been sent, which it never is to a client that is gone.
        super().keepalive_timeout()
        self.loop.call_later(LINGER, self.transport.abort)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
