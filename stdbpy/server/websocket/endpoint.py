"""``GET /v1/database/{name}/subscribe``: from the handshake to the end of the connection."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from starlette.types import Message, Receive, Scope, Send

from stdbpy.engine import Caller, Database
from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.subscriptions.subscriber import ConnectionOptions
from stdbpy.errors import NotAllowed, StdbError
from stdbpy.protocol.handshake import SESSION_BUSY
from stdbpy.server.answer import CORS, Answer, Header, text
from stdbpy.server.asked import Asked
from stdbpy.server.backend import Backend
from stdbpy.server.claims import Credentials
from stdbpy.server.doorbell import Doorbell
from stdbpy.server.refusal import UNAVAILABLE, answer_for
from stdbpy.server.resource import STOPPED
from stdbpy.server.websocket import terms as protocols
from stdbpy.server.websocket.client import FAILED, Client, close
from stdbpy.server.websocket.line import LINE, Line
from stdbpy.server.websocket.mailbox import ClientMailbox
from stdbpy.server.websocket.sessions import SessionKey, Sessions
from stdbpy.server.websocket.speaker import Speaker
from stdbpy.server.websocket.terms import Terms, read_connection_id, read_terms
from stdbpy.server.websocket.v1 import V1Speaker
from stdbpy.server.websocket.v1_formats import BsatnFormat, JsonFormat
from stdbpy.server.websocket.v2 import V2Speaker

LINGER = 10.0
"""Seconds that a connection which has ended here has to send its last words."""


class Subscribing:
    """The ASGI application of the endpoint for websockets."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._doorbell: Doorbell | None = None
        self._sessions = Sessions()

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
        except asyncio.CancelledError:
            if not self._backend.stopping.is_set():
                raise
            await refuse_websocket(text(UNAVAILABLE, STOPPED), receive, send, headers)
            return
        await receive()  # that it is asked for
        await send({"type": "websocket.accept", "subprotocol": terms.subprotocol, "headers": [*headers, *CORS]})
        line: Line = scope["state"][LINE]
        if terms.session is None:
            await self._serve(caller, database, terms, line, send)
            return
        session = SessionKey(database.identity, caller.identity, terms.session)
        if not self._sessions.hold(session, line.cut_off):
            await close(send, SESSION_BUSY, "another connection has this session, and is being ended: try again")
            return
        try:
            await self._serve(caller, database, terms, line, send)
        finally:
            self._sessions.release(session)

    async def _serve(
        self,
        caller: Credentials,
        database: Database,
        terms: Terms,
        line: Line,
        send: Send,
    ) -> None:
        """Returns when a client that was let in has gone."""
        if self._doorbell is None:
            self._doorbell = Doorbell(asyncio.get_running_loop())
        mailbox = ClientMailbox(self._doorbell, line.cut_off)
        speaker = _speaker(terms, self._backend, database)
        options = ConnectionOptions(
            confirmed=terms.confirmed, by_set=not terms.is_first_version, takes_events=not terms.is_first_version
        )
        who = Caller(caller.identity, terms.connection_id, caller.payload)
        traffic = self._backend.traffic.of(database.identity)
        try:
            connection = await _connected(database.connect(who, mailbox, options))
        except asyncio.CancelledError:
            if not self._backend.stopping.is_set():
                raise
            line.cut_off()
            return
        except NotAllowed:
            traffic.rejections["client_connected_rejected"] += 1
            # The real server breaks the connection off, too; a closing frame would look to the official program
            # as if all had gone well.
            line.cut_off()
            return
        except StdbError as error:
            traffic.rejections["client_connected_error"] += 1
            await close(send, FAILED, str(error))
            return
        client = Client(speaker, mailbox, connection, traffic, line, send)
        await client.serve(speaker.greeting(caller, terms.connection_id))
        # What is left to send has its time; a client that is gone would never take it.
        asyncio.get_running_loop().call_later(LINGER, line.cut_off)


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
