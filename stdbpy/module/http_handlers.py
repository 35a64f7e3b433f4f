"""``@http_handler``, ``Router`` and ``http_router``: how authors declare what answers HTTP requests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar, overload

from stdbpy.module.declarations import HandlerDeclaration, RouteOptions, RouterDeclaration, record
from stdbpy.module.http import HttpRequest, HttpResponse
from stdbpy.module.procedure_context import HandlerContext

ContextT = TypeVar("ContextT", bound=HandlerContext[Any])
Handler = Callable[[ContextT, HttpRequest], HttpResponse]
AnyHandler = Callable[[Any, HttpRequest], HttpResponse]

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE")


@overload
def http_handler(function: Handler[ContextT], /) -> Handler[ContextT]: ...
@overload
def http_handler(*, name: str | None = None) -> Callable[[Handler[ContextT]], Handler[ContextT]]: ...
def http_handler(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares a function that answers HTTP requests; which ones, :func:`http_router` says.

    >>> @http_handler
    ... def hello(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    ...     return HttpResponse("Hello, world!")

    As a procedure it may wait, and opens the transactions that it needs (``ctx.transaction()``).
    Whatever it raises is a bug, whose traceback goes to the database's log.
    """
    user = sys._getframe(1)  # noqa: SLF001
    namespace, line = user.f_globals, user.f_lineno

    def declare(function: object) -> FunctionType:
        if not isinstance(function, FunctionType):
            raise TypeError(f"an HTTP handler is a function, not {function!r}. Paths are given to a Router")
        record(namespace, HandlerDeclaration(function, name or function.__name__, line))
        return function

    return declare if function is None else declare(function)


class Router:
    """Which handler answers which requests.

    >>> routes = Router().get("/hello", hello).post("/messages", receive)

    Paths are those below ``/v1/database/NAME/route``: ``""`` or such as begin with a slash, of
    lower-case letters, digits and ``-_~/``. They are compared as a whole: ``/hello/`` is another path
    than ``/hello``.
    """

    def __init__(self, routes: tuple[RouteOptions, ...] = ()) -> None:
        self.routes = routes

    def get(self, path: str, handler: AnyHandler) -> Router:
        return self.route("GET", path, handler)

    def head(self, path: str, handler: AnyHandler) -> Router:
        return self.route("HEAD", path, handler)

    def options(self, path: str, handler: AnyHandler) -> Router:
        return self.route("OPTIONS", path, handler)

    def put(self, path: str, handler: AnyHandler) -> Router:
        return self.route("PUT", path, handler)

    def delete(self, path: str, handler: AnyHandler) -> Router:
        return self.route("DELETE", path, handler)

    def post(self, path: str, handler: AnyHandler) -> Router:
        return self.route("POST", path, handler)

    def patch(self, path: str, handler: AnyHandler) -> Router:
        return self.route("PATCH", path, handler)

    def any(self, path: str, handler: AnyHandler) -> Router:
        """Requests of every method."""
        return self.route("*", path, handler)

    def route(self, method: str, path: str, handler: AnyHandler) -> Router:
        """A router that has this route, too. ``method`` is ``GET`` or another one, or ``*`` for all."""
        if not isinstance(method, str) or (method != method.upper() and method.upper() in _METHODS):
            raise ValueError(f"methods of HTTP are in capitals: 'GET', not {method!r}")
        if not isinstance(path, str) or not isinstance(handler, FunctionType):
            raise TypeError(f"a route leads from a path to an HTTP handler, not from {path!r} to {handler!r}")
        return Router((*self.routes, RouteOptions(method, path, handler)))

    def nest(self, path: str, other: Router) -> Router:
        """A router that has the routes of another, too, with ``path`` in front of theirs."""
        if not isinstance(path, str) or not isinstance(other, Router):
            raise TypeError(f"a router nests a path and another router, not {path!r} and {other!r}")
        return Router(
            (*self.routes, *(RouteOptions(each.method, path + each.path, each.handler) for each in other.routes))
        )

    def merge(self, other: Router) -> Router:
        """A router that has the routes of another, too."""
        return self.nest("", other)


def http_router(router: Router, /) -> None:
    """Declares the routes of the database: ``http_router(Router().get("/hello", hello))``. A module has one."""
    user = sys._getframe(1)  # noqa: SLF001
    if not isinstance(router, Router):
        raise TypeError(f"http_router takes a Router, not {router!r}: http_router(Router().get('/hello', hello))")
    record(user.f_globals, RouterDeclaration(router.routes, user.f_lineno))
