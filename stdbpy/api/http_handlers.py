"""Exchanges with the HTTP handlers of a module: what answers below ``/v1/database/…/route`` is its own code."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from stdbpy.api.answers import NOT_FOUND
from stdbpy.api.exchange import Exchange, Request, Response, database_path
from stdbpy.api.lookups import expect_found, known_schema, known_version, listing, not_supported
from stdbpy.api.results import HttpAnswer
from stdbpy.errors import InvalidName, NotFound

NO_ROUTE = "Database has not registered a handler for this route"


def fetch(
    database: str,
    path: str,
    method: str = "GET",
    *,
    query: Mapping[str, str] | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Exchange[HttpAnswer]:
    response = yield Request(
        method.upper(),
        database_path(database, "route") + _below(path),
        query or {},
        body,
        headers=headers or {},
        proves_identity=False,
    )
    if response.status == NOT_FOUND:
        yield from _expect_handler(response, database, path, method)
    return HttpAnswer(response.status, dict(response.headers), response.body)


def _below(path: str) -> str:
    """The path as the module declares it, percent-encoded; modules tell ``""``, ``/`` and ``/a/`` apart."""
    if path and not path.startswith("/"):
        raise InvalidName(f"{path!r} is no path of a route", hint="It begins with a slash: /hello")
    if {".", ".."} & set(path.split("/")):
        raise InvalidName(f"{path!r} leads out of the database's routes")
    return quote(path)


def _expect_handler(response: Response, database: str, path: str, method: str) -> Exchange[None]:
    """Raises if it is the server that has not found anything; a handler may answer 404 as well."""
    if response.text == NO_ROUTE:
        schema = yield from known_schema(database)
        declared = () if schema is None else schema.http_routes
        routes = [f"{'any' if route.method == '*' else route.method} {route.path}" for route in declared]
        raise NotFound(
            f"the database {database!r} has no HTTP handler for {method.upper()} {path!r}",
            status=response.status,
            body=response.text,
            hint=listing("It has", routes),
        )
    if response.text in ("No such database.", f"`{database}` not found"):
        yield from expect_found(response, database)
    if not response.body:
        version = yield from known_version()
        if version is not None and version.startswith("1."):
            raise not_supported(version, "run HTTP handlers of modules")
