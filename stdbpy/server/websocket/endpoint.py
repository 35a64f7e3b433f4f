"""``GET /v1/database/{name}/subscribe``: from the handshake to the end of the connection."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from contextlib import suppress

from starlette.types import Message, Receive, Scope, Send

from stdbpy.engine import Caller, Database
from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.subscriptions.events import (
    CallEnded,
    Ended,
    EndReason,
    Event,
    QueryAnswered,
    Subscribed,
    Unsubscribed,
    Updated,
)
from stdbpy.engine.subscriptions.subscriber import ConnectionOptions
from stdbpy.errors import NotAllowed, StdbError
from stdbpy.server.answer import CORS, Answer, Header
from stdbpy.server.asked import Asked
from stdbpy.server.backend import Backend
from stdbpy.server.refusal import answer_for
from stdbpy.server.websocket import terms as protocols
from stdbpy.server.websocket.mailbox import ClientMailbox, Doorbell
from stdbpy.server.websocket.speaker import Frame, Speaker
from stdbpy.server.websocket.terms import Terms, read_connection_id, read_terms
from stdbpy.server.websocket.v1 import V1Speaker
from stdbpy.server.websocket.v1_formats import BsatnFormat, JsonFormat
from stdbpy.server.websocket.v2 import V2Speaker

GOING_AWAY = 1001
FAILED = 1011
"""Codes with which the server closes: the database is gone; a frame that is none, as on the real server, or
a failure of the server's own."""

LONGEST_REASON = 123
"""Bytes of the reason in a closing frame."""

CUT_OFF = "stdbpy.cut_off"
"""Where the state of a connection has the function that ends it without a word."""

LINGER = 10.0
"""Seconds that a connection which has ended here has to send its last words."""

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

log = logging.getLogger("stdbpy.server")


