"""The ASGI application: the API's routes behind the fence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from stdbpy.server.answer import Answer, text
from stdbpy.server.backend import Backend
from stdbpy.server.fence import Fence
from stdbpy.server.refusal import FORBIDDEN, NOT_FOUND
from stdbpy.server.resource import CallersResource, Resource
from stdbpy.server.routes import databases, energy, environment, identities, logs, metrics, names, publishing, running
from stdbpy.server.routes.http_handlers import HttpHandlers
from stdbpy.server.websocket.opening import SUBSCRIBE_PATH

if TYPE_CHECKING:
    from stdbpy.server.websocket.endpoint import Subscribing

_CALL_PATH = re.compile(r"/v1/database/(?P<database>[^/]+)/call/(?P<function>[^/]+)")


def create_app(backend: Backend) -> ASGIApp:
    """The server as an ASGI application. The caller keeps the engine and closes it."""
    return _Front(backend)


class _Front:
    """Lets requests through the fence to their route; calls of reducers take a shorter way than
    through all routes, because they are what comes thousands of times a second."""

    def __init__(self, backend: Backend) -> None:
        self._fence = Fence(backend.config)
        self._call = CallersResource(backend, POST=running.call)
        self._backend = backend
        self._subscribing: Subscribing | None = None
        self._router = Router(_routes(backend, self._call), redirect_slashes=False, default=_not_found)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._router(scope, receive, send)
            return
        refusal = self._fence.refusal(scope["headers"])
        if scope["type"] == "websocket":
            await self._open_websocket(scope, receive, send, refusal)
            return
        if refusal is not None:
            await text(FORBIDDEN, refusal).send(send)
            return

        call = _CALL_PATH.fullmatch(scope["path"])
        if call is not None:
            scope["path_params"] = call.groupdict()
            await self._call(scope, receive, send)
            return
        await self._router(scope, receive, send)

    async def _open_websocket(self, scope: Scope, receive: Receive, send: Send, refusal: str | None) -> None:
        # Clients' protocols are loaded for the first one that speaks them.
        from stdbpy.server.websocket.endpoint import Subscribing, refuse_websocket

        if refusal is not None:
            await refuse_websocket(text(FORBIDDEN, refusal), receive, send)
            return
        path = SUBSCRIBE_PATH.fullmatch(scope["path"])
        if path is None:
            await refuse_websocket(Answer(NOT_FOUND), receive, send)
            return
        scope["path_params"] = path.groupdict()
        if self._subscribing is None:
            self._subscribing = Subscribing(self._backend)
        await self._subscribing(scope, receive, send)


def _routes(backend: Backend, call: Resource) -> list[Route]:
    database = "/v1/database/{database}"
    identity = "/v1/identity/{identity}"
    below_server: Mapping[str, Resource] = {
        "/v1/ping": Resource(backend, GET=identities.ping),
        "/v1/health": Resource(backend, GET=identities.health),
        "/v1/metrics": Resource(backend, GET=metrics.metrics),
        "/v1/prometheus/sd_config": Resource(backend, GET=metrics.targets),
        "/v1/energy/{identity}": Resource(backend, GET=energy.balance, PUT=energy.set_balance, POST=energy.add),
        "/v1/identity": Resource(backend, POST=identities.create),
        "/v1/identity/public-key": Resource(backend, GET=identities.public_key),
        "/v1/identity/websocket-token": Resource(backend, POST=identities.websocket_token),
        f"{identity}/verify": Resource(backend, GET=identities.verify),
        f"{identity}/databases": Resource(backend, GET=identities.databases),
    }
    below_databases: Mapping[str, Resource] = {
        "/v1/database": CallersResource(backend, POST=publishing.publish),
        database: CallersResource(backend, GET=databases.info, PUT=publishing.publish, DELETE=databases.delete),
        f"{database}/identity": CallersResource(backend, GET=databases.identity),
        f"{database}/names": CallersResource(backend, GET=names.names, POST=names.add_name, PUT=names.set_names),
        f"{database}/pre_publish": CallersResource(backend, POST=publishing.pre_publish),
        f"{database}/reset": CallersResource(backend, PUT=publishing.reset),
        f"{database}/lock": CallersResource(backend, POST=databases.lock),
        f"{database}/unlock": CallersResource(backend, POST=databases.unlock),
        f"{database}/environment": CallersResource(
            backend, GET=environment.environment, PUT=environment.replace, PATCH=environment.change
        ),
        f"{database}/call/{{function}}": call,
        f"{database}/sql": CallersResource(backend, POST=running.sql),
        f"{database}/logs": CallersResource(backend, GET=logs.logs),
        f"{database}/schema": CallersResource(backend, GET=databases.schema),
        f"{database}/subscribe": CallersResource(backend, GET=databases.subscribe),
        f"{database}/unstable/timestamp": CallersResource(backend, GET=databases.timestamp),
    }
    handlers = HttpHandlers(backend)
    below_modules: Mapping[str, Resource] = {
        f"{database}/route": handlers,
        f"{database}/route/{{path:path}}": handlers,
    }
    return [Route(path, resource) for path, resource in {**below_server, **below_databases, **below_modules}.items()]


async def _not_found(_scope: Scope, _receive: Receive, send: Send) -> None:
    await Answer(NOT_FOUND).send(send)
