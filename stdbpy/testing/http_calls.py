"""HTTP requests to the handlers of a module under test, without a server."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from stdbpy.engine.database import Database
from stdbpy.module.http import GivenHeaders, HttpHeaders, HttpResponse, headers_from_wire, headers_to_wire
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead

_HOST = "http://127.0.0.1/v1/database/test/route"
_NO_ROUTE = "Database has not registered a handler for this route"
_NOT_FOUND = 404

Answered = tuple[HttpResponseHead, bytes]


def send_to_handler(
    database: Database,
    outcome_of: Callable[[Future[Answered]], Answered],
    method: str,
    path: str,
    body: bytes | str,
    headers: GivenHeaders,
) -> HttpResponse:
    """What the handler answers to which the route leads; 404 if there is none. Raises ``EngineError`` for a bug
    in it, and ``ValueError`` for a path that does not begin with a slash."""
    below, _, _ = path.partition("?")
    if below and not below.startswith("/"):
        raise ValueError(f"a path begins with a slash, or is empty: {path!r}")
    handler = database.http_handler(method, below)
    if handler is None:
        return HttpResponse(_NO_ROUTE, status=_NOT_FOUND)
    sent = headers_to_wire(HttpHeaders(headers))
    content = body.encode() if isinstance(body, str) else body
    head, answer = outcome_of(handler(HttpRequestHead(method, _HOST + path, sent), content))
    return HttpResponse(answer, status=head.status, headers=headers_from_wire(head.headers), version=head.version)
