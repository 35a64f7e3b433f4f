"""A path of the API: which methods it has, who the caller is, and how refusals become answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from starlette.types import Receive, Scope, Send

from stdbpy.errors import StdbError
from stdbpy.server.answer import CORS, Answer, Header, text
from stdbpy.server.asked import Asked
from stdbpy.server.backend import Backend
from stdbpy.server.refusal import METHOD_NOT_ALLOWED, SERVER_ERROR, UNAVAILABLE, answer_for

log = logging.getLogger("stdbpy.server")

Handler = Callable[[Asked], Awaitable[Answer]]

_PREFLIGHT: tuple[Header, ...] = (
    *CORS,
    (b"access-control-allow-methods", b"*"),
    (b"access-control-allow-headers", b"authorization,accept,content-type"),
)

STOPPED = "the server stopped before the request was done; what it asked for may have been done or not"


class Resource:
    """An ASGI application of one path; ``methods`` are its handlers, GET's also answers HEAD."""

    def __init__(self, backend: Backend, **methods: Handler) -> None:
        self._backend = backend
        self._handlers = dict(methods)
        if "GET" in methods:
            self._handlers["HEAD"] = methods["GET"]
        allowed = [name for method in methods for name in (("GET", "HEAD") if method == "GET" else (method,))]
        self._allow = ((b"allow", ",".join(allowed).encode()),) if allowed else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await Answer(200, (*_PREFLIGHT, *self._allow)).send(send)
            return
        asked = Asked(self._backend, scope, receive)
        headers = CORS
        try:
            headers = (*await self.caller_headers(asked), *CORS)
        except StdbError as error:
            answer = answer_for(error)
        else:
            answer = await self._handle(asked)
        if self.handler_for(scope["method"]) is None:
            headers = (*headers, *self._allow)
        if not await asked.drained():
            headers = (*headers, (b"connection", b"close"))
        sent = await answer.send(send, headers, without_body=scope["method"] == "HEAD")
        self.count(asked, sent)

    def count(self, asked: Asked, sent: int) -> None:
        """Notes how many bytes an answer of a database had."""
        named = asked.named_database
        if named is not None:
            self._backend.traffic.of(named.identity).answered_bytes += sent

    def handler_for(self, method: str) -> Handler | None:
        """What answers requests with this method; ``OPTIONS`` is answered in any case."""
        return self._handlers.get(method)

    async def caller_headers(self, _asked: Asked) -> Sequence[Header]:
        """What every answer of this path says about the caller: here nothing."""
        return ()

    async def _handle(self, asked: Asked) -> Answer:
        handler = self.handler_for(asked.scope["method"])
        if handler is None:
            return Answer(METHOD_NOT_ALLOWED)
        try:
            return await handler(asked)
        except StdbError as error:
            return answer_for(error)
        except asyncio.CancelledError:
            if not self._backend.stopping.is_set():
                raise
            # Its time to end is over: the client learns so, which it would not of a broken connection.
            return text(UNAVAILABLE, STOPPED)
        except Exception:
            log.exception("%s %s failed", asked.scope["method"], asked.scope["path"])
            return text(SERVER_ERROR, "the server failed; its log says more")


class CallersResource(Resource):
    """A path below a database: it needs to know the caller, makes one up if there is no token, and
    tells who it is in each answer."""

    async def caller_headers(self, asked: Asked) -> Sequence[Header]:
        return (await asked.find_caller()).headers
