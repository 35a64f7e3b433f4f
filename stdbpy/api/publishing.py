"""Exchanges that put a program into a database: publish, the plan of an update, reset."""

from __future__ import annotations

from typing import Literal

import msgspec

from stdbpy.api.answers import NOT_FOUND, OK, SERVER_ERROR, read_identity, read_json
from stdbpy.api.environment import expect_support, missing_values, publish_headers
from stdbpy.api.exchange import Exchange, Request, Response, database_path, flag
from stdbpy.api.lookups import expect_found, expect_route, known_version, not_supported
from stdbpy.api.names import check_new_name, split_parent
from stdbpy.api.plans import read_plan_answer
from stdbpy.api.program_refusals import no_relatives, publish_refusal
from stdbpy.api.results import HostType, PublishPlan, PublishResult
from stdbpy.errors import NotSupported
from stdbpy.schema.environment import EnvironmentUpdate

_PROGRAM = "application/octet-stream"
_WITHOUT_A_PLAN = "Publish without looking at the plan first."


class _Published(msgspec.Struct):
    domain: str | None
    database_identity: str
    op: Literal["created", "updated"]


class _PublishAnswer(msgspec.Struct):
    Success: _Published


def publish(
    program: bytes,
    database: str | None = None,
    *,
    clear: bool = False,
    break_clients: bool = False,
    plan: PublishPlan | None = None,
    parent: str | None = None,
    organization: str | None = None,
    host_type: HostType | None = None,
    num_replicas: int | None = None,
    environment: EnvironmentUpdate | None = None,
) -> Exchange[PublishResult]:
    database, parent = split_parent(database, parent)
    path, method = ("/v1/database", "POST") if database is None else (database_path(check_new_name(database)), "PUT")
    yield from _expect_support(parent, organization, host_type)
    headers = publish_headers(environment)
    if headers:
        yield from expect_support()
    query = _query(host_type, num_replicas)
    if clear:
        query["clear"] = flag(clear)
    if parent is not None:
        query["parent"] = parent
    if organization is not None:
        query["org"] = organization
    if plan is None and break_clients and database is not None and not clear:
        plan = yield from _plan_or_none(program, database, host_type)
    if plan is not None and plan.token and not clear:
        query |= {"policy": "BreakClients", "token": plan.token}
    response = yield Request(method, path, query, program, _PROGRAM, headers=headers)
    if response.status == NOT_FOUND and response.caller is not None:
        raise no_relatives(response, parent, organization)
    return _published(response, program, database)


def reset(
    program: bytes, database: str, *, host_type: HostType | None = None, num_replicas: int | None = None
) -> Exchange[PublishResult]:
    path = database_path(database, "reset")
    response = yield Request("PUT", path, _query(host_type, num_replicas), program, _PROGRAM)
    yield from expect_route(response, "reset databases", hint="Publishing with the data cleared does the same.")
    yield from expect_found(response, database)
    return _published(response, program, database)


def pre_publish(
    program: bytes, database: str, *, host_type: HostType | None = None, colour: bool = False
) -> Exchange[PublishPlan | None]:
    name, _ = split_parent(database, None)
    query = {"style": "AnsiColor" if colour else "NoColor", **_query(host_type, None)}
    response = yield Request("POST", database_path(name or "", "pre_publish"), query, program, _PROGRAM)
    yield from expect_route(response, "plan updates", hint=_WITHOUT_A_PLAN)
    if response.status == NOT_FOUND and response.caller is not None:
        return None
    if response.status == SERVER_ERROR and "format migration plan" in response.text:
        # 2.8.3 has no words for a view that becomes public or private.
        raise NotSupported(
            f"the server cannot write down the plan of this update: {response.text}",
            status=response.status,
            body=response.text,
            hint=_WITHOUT_A_PLAN,
        )
    if response.status != OK:
        raise publish_refusal(response, program, database)
    return read_plan_answer(response)


def _query(host_type: HostType | None, num_replicas: int | None) -> dict[str, str]:
    query: dict[str, str] = {}
    if host_type is not None:
        query["host_type"] = host_type
    if num_replicas is not None:
        query["num_replicas"] = str(num_replicas)
    return query


def _expect_support(parent: str | None, organization: str | None, host_type: HostType | None) -> Exchange[None]:
    """Servers 1.x take no notice of what they do not know: they would publish something else."""
    if host_type == "Js":
        doing = "run JavaScript modules"
    elif parent is not None or organization is not None:
        doing = "know parents and organizations of databases"
    else:
        return
    version = yield from known_version()
    if version is not None and version.startswith(("0.", "1.")):
        raise not_supported(version, doing)


def _plan_or_none(program: bytes, database: str, host_type: HostType | None) -> Exchange[PublishPlan | None]:
    """The plan, or ``None`` where the server makes none: the update then has to do without consent."""
    try:
        return (yield from pre_publish(program, database, host_type=host_type))
    except NotSupported:
        return None


def _published(response: Response, program: bytes, database: str | None) -> PublishResult:
    if response.status != OK:
        raise missing_values(response) or publish_refusal(response, program, database)
    published = read_json(response, _PublishAnswer).Success
    return PublishResult(read_identity(published.database_identity, response), published.domain, published.op)
