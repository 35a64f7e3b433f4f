"""Exchanges about the values of a database's environment, which servers have since SpacetimeDB 2.14."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stdbpy.api.answers import BAD_REQUEST, expect_success, read_json, refusal
from stdbpy.api.exchange import JSON, Exchange, Request, Response, database_path
from stdbpy.api.lookups import expect_found, expect_route, not_supported
from stdbpy.api.results import DatabaseEnvironment
from stdbpy.api.sql import sql
from stdbpy.errors import ApiError
from stdbpy.schema.environment import EnvironmentUpdate
from stdbpy.schema.environment_headers import REMOVE, SET, headers_of
from stdbpy.schema.model import EnvironmentKind, EnvironmentValue

_CONFLICT = 409
_DOING = "keep values of an environment for its databases"
_FIRST = (2, 14)


_EMBEDDED = "stdbpy"
"""The package of the embedded server, which has them though it takes itself for an older one."""


class _Health(msgspec.Struct):
    version: str
    package_name: str = ""


class _Declaration(msgspec.Struct):
    name: str
    ty: Any
    optional: bool


class _Answer(msgspec.Struct):
    module_hash: str
    declarations: list[_Declaration]
    stored_keys: list[str]


def environment(database: str) -> Exchange[DatabaseEnvironment]:
    response = yield Request("GET", database_path(database, "environment"))
    yield from expect_route(response, _DOING)
    yield from expect_found(response, database)
    answer = read_json(response, _Answer)
    declared = tuple(map(_declared, answer.declarations))
    return DatabaseEnvironment(answer.module_hash, declared, tuple(answer.stored_keys))


def values(database: str) -> Exchange[dict[str, str]]:
    yield from environment(database)  # which says it better where there are none, or somebody may not ask
    [result] = yield from sql(database, "SELECT * FROM st_env")
    return {str(key): str(value) for key, value in result.rows}


def replace(database: str, values: Mapping[str, str], module_hash: str | None) -> Exchange[None]:
    yield from _update("PUT", database, EnvironmentUpdate(values), module_hash)


def change(
    database: str, values: Mapping[str, str], removed: tuple[str, ...], module_hash: str | None
) -> Exchange[None]:
    yield from _update("PATCH", database, EnvironmentUpdate(values, removed), module_hash)


def _update(method: str, database: str, update: EnvironmentUpdate, module_hash: str | None) -> Exchange[None]:
    if module_hash is None:
        module_hash = (yield from environment(database)).module_hash
    headers = {name: value for name, value in headers_of(update) if name == REMOVE}
    response = yield Request(
        method,
        database_path(database, "environment"),
        {"expected_module_hash": module_hash},
        msgspec.json.encode(dict(update.values)),
        JSON,
        headers=headers,
    )
    yield from expect_route(response, _DOING)
    yield from expect_found(response, database)
    if response.status == _CONFLICT:
        error = refusal(response)
        error.hint = "Look at its declarations again: it has been published since."
        raise error
    missing = missing_values(response)
    if missing is not None:
        raise missing
    expect_success(response)


def publish_headers(update: EnvironmentUpdate | None) -> dict[str, str]:
    """The headers of a publish that say what becomes of the values."""
    lines: dict[str, list[str]] = {SET: [], REMOVE: []}
    for name, value in headers_of(update) if update is not None else ():
        lines[name].append(value)
    return {name: ", ".join(values) for name, values in lines.items() if values}


def expect_support() -> Exchange[None]:
    """Older servers take no notice of these headers: the module would be published without its values."""
    health = read_json((yield Request("GET", "/v1/health")), _Health)
    version = health.version
    if health.package_name != _EMBEDDED and not _has_them(version):
        raise not_supported(version, _DOING)


def _has_them(version: str) -> bool:
    numbers = version.split("+")[0].split("-")[0].split(".")[:2]
    return not all(map(str.isdigit, numbers)) or tuple(map(int, numbers)) >= _FIRST


def missing_values(response: Response) -> ApiError | None:
    """The error for values that the module needs and that are not there, if the answer says so."""
    if response.status != BAD_REQUEST or "MissingRequiredEnvironment" not in response.text:
        return None
    try:
        answer: Any = msgspec.json.decode(response.body)
        [said] = answer.values()
        keys = ", ".join(map(str, said["MissingRequiredEnvironment"]["keys"]))
    except (msgspec.MsgspecError, AttributeError, KeyError, TypeError, ValueError):
        return None
    return ApiError(
        f"the module needs values of its environment that are not there: {keys}",
        status=response.status,
        body=response.text,
        hint=f"Publish with them in the environment: {keys.split(', ')[0]}=... stdbpy publish",
    )


def _declared(declaration: _Declaration) -> EnvironmentValue:
    match declaration.ty:
        case {"StringLiteral": str(text)}:
            return EnvironmentValue(declaration.name, EnvironmentKind.LITERAL, (text,), declaration.optional)
        case {"Union": [*texts]}:
            return EnvironmentValue(
                declaration.name, EnvironmentKind.UNION, tuple(map(str, texts)), declaration.optional
            )
    return EnvironmentValue(declaration.name, EnvironmentKind.STRING, (), declaration.optional)
