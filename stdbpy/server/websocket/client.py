"""A client that is connected: what it sends is asked of the database, what comes of it is sent."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from starlette.types import Send

from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.subscriptions.events import (
    BatchSubscribed,
    CallEnded,
    Ended,
    EndReason,
    Event,
    QueryAnswered,
    Subscribed,
    Unsubscribed,
    Updated,
)
from stdbpy.errors import StdbError
from stdbpy.server.traffic import DatabaseTraffic
from stdbpy.server.websocket.line import Line, LineEnded
from stdbpy.server.websocket.mailbox import ClientMailbox
from stdbpy.server.websocket.speaker import Frame, Speaker

GOING_AWAY = 1001
FAILED = 1011
"""Codes with which the server closes: the database is gone; a frame that is none, as on the real server, or
a failure of the server's own."""

KEPT_SILENT = 4408
"""Code with which a connection ends here, unseen by anybody else, whose client is not heard any more."""

LONGEST_REASON = 123
"""Bytes of the reason in a closing frame."""

MANY_REQUESTS = 4096
"""Of one client: with twice as many of them waiting to be done, no more is read."""

BYTES_OF_A_REQUEST = 8192
"""A frame that is larger counts as several requests, so that what waits is bounded in bytes, too."""

MANY_ROWS = 1000
"""As many in one list are made frames beside the event loop, which serves others meanwhile."""

CLOSING_PATIENCE = 5.0
"""Seconds until a connection is forgotten though the module was not told yet that it has ended: a reducer
can hold the database for ever."""

_ENDINGS = {
    EndReason.DATABASE_GONE: (GOING_AWAY, "module exited"),
    EndReason.STORAGE_FAILED: (FAILED, "what this client was told of could not be stored"),
    EndReason.REFUSED: (FAILED, "the frame is none"),
    EndReason.BUG: (FAILED, "the server failed; its log says more"),
}

_CAUSES = {EndReason.DATABASE_GONE: "module_exited", EndReason.REFUSED: "client_message_error"}
_WITHOUT_CLOSING = {1005, 1006}
"""Codes of connections that broke off."""

log = logging.getLogger("stdbpy.server")


class Client:
    def __init__(
        self,
        speaker: Speaker,
        mailbox: ClientMailbox,
        connection: DatabaseConnection,
        traffic: DatabaseTraffic,
        line: Line,
        send: Send,
    ) -> None:
        self._speaker = speaker
        self._mailbox = mailbox
        self._connection = connection
        self._traffic = traffic
        self._line = line
        self._send = send
        self._cause: str | None = None
        """The real server's word for why it ended, once somebody knows."""

    async def serve(self, greeting: Frame) -> None:
        """Returns when the connection has ended, and the module knows."""
        self._traffic.accepted += 1
        self._talking = asyncio.ensure_future(self._talk(greeting))
        try:
            code = await self._listen()
        finally:
            self._talking.cancel()
            gone = asyncio.wrap_future(self._connection.close())
            gone.add_done_callback(_ignore_failure)
            await asyncio.wait({self._talking, gone}, timeout=CLOSING_PATIENCE)
        self._traffic.disconnections[self._cause or self._cause_of(code)] += 1

    def _cause_of(self, code: int) -> str:
        if self._mailbox.is_overfull:
            return "outgoing_queue_full"
        if code == KEPT_SILENT:
            return "idle_timeout"
        return "websocket_stream_ended" if code in _WITHOUT_CLOSING else "client_close"

    async def _listen(self) -> int:
        """Returns when the client has gone, or was closed: the code of its end."""
        settled: asyncio.Future[None] | None = None
        asked = 0
        is_refused = False
        while True:
            try:
                frames = await self._line.receive_frames()
            except LineEnded as end:
                return end.code
            if is_refused:
                continue
            for frame in frames:
                self._traffic.requests["text" if isinstance(frame, str) else "binary"] += 1
                try:
                    asked += self._speaker.hear(frame, self._connection) + len(frame) // BYTES_OF_A_REQUEST
                except StdbError as error:
                    self._connection.refuse(str(error))
                    is_refused = True
                    break
                if asked >= MANY_REQUESTS:
                    asked = 0
                    if settled is not None:
                        await asyncio.wait({settled})
                    settled = asyncio.wrap_future(self._connection.settled())
                    settled.add_done_callback(_ignore_failure)

    async def _talk(self, greeting: Frame) -> None:
        try:
            await self._line.send_frames([greeting])
            while True:
                events, rows = await self._mailbox.take()
                ended = events.pop() if events and isinstance(events[-1], Ended) else None
                frames = self._speaker.frames(events)
                if rows >= MANY_ROWS and any(map(_is_much, events)):
                    while frame := await asyncio.to_thread(next, frames, None):
                        await self._line.send_frames([frame])
                else:
                    await self._line.send_frames(frames)
                if isinstance(ended, Ended):
                    self._cause = _CAUSES.get(ended.reason, "unknown")
                    code, reason = _ENDINGS[ended.reason]
                    await close(self._send, code, ended.detail or reason)
                    return
        except OSError:
            pass  # the client has gone, which the other side of the connection hears as well
        except Exception:
            log.exception("What a client is to be told could not be written down")
            await close(self._send, *_ENDINGS[EndReason.BUG])


async def close(send: Send, code: int, reason: str) -> None:
    """Ends a websocket with a word to the client, if it is still there."""
    short = reason.encode(errors="backslashreplace")[:LONGEST_REASON].decode(errors="ignore")
    with suppress(Exception):  # the client may have gone in the meantime
        await send({"type": "websocket.close", "code": code, "reason": short})


def _ignore_failure(gone: asyncio.Future[None]) -> None:
    """The disk may refuse what was done before, and the database may have gone."""
    if not gone.cancelled():
        gone.exception()


def _is_much(event: Event) -> bool:
    match event:
        case CallEnded(_, _, _, updates) | Updated(_, _, updates):
            for _, changes in updates:
                if changes.count >= MANY_ROWS:
                    return True
        case Subscribed(_, _, found) | Unsubscribed(_, _, list() as found):
            return any(len(rows.rows) >= MANY_ROWS for rows in found)
        case BatchSubscribed():
            return any(len(rows.rows) >= MANY_ROWS for rows in event.rows)
        case QueryAnswered(_, rows) if rows is not None:
            return len(rows.rows) >= MANY_ROWS
    return False
