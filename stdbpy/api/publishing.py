"""Exchanges that put a program into a database: publish, the plan of an update, reset."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from stdbpy.api.answers import (
    NOT_FOUND,
    OK,
    SERVER_ERROR,
    UNAUTHORIZED,
    read_identity,
    read_json,
    refusal,
    refusal_of_locked,
)
from stdbpy.api.exchange import Exchange, Request, Response, database_path, flag
from stdbpy.api.lookups import expect_found, expect_route, known_version, not_supported
from stdbpy.api.names import check_new_name, split_parent
from stdbpy.api.results import HostType, PublishPlan, PublishResult
from stdbpy.errors import ApiError, Forbidden, NotSupported, UnexpectedAnswer

_PROGRAM = "application/octet-stream"
_ZIP = b"PK\x03\x04"
_WITHOUT_A_PLAN = "Publish without looking at the plan first."
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ABI = re.compile(r"abi version (?P<needed>[\d.]+) is not supported \(host implements (?P<known>[\d.]+)\)")


class _Published(msgspec.Struct):
    domain: str | None
    database_identity: str
    op: Literal["created", "updated"]


class _PublishAnswer(msgspec.Struct):
    Success: _Published


class _Step(msgspec.Struct):
    kind: str | None
    name: str
    table: str = ""
    details: list[str] = []


class _Problem(msgspec.Struct):
    where: str
    message: str
    hint: str = ""


class _AutoMigration(msgspec.Struct):
    migrate_plan: str
    break_clients: bool
    token: str
    major_version_upgrade: bool = False
    steps: list[_Step] | None = None
    """The embedded server alone tells them."""


class _ManualMigration(msgspec.Struct):
    reason: str
    major_version_upgrade: bool = False
    problems: list[_Problem] | None = None
    """The embedded server alone tells them."""


class _PlanAnswer(msgspec.Struct):
    AutoMigrate: _AutoMigration | None = None
    ManualMigrate: _ManualMigration | None = None


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
) -> Exchange[PublishResult]:
    database, parent = split_parent(database, parent)
    path, method = ("/v1/database", "POST") if database is None else (database_path(check_new_name(database)), "PUT")
    yield from _expect_support(parent=parent, organization=organization, host_type=host_type)
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
    response = yield Request(method, path, query, program, _PROGRAM)
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
        raise _publish_refusal(response, program, database)
    match read_json(response, _PlanAnswer):
        case _PlanAnswer(AutoMigrate=_AutoMigration() as plan):
            return _possible(plan)
        case _PlanAnswer(ManualMigrate=_ManualMigration() as plan):
            return _impossible(plan)
    raise UnexpectedAnswer("the server's plan is of an unknown kind", status=response.status, body=response.text)


def _query(host_type: HostType | None, num_replicas: int | None) -> dict[str, str]:
    query: dict[str, str] = {}
    if host_type is not None:
        query["host_type"] = host_type
    if num_replicas is not None:
        query["num_replicas"] = str(num_replicas)
    return query


def _expect_support(**given: Any) -> Exchange[None]:
    """Servers 1.x take no notice of what they do not know: they would publish something else."""
    if given["host_type"] == "Wasm":
        given["host_type"] = None
    if all(value is None for value in given.values()):
        return
    version = yield from known_version()
    if version is not None and version.startswith(("0.", "1.")):
        if given["host_type"] is not None:
            raise not_supported(version, "run JavaScript modules")
        raise not_supported(version, "know parents and organizations of databases")


# --- plans -----------------------------------------------------------------------------------


def _plan_or_none(program: bytes, database: str, host_type: HostType | None) -> Exchange[PublishPlan | None]:
    """The plan, or ``None`` where the server makes none: the update then has to do without consent."""
    try:
        return (yield from pre_publish(program, database, host_type=host_type))
    except NotSupported:
        return None


def _possible(answer: _AutoMigration) -> PublishPlan:
    # Only who asks for a plan waits until what knows of schemas is imported.
    from stdbpy.api.plan_reading import read_plan
    from stdbpy.schema.migration_plan import StepKind
    from stdbpy.schema.planned_changes import PlannedChange

    def change(step: _Step) -> PlannedChange:
        known = step.kind is not None and step.kind.upper() in StepKind.__members__
        return PlannedChange(
            StepKind[(step.kind or "").upper()] if known else None, step.name, step.table, tuple(step.details)
        )

    if answer.steps is None:
        changes = read_plan(_COLOURS.sub("", answer.migrate_plan))
    else:
        changes = tuple(change(step) for step in answer.steps)
    return PublishPlan(
        changes=changes,
        breaks_clients=answer.break_clients,
        is_major_upgrade=answer.major_version_upgrade,
        text=answer.migrate_plan.strip("\n"),
        token=answer.token,
    )


def _impossible(answer: _ManualMigration) -> PublishPlan:
    from stdbpy.api.plan_reading import read_reasons

    if answer.problems is None:
        reasons, hints = read_reasons(answer.reason), tuple[str, ...]()
    else:
        reasons = tuple(f"{problem.where}: {problem.message}" for problem in answer.problems)
        hints = tuple(dict.fromkeys(problem.hint for problem in answer.problems if problem.hint))
    return PublishPlan(
        reasons=reasons,
        hints=hints,
        is_major_upgrade=answer.major_version_upgrade,
        text=answer.reason.strip("\n"),
    )


# --- answers ---------------------------------------------------------------------------------


def _published(response: Response, program: bytes, database: str | None) -> PublishResult:
    if response.status != OK:
        raise _publish_refusal(response, program, database)
    published = read_json(response, _PublishAnswer).Success
    return PublishResult(read_identity(published.database_identity, response), published.domain, published.op)


def _publish_refusal(response: Response, program: bytes, database: str | None) -> ApiError:
    status, text = response.status, response.text
    if status == UNAUTHORIZED and "PermissionDenied" in text:
        return Forbidden(
            f"the name {database!r} belongs to another identity",
            status=status,
            body=text,
            hint="Choose another name, or use the token of the name's owner.",
        )
    locked = refusal_of_locked(response, database)
    if locked is not None:
        return locked
    unusable = _unusable(text, program)
    if unusable is not None:
        sentence, hint = unusable
        return ApiError(sentence, status=status, body=text, hint=hint)
    error = refusal(response)
    if "client-breaking" in text or "Clients that were made" in text:
        error.hint = "Publish with --break-clients if they may stop working, and generate their code again."
    elif "invalid or does not match" in text or "plan was agreed to" in text:
        error.hint = "The program or the database has changed since its plan was made: publish again."
    elif "contains data" in text:
        error.hint = "Delete its rows first, in a reducer or with SQL, or publish to empty tables with --delete-data."
    elif "update rejected" in text:
        way_out = error.hint.rstrip(".") or "Change the module so that it fits the data that is there"
        clears = " (--delete-data)" if "data cleared" in way_out else ", or publish to empty tables with --delete-data"
        error.hint = f"{way_out}{clears}."
    elif status >= 500 and type(error) is ApiError:
        # The real servers call it their own failure when a module breaks the rules.
        said = error.message.removeprefix("the server failed: ")
        return ApiError(
            f"the server cannot use this program: {said}",
            status=status,
            body=text,
            hint="Was it built for this server's version? Its own log may say more.",
        )
    return error


def _unusable(text: str, program: bytes) -> tuple[str, str] | None:
    """What is wrong with the program, and what to do, if servers have a well-known way to say it."""
    abi = _ABI.search(text)
    if abi is not None:
        return (
            f"the program needs a newer server: one whose interface to modules is {abi['needed']}, not {abi['known']}",
            "Build it with a library of the server's version, or publish it to a newer server.",
        )
    if "for sum type RawModuleDef" in text:
        return (
            "the program needs a newer server: this one does not know how it describes itself",
            "Build it with a library of the server's version, or publish it to a newer server.",
        )
    if "WebAssembly" in text and program.startswith(_ZIP):
        return (
            "this server runs WebAssembly modules, not Python projects",
            "The embedded server runs Python projects: stdbpy start",
        )
    if "failed to parse WebAssembly" in text:
        return "the program is no WebAssembly module", "Give the .wasm that was built, whole."
    if "no V8" in text or "cannot run JavaScript" in text:
        return "this server runs no JavaScript modules", "Publish a Python project or a .wasm."
    return None
