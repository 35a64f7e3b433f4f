"""Connections that were upgraded to websockets: uvicorn's, quiet, and able to be cut off."""

from __future__ import annotations

import logging
from asyncio import BaseTransport
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame as ReceivedFrame
from websockets.protocol import State

from stdbpy.server.websocket.client import KEPT_SILENT
from stdbpy.server.websocket.endpoint import LINGER
from stdbpy.server.websocket.frames import FrameCutter, Kind, head
from stdbpy.server.websocket.line import LINE, LineEnded
from stdbpy.server.websocket.speaker import Frame

MOST_WAITING = 64
MOST_WAITING_BYTES = 256 * 1024
"""Messages that have been read and not been looked at, and bytes of them: with as many, no more is read."""

NO_UTF8 = 1007

TOGETHER = 64 * 1024
"""Bytes of messages that are written at once."""

_ENDING = (State.CLOSING, State.CLOSED)

_SOME_HAVE_COME: Any = {"type": "websocket.receive"}

_log = logging.getLogger("stdbpy.server.websocket")
_log.setLevel(logging.WARNING)
"""Below that, uvicorn and websockets log addresses and headers, which may have a token in them."""


class WebsocketConnection(WebSocketsSansIOProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = self.conn.logger = _log
        self.conn.debug = False
        self._heard = self.loop.time()
        self._cutter = FrameCutter()
        self._waiting: list[Frame] = []
        """Messages that have been read and not been looked at. If there are some, the queue says so, once."""
        self._waiting_bytes = 0
        self._later_parts = bytearray()
        """Of a message, behind its first frame. A list of as many as there can be takes many times their bytes."""
        self._late_pong = b""
        """The answer to the latest ping that came while the client did not read."""

    # --- what is sent ------------------------------------------------------------------------

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # uvicorn misses the handshake when it was refused in this way, and says so in the log.
            self.handshake_complete = True

    async def send_frames(self, frames: Iterable[Frame]) -> None:
        """As :meth:`Line.send_frames`: what uvicorn and websockets do for a small message costs as much as all
        else of it."""
        parts: list[bytes] = []
        size = 0
        for frame in frames:
            if isinstance(frame, str):
                data = frame.encode()
                parts += (head("text", len(data)), data)
            else:
                data = frame
                parts += (head("bytes", len(data)), data)
            size += len(data)
            if size >= TOGETHER:
                await self._write(parts)
                parts, size = [], 0
        if parts:
            await self._write(parts)

    async def _write(self, parts: list[bytes]) -> None:
        if not self.writable.is_set():
            await self.writable.wait()
        if self.conn.state is not State.OPEN or self.disconnected:
            raise ClientDisconnected
        if len(parts) == 2 and len(parts[1]) >= TOGETHER:
            # A large message is not copied for each client that gets it.
            self.transport.write(parts[0])
            self.transport.write(parts[1])
        else:
            self.transport.write(b"".join(parts))

    def handle_ping(self) -> None:
        pong = b"".join(self.conn.data_to_send())
        if self.writable.is_set():
            self.transport.write(pong)
        else:
            # One for all of them will do (RFC 6455, section 5.5.3), or they would fill the memory.
            self._late_pong = pong

    def resume_writing(self) -> None:
        super().resume_writing()
        pong, self._late_pong = self._late_pong, b""
        if pong and self.conn.state is State.OPEN:
            self.transport.write(pong)

    def cut_off(self) -> None:
        self.transport.abort()

    # --- what comes --------------------------------------------------------------------------

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, LINE: self}

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        if not self.handshake_initiated:
            # The request to open it, which uvicorn passes on as a whole.
            super().data_received(data)
            return
        for kind, piece in self._cutter.cut(data):
            if kind is None:
                super().data_received(piece)
                if self.conn.parser_exc is not None:
                    return
            elif self.conn.state not in _ENDING:
                self._message_came(kind, piece)
        has_much = len(self._waiting) >= MOST_WAITING or self._waiting_bytes >= MOST_WAITING_BYTES
        if has_much and not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def handle_cont(self, event: ReceivedFrame) -> None:
        self._later_parts += event.data
        if event.fin:
            self.send_receive_event_to_app()

    def send_receive_event_to_app(self) -> None:
        """A message in several frames has come whole."""
        whole = b"".join([*self.frames, self._later_parts]) if self._later_parts else self.frames[0]
        self.frames, self._later_parts = [], bytearray()
        self._message_came(self.curr_msg_data_type, whole)

    def _message_came(self, kind: Kind, data: bytes) -> None:
        if self.close_sent:
            return
        frame: Frame = data
        if kind == "text":
            try:
                frame = data.decode()
            except UnicodeDecodeError:
                self._refuse_text()
                return
        if not self._waiting:
            self.queue.put_nowait(_SOME_HAVE_COME)
        self._waiting.append(frame)
        self._waiting_bytes += len(data)

    def _refuse_text(self) -> None:
        # uvicorn would write what failed to the log, and fail again where the connection is ending anyway.
        if self.conn.state is State.CONNECTING:
            self.transport.close()  # the client was not let in yet
            return
        if self.conn.state is State.OPEN:
            self.conn.send_close(NO_UTF8)
        self.handle_parser_exception()

    async def receive_frames(self) -> list[Frame]:
        """As :meth:`Line.receive_frames`: an event for each of many small messages costs more than to read it."""
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        event: Any = await self.queue.get()
        if event["type"] == "websocket.disconnect":
            raise LineEnded(event.get("code", 1005))
        frames, self._waiting, self._waiting_bytes = self._waiting, [], 0
        return frames

    # --- its life ----------------------------------------------------------------------------

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