class Subscribing:
    """The ASGI application of the endpoint for websockets."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._doorbell: Doorbell | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Asked(self._backend, scope, receive)
        headers: tuple[Header, ...] = ()
        try:
            caller = await asked.find_caller()
            headers = caller.headers
            connection_id = read_connection_id(asked)
            database = await asked.opened_database()
            _ = database.schema  # raises for a database that cannot be opened
            terms = read_terms(asked, connection_id)
        except StdbError as error:
            await refuse_websocket(answer_for(error), receive, send, headers)
            return
        await receive()  # that it is asked for
        await send({"type": "websocket.accept", "subprotocol": terms.subprotocol, "headers": [*headers, *CORS]})
        if self._doorbell is None:
            self._doorbell = Doorbell(asyncio.get_running_loop())
        cut_off = scope["state"][CUT_OFF]
        mailbox = ClientMailbox(self._doorbell, cut_off)
        speaker = _speaker(terms, self._backend, database)
        options = ConnectionOptions(
            confirmed=terms.confirmed, by_set=not terms.is_first_version, takes_events=not terms.is_first_version
        )
        who = Caller(caller.identity, terms.connection_id, caller.payload)
        try:
            connection = await _connected(database.connect(who, mailbox, options))
        except NotAllowed:
            # The real server breaks the connection off, too; a closing frame would look to the official program
            # as if all had gone well.
            cut_off()
            return
        except StdbError as error:
            await _close(send, FAILED, str(error))
            return
        traffic = self._backend.traffic.of(database.identity)
        traffic.accepted += 1
        client = _Client(speaker, mailbox, connection, receive, send)
        await client.serve(speaker.greeting(caller, terms.connection_id))
        # What is left to send has its time; a client that is gone would never take it.
        asyncio.get_running_loop().call_later(LINGER, cut_off)


def _speaker(terms: Terms, backend: Backend, database: Database) -> Speaker:
    match terms.subprotocol:
        case protocols.V1_JSON:
            return V1Speaker(JsonFormat(backend.functions), lambda: database.schema, is_light=terms.is_light)
        case protocols.V1_BSATN:
            return V1Speaker(BsatnFormat(terms.compression), lambda: database.schema, is_light=terms.is_light)
    return V2Speaker(terms.compression, joins_messages=terms.subprotocol == protocols.V3_BSATN)


async def _connected(connecting: Future[DatabaseConnection]) -> DatabaseConnection:
    """What ``connecting`` comes to; if nobody waits for that any more, the connection is closed again."""
    try:
        return await asyncio.shield(asyncio.wrap_future(connecting))
    except asyncio.CancelledError:
        connecting.add_done_callback(_close_unused)
        raise


def _close_unused(connecting: Future[DatabaseConnection]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()


async def refuse_websocket(answer: Answer, receive: Receive, send: Send, headers: tuple[Header, ...] = ()) -> None:
    """Answers the request to open a websocket with an HTTP answer."""
    await receive()

    async def send_before_opening(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    await answer.send(send_before_opening, (*headers, *CORS))


async def _close(send: Send, code: int, reason: str) -> None:
    short = reason.encode(errors="backslashreplace")[:LONGEST_REASON].decode(errors="ignore")
    with suppress(Exception):  # the client may have gone in the meantime
        await send({"type": "websocket.close", "code": code, "reason": short})


class _Client:
    """One connection: what it sends is asked of the database, what comes of it is sent."""

    def __init__(
        self,
        speaker: Speaker,
        mailbox: ClientMailbox,
        connection: DatabaseConnection,
        receive: Receive,
        send: Send,
    ) -> None:
        self._speaker = speaker
        self._mailbox = mailbox
        self._connection = connection
        self._receive = receive
        self._send = send

    async def serve(self, greeting: Frame) -> None:
        """Returns when the connection has ended, and the module knows."""
        self._talking = asyncio.ensure_future(self._talk(greeting))
        try:
            await self._listen()
        finally:
            self._talking.cancel()
            gone = asyncio.wrap_future(self._connection.close())
            gone.add_done_callback(_ignore_failure)
            await asyncio.wait({self._talking, gone}, timeout=CLOSING_PATIENCE)

    async def _listen(self) -> None:
        """Returns when the client has gone, or was closed."""
        settled: asyncio.Future[None] | None = None
        asked = 0
        is_refused = False
        while (message := await self._receive())["type"] != "websocket.disconnect":
            if is_refused:
                continue
            data = message.get("bytes")
            frame: Frame = message["text"] if data is None else data
            try:
                asked += self._speaker.hear(frame, self._connection) + len(frame) // BYTES_OF_A_REQUEST
            except StdbError as error:
                self._connection.refuse(str(error))
                is_refused = True
            if asked >= MANY_REQUESTS:
                asked = 0
                if settled is not None:
                    await asyncio.wait({settled})
                settled = asyncio.wrap_future(self._connection.settled())
                settled.add_done_callback(_ignore_failure)

    async def _talk(self, greeting: Frame) -> None:
        try:
            await self._send_frame(greeting)
            while True:
                events = await self._mailbox.take()
                frames = self._speaker.frames([event for event in events if not isinstance(event, Ended)])
                is_much = any(map(_is_much, events))
                while frame := await asyncio.to_thread(next, frames, None) if is_much else next(frames, None):
                    await self._send_frame(frame)
                for event in events:
                    if isinstance(event, Ended):
                        code, reason = _ENDINGS[event.reason]
                        await _close(self._send, code, event.detail or reason)
                        return
        except OSError:
            pass  # the client has gone, which the other side of the connection hears as well
        except Exception:
            log.exception("What a client is to be told could not be written down")
            await _close(self._send, *_ENDINGS[EndReason.BUG])

    async def _send_frame(self, frame: Frame) -> None:
        kind = "text" if isinstance(frame, str) else "bytes"
        await self._send({"type": "websocket.send", kind: frame})


def _ignore_failure(gone: asyncio.Future[None]) -> None:
    """The disk may refuse what was done before, and the database may have gone."""
    if not gone.cancelled():
        gone.exception()


def _is_much(event: Event) -> bool:
    match event:
        case Subscribed(_, _, found) | Unsubscribed(_, _, list() as found):
            return any(len(rows.rows) >= MANY_ROWS for rows in found)
        case QueryAnswered(_, rows) if rows is not None:
            return len(rows.rows) >= MANY_ROWS
        case Updated(_, _, updates) | CallEnded(_, _, _, updates):
            return any(len(rows.inserted) + len(rows.deleted) >= MANY_ROWS for _, rows in updates)
    return False
