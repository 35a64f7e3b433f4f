"""Exchanges about databases as a whole: publish, information, names, schema, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from stdbpy.api.answers import (
    BAD_REQUEST,
    OK,
    UNAUTHORIZED,
    expect_success,
    parse_json,
    read_identity,
    read_json,
    read_text,
    refusal,
)
from stdbpy.api.exchange import JSON, Exchange, Request, Response, database_path, flag
from stdbpy.api.lookups import expect_found
from stdbpy.api.names import check_new_name
from stdbpy.api.results import DatabaseInfo, PublishResult
from stdbpy.errors import ApiError, Forbidden, UnexpectedAnswer
from stdbpy.sats.values import Identity, Timestamp

if TYPE_CHECKING:
    from stdbpy.schema.model import ModuleSchema

SCHEMA_VERSIONS: tuple[Literal[10, 9], ...] = (10, 9)
"""Newest first: 1.x servers know 9 alone and answer 400 to others."""

_PROGRAM = "application/octet-stream"
_ZIP = b"PK\x03\x04"


class _Published(msgspec.Struct):
    domain: str | None
    database_identity: str
    op: Literal["created", "updated"]


class _PublishAnswer(msgspec.Struct):
    Success: _Published


class _AutoMigration(msgspec.Struct):
    token: str


class _PlanAnswer(msgspec.Struct):
    AutoMigrate: _AutoMigration | None = None


class _IdentityValue(msgspec.Struct):
    identity: str = msgspec.field(name="__identity__")


class _InfoAnswer(msgspec.Struct):
    database_identity: _IdentityValue
    owner_identity: _IdentityValue
    host_type: dict[str, Any]
    initial_program: str


class _NamesAnswer(msgspec.Struct):
    names: list[str]


class _TimestampAnswer(msgspec.Struct):
    micros: int = msgspec.field(name="__timestamp_micros_since_unix_epoch__")


def publish(
    program: bytes, database: str | None = None, *, clear: bool = False, break_clients: bool = False
) -> Exchange[PublishResult]:
    path, method = ("/v1/database", "POST") if database is None else (database_path(check_new_name(database)), "PUT")
    query = {"clear": flag(clear)} if clear else {}
    if break_clients and database is not None and not clear:
        query |= yield from _consent(program, database)
    response = yield Request(method, path, query, program, _PROGRAM)
    if response.status == UNAUTHORIZED and "PermissionDenied" in response.text:
        raise Forbidden(
            f"the name {database!r} belongs to another identity",
            status=response.status,
            body=response.text,
            hint="Choose another name, or use the token of the name's owner.",
        )
    if response.status != OK:
        raise _publish_refusal(response, program)
    published = read_json(response, _PublishAnswer).Success
    return PublishResult(read_identity(published.database_identity, response), published.domain, published.op)


def _consent(program: bytes, database: str) -> Exchange[dict[str, str]]:
    """What a query says to let an update break clients: on a real server with the token of its plan
    for that very update; servers without plans take the word alone, or do not ask."""
    path = database_path(database, "pre_publish")
    response = yield Request("POST", path, {"style": "NoColor"}, program, _PROGRAM)
    if response.status != OK:
        return {"policy": "BreakClients"}
    plan = read_json(response, _PlanAnswer)
    return {"policy": "BreakClients", "token": plan.AutoMigrate.token} if plan.AutoMigrate is not None else {}


def _publish_refusal(response: Response, program: bytes) -> ApiError:
    error, text = refusal(response), response.text
    if "WebAssembly" in text and program.startswith(_ZIP):
        return ApiError(
            "this server runs WebAssembly modules, not Python projects",
            status=response.status,
            body=text,
            hint="The embedded server runs Python projects: stdbpy start",
        )
    if "client-breaking" in text or "Clients that were made" in text:
        error.hint = "Publish with --break-clients if they may stop working, and generate their code again."
    elif "update rejected" in text:
        way_out = error.hint.rstrip(".") or "Change the module so that it fits the data that is there"
        clears = " (--delete-data)" if "data cleared" in way_out else ", or publish to empty tables with --delete-data"
        error.hint = f"{way_out}{clears}."
    return error


def delete(database: str) -> Exchange[None]:
    response = yield Request("DELETE", database_path(database))
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
    _expect_renamed(response, database)


def set_names(database: str, names: list[str]) -> Exchange[None]:
    body = msgspec.json.encode([check_new_name(name) for name in names])
    request = Request("PUT", database_path(database, "names"), body=body, content_type=JSON)
    response = yield request
    yield from expect_found(response, database)
    _expect_renamed(response, database)


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
            raise ApiError(f"the server refused: {said}", status=response.status, body=response.text)
        case _:
            raise UnexpectedAnswer(
                f"the server gave an unknown answer about names: {response.text[:200]}",
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
