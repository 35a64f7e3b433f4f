"""The routes that modules declare, below ``/v1/database/{database}/route``: their own code answers.

Source of the rules: ``crates/client-api/src/routes/database.rs`` of SpacetimeDB 2.8.3. Anybody may ask, and a
token is the handler's business; modules tell ``""``, ``/`` and ``/a/`` apart; there is no difference between a path
and a method that nobody declared. ``OPTIONS`` is answered before modules are asked, as on all paths.
"""

from __future__ import annotations

import re

from stdbpy.engine import Database
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead
from stdbpy.server.answer import Answer, Header
from stdbpy.server.asked import LARGEST_PROGRAM, Asked
from stdbpy.server.refusal import NOT_FOUND, SERVER_ERROR, refuse
from stdbpy.server.resource import Handler, Resource
from stdbpy.server.routes.connecting import result_of

_NO_ROUTE = "Database has not registered a handler for this route"

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_STATUSES = range(200, 600)
_WITHOUT_A_BODY = frozenset({204, 304})

_OF_THE_CONNECTION = frozenset({b"connection", b"content-length", b"keep-alive", b"transfer-encoding", b"upgrade"})
"""Headers that say how an answer is sent, which the handler does not do."""

_OF_THE_SERVER = frozenset({b"access-control-allow-origin", b"date"})
"""Headers that every answer has."""


class HttpHandlers(Resource):
    """An ASGI application for all of them."""

    def handler_for(self, _method: str) -> Handler:
        return _answer


async def _answer(asked: Asked) -> Answer:
    database: Database = await asked.opened_database()
    below: str | None = asked.scope["path_params"].get("path")
    handler = database.http_handler(asked.scope["method"], "" if below is None else f"/{below}")
    if handler is None:
        raise refuse(NOT_FOUND, _NO_ROUTE)
    body = await asked.body(LARGEST_PROGRAM)
    headers = tuple((name.decode("latin-1"), value) for name, value in asked.scope["headers"])
    request = HttpRequestHead(asked.scope["method"], _uri(asked), headers, version=asked.scope["http_version"])
    head, content = await result_of(handler(request, body))
    return _answer_of(head, content)


def _uri(asked: Asked) -> str:
    """The whole URI as the client wrote it, as far as the server and those in front of it know."""
    query = asked.scope["query_string"]
    path = asked.scope["raw_path"] + (b"?" + query if query else b"")
    scheme = _forwarded(asked, b"x-forwarded-proto") or b"http"
    authority = _forwarded(asked, b"x-forwarded-host") or asked.headers.get(b"host")
    uri: bytes = path if authority is None else scheme + b"://" + authority + path
    return uri.decode("latin-1")


def _forwarded(asked: Asked, name: bytes) -> bytes | None:
    return asked.headers.get(name, b"").split(b",")[0].strip() or None


def _answer_of(head: HttpResponseHead, content: bytes) -> Answer:
    """Refuses what cannot be sent."""
    if head.status not in _STATUSES:
        raise refuse(SERVER_ERROR, f"the handler's answer has the status {head.status}, which is none")
    headers: list[Header] = []
    for name, value in head.headers:
        header = name.encode(errors="replace").lower(), value
        if not (_TOKEN.fullmatch(header[0]) and _VALUE.fullmatch(value)):
            raise refuse(SERVER_ERROR, "the handler's answer has a header that cannot be sent")
        if header[0] not in _OF_THE_CONNECTION | _OF_THE_SERVER:
            headers.append(header)
    return Answer(head.status, headers, b"" if head.status in _WITHOUT_A_BODY else content)
