"""Exchanges about databases as a whole: information, names, schema, locks, delete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from stdbpy.api.answers import (
    BAD_REQUEST,
    expect_success,
    parse_json,
    read_identity,
    read_json,
    read_text,
)
from stdbpy.api.exchange import JSON, Exchange, Request, Response, database_path
from stdbpy.api.lookups import expect_found, expect_route
from stdbpy.api.names import check_new_name
from stdbpy.api.results import DatabaseInfo
from stdbpy.errors import ApiError, Forbidden, UnexpectedAnswer
from stdbpy.sats.values import Identity, Timestamp

if TYPE_CHECKING:
    from stdbpy.schema.model import ModuleSchema

SCHEMA_VERSIONS: tuple[Literal[10, 9], ...] = (10, 9)
"""Newest first: 1.x servers know 9 alone and answer 400 to others."""

_IN_USE = re.compile(r"rename to (\S+) because it already is in use")
_EXISTS = re.compile(r"record with the name \S+ already exists|is taken by another database")
"""How the real servers say, as their own failure, that a name is taken; and how the embedded one does."""


class _IdentityValue(msgspec.Struct):
    identity: str = msgspec.field(name="__identity__")


class _InfoAnswer(msgspec.Struct):
    database_identity: _IdentityValue
    owner_identity: _IdentityValue
    host_type: dict[str, Any]
    initial_program: str
    problem: str | None = None


class _NamesAnswer(msgspec.Struct):
    names: list[str]


class _TimestampAnswer(msgspec.Struct):
    micros: int = msgspec.field(name="__timestamp_micros_since_unix_epoch__")


def lock(database: str) -> Exchange[None]:
    return _set_lock(database, "lock")


def unlock(database: str) -> Exchange[None]:
    return _set_lock(database, "unlock")


def _set_lock(database: str, action: Literal["lock", "unlock"]) -> Exchange[None]:
    response = yield Request("POST", database_path(database, action))
    yield from expect_route(response, f"{action} databases")
    yield from expect_found(response, database)
    expect_success(response)


def info(database: str) -> Exchange[DatabaseInfo]:
    response = yield Request("GET", database_path(database))
    yield from expect_found(response, database)
    answer = read_json(response, _InfoAnswer)
    return DatabaseInfo(
        read_identity(answer.database_identity.identity, response),
        read_identity(answer.owner_identity.identity, response),
        next(iter(answer.host_type), ""),
        answer.initial_program.removeprefix("0x"),
        answer.problem,
    )


def identity_of(database: str) -> Exchange[Identity]:
    response = yield Request("GET", database_path(database, "identity"))
    yield from expect_found(response, database)
    return read_identity(read_text(response), response)


def names(database: str) -> Exchange[list[str]]:
    response = yield Request("GET", database_path(database, "names"))
    yield from expect_found(response, database)
    return read_json(response, _NamesAnswer).names


def add_name(database: str, name: str) -> Exchange[None]:
    request = Request(
        "POST", database_path(database, "names"), body=check_new_name(name).encode(), content_type="text/plain"
    )
    response = yield request
    yield from expect_found(response, database)
    if response.status >= BAD_REQUEST and _EXISTS.search(response.text):
        raise _taken(name, response)
    _expect_renamed(response, database)


def set_names(database: str, names: list[str]) -> Exchange[None]:
    body = msgspec.json.encode([check_new_name(name) for name in names])
    request = Request("PUT", database_path(database, "names"), body=body, content_type=JSON)
    response = yield request
    yield from expect_found(response, database)
    _expect_renamed(response, database)


def _taken(name: str, response: Response) -> ApiError:
    return ApiError(
        f"the name {name!r} is taken by a database on this server",
        status=response.status,
        body=response.text,
        hint="Choose another name.",
    )


def _expect_renamed(response: Response, database: str) -> None:
    if "json" not in response.headers.get("content-type", ""):
        expect_success(response)
    answer = parse_json(response, object)
    match answer:
        case "Success" | {"Success": _}:
            return
        case {"NotYourDatabase": _}:
            reason = f"the database {database!r} belongs to another identity"
        case {"PermissionDenied": {"domain": str(domain)}}:
            reason = f"the name {domain!r} belongs to another identity"
        case {"PermissionDeniedOnAny": {"domains": list(domains)}}:
            reason = f"the names {', '.join(map(str, domains))} belong to another identity"
        case {"OtherError": str(said)}:
            in_use = _IN_USE.search(said)
            if in_use is not None:
                raise _taken(in_use[1], response)
            raise ApiError(f"the server refused: {said}", status=response.status, body=response.text)
        case _:
            raise UnexpectedAnswer(
                f"the server's answer about names is not what SpacetimeDB gives: {response.text[:200]}",
                status=response.status,
                body=response.text,
            )
    raise Forbidden(reason, status=response.status, body=response.text, hint="Use the token of the owner.")


def schema_json(database: str, version: Literal[9, 10] | None = None) -> Exchange[dict[str, Any]]:
    """The definition as the server has it; without ``version`` the newest that the server knows."""
    for candidate in (version,) if version is not None else SCHEMA_VERSIONS:
        response = yield Request("GET", database_path(database, "schema"), {"version": str(candidate)})
        yield from expect_found(response, database)
        if response.status != BAD_REQUEST:
            break
    return read_json(response, dict[str, Any])


def schema(database: str) -> Exchange[ModuleSchema]:
    from stdbpy.schema.definition import schema_from_json  # as in lookups.py

    return schema_from_json((yield from schema_json(database)), None)


def timestamp(database: str) -> Exchange[Timestamp]:
    response = yield Request("GET", database_path(database, "unstable", "timestamp"))
    yield from expect_found(response, database)
    return Timestamp(read_json(response, _TimestampAnswer).micros)
