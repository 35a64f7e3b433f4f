"""Connections that were upgraded to websockets: uvicorn's, quiet, and able to be cut off."""

from __future__ import annotations

import logging
import struct
from asyncio import BaseTransport
from collections.abc import Sequence
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from stdbpy.server.websocket.client import FRAMES, KEPT_SILENT
from stdbpy.server.websocket.endpoint import CUT_OFF, LINGER
from stdbpy.server.websocket.framing import BINARY, TEXT, FrameReader
from stdbpy.server.websocket.speaker import Frame

LARGEST_MESSAGE = 32 * 1024 * 1024
"""Bytes of a client's message; this and the interval are the real server's."""

PING_INTERVAL = 15.0
SILENCE = 30.0
"""Seconds between the answer to a ping and the next one, and without a word after which a client is gone; both are
the real server's."""

MOST_QUEUED = 64
MOST_QUEUED_BYTES = 256 * 1024
"""Messages that have been read and not been looked at, and bytes of them: with more, no more is read."""

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
        self._frames = FrameReader(LARGEST_MESSAGE)
        self._queued_bytes = 0

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.send":
            if not self.writable.is_set():
                await self.writable.wait()
            if self.conn.state is not State.OPEN or self.disconnected:
                raise ClientDisconnected
            self._write_frames(message[FRAMES])
            return
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # uvicorn misses the handshake when it was refused in this way, and says so in the log.
            self.handshake_complete = True

    def _write_frames(self, frames: Sequence[Frame]) -> None:
        """Each message whole; what uvicorn and websockets do for a small one costs as much as everything else."""
        parts: list[bytes] = []
        for frame in frames:
            kind, data = (_WHOLE_TEXT, frame.encode()) if isinstance(frame, str) else (_WHOLE_BINARY, frame)
            size = len(data)
            if size < _SHORT:
                parts.append(bytes((kind, size)))
            else:
                parts.append(_HEAD_16(kind, 126, size) if size < _LONG else _HEAD_64(kind, 127, size))
            parts.append(data)
        if len(frames) == 1 and size >= _LONG:
            # Not copied for each of those who get it.
            self.transport.write(parts[0])
            self.transport.write(parts[1])
        else:
            self.transport.write(b"".join(parts))

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, CUT_OFF: self.transport.abort}

    # --- what comes --------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        if not self.handshake_initiated:
            super().data_received(data)
            return
        for frame in self._frames.read(data):
            if isinstance(frame, bytes):
                super().data_received(frame)
            else:
                self._message_came(*frame)

    def _message_came(self, kind: int, payload: bytes) -> None:
        if self.close_sent:
            return
        if kind == BINARY:
            self._queue({"type": "websocket.receive", "bytes": payload}, len(payload))
            return
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            self._refuse_text()
            return
        self._queue({"type": "websocket.receive", "text": text}, len(payload))

    def _queue(self, message: Any, size: int) -> None:
        self.queue.put_nowait(message)
        self._queued_bytes += size
        if not self.read_paused and (self.queue.qsize() >= MOST_QUEUED or self._queued_bytes >= MOST_QUEUED_BYTES):
            self.read_paused = True
            self.transport.pause_reading()

    async def receive(self) -> Any:
        message = await super().receive()
        if self.queue.empty():
            self._queued_bytes = 0
        return message

    def send_receive_event_to_app(self) -> None:
        """A message in several frames is complete."""
        whole, self.frames = b"".join(self.frames), []
        self._message_came(TEXT if self.curr_msg_data_type == "text" else BINARY, whole)

    def _refuse_text(self) -> None:
        # uvicorn would write what failed to the log, and fail again where the connection is ending anyway.
        if self.conn.state is State.OPEN:
            self.conn.send_close(NO_UTF8)
        self.handle_parser_exception()

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
