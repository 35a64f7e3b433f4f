"""Publishing a program: making a database, updating it, clearing it, and the plan of an update."""

from __future__ import annotations

from typing import Any

from stdbpy.engine import Agreement, Database
from stdbpy.engine.names import as_identity
from stdbpy.errors import EnvironmentRefused, MigrationRefused, NameTaken, Problem
from stdbpy.module.package import is_package
from stdbpy.schema.environment import EnvironmentUpdate
from stdbpy.schema.plan_text import plan_text
from stdbpy.schema.planned_changes import PlannedChange
from stdbpy.server.answer import Answer, json_answer
from stdbpy.server.asked import LARGEST_PROGRAM, Asked
from stdbpy.server.backend import Backend
from stdbpy.server.publish_query import HostType, PlanQuery, PublishQuery, ResetQuery, TextStyle
from stdbpy.server.refusal import BAD_REQUEST, FORBIDDEN, NOT_FOUND, UNAUTHORIZED, RefusalError, refuse
from stdbpy.server.routes.databases import expect_owner
from stdbpy.server.routes.environment import missing_values, update_in_headers


async def publish(asked: Asked) -> Answer:
    query = PublishQuery.read(asked.query)
    backend = asked.backend
    target: str | None = asked.scope["path_params"].get("database")
    if query.clear and target is None:
        raise refuse(BAD_REQUEST, "Clearing the data needs the name or identity of a database")
    existing = backend.find(target) if target is not None else None
    if existing is not None and query.clear:
        if query.parent is not None:
            raise refuse(BAD_REQUEST, "The parent of a database that is there cannot be set")
        return await _clear(asked, existing, query.reset)
    _expect_known_relatives(backend, query)
    query.reset.expect_possible_replicas()
    if existing is not None:
        expect_owner(asked, existing, "update database")
    agreement = query.agreement()
    environment = update_in_headers(asked)
    program = await _program(asked, query.reset.host_type)
    return await _publish(asked, program, target, environment, agreement=agreement)


async def reset(asked: Asked) -> Answer:
    return await _clear(asked, asked.database, ResetQuery.read(asked.query))


async def _clear(asked: Asked, database: Database, query: ResetQuery) -> Answer:
    expect_owner(asked, database, "reset database")
    asked.backend.engine.expect_unlocked(database.identity)
    query.expect_possible_replicas()
    environment = update_in_headers(asked)
    program = await _program(asked, query.host_type)
    return await _publish(asked, program, asked.path_value("database"), environment, clear=True)


async def _publish(
    asked: Asked,
    program: bytes,
    target: str | None,
    environment: EnvironmentUpdate,
    *,
    clear: bool = False,
    agreement: Agreement | None = None,
) -> Answer:
    identity = as_identity(target) if target is not None else None
    name = target if identity is None else None
    try:
        result = await asked.backend.waiting.run(
            asked.backend.engine.publish,
            program,
            owner=asked.caller.identity,
            name=name,
            database=identity,
            clear=clear,
            agreement=agreement or Agreement(),
            environment=environment,
        )
    except NameTaken:
        raise RefusalError(json_answer({"PermissionDenied": {"name": name}}, UNAUTHORIZED)) from None
    except EnvironmentRefused as error:
        if not error.missing:
            raise
        raise RefusalError(json_answer({"EnvironmentError": missing_values(error)}, BAD_REQUEST)) from None
    except MigrationRefused as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        raise refuse(BAD_REQUEST, f"Database update rejected: {error.message}{hint}") from None
    success = {"domain": name, "database_identity": result.database_identity.hex(), "op": result.op}
    return json_answer({"Success": success})


async def pre_publish(asked: Asked) -> Answer:
    database = asked.database
    query = PlanQuery.read(asked.query)
    expect_owner(asked, database, "update database")
    program = await _program(asked, query.host_type)
    plan = await asked.backend.waiting.run(
        asked.backend.engine.plan, program, database=database.identity, caller=asked.caller.identity
    )
    problems = plan.migration.problems
    if problems:
        refusal = {
            "reason": "\n".join(f"{problem.where}: {problem.message}" for problem in problems),
            "problems": [_problem_json(problem) for problem in problems],
            "major_version_upgrade": plan.is_major_upgrade,
        }
        return json_answer({"ManualMigrate": refusal})
    changes = plan.changes
    answer = {
        "migrate_plan": plan_text(changes, colour=query.style is TextStyle.ANSI_COLOR),
        "steps": [_change_json(change) for change in changes],
        "break_clients": plan.migration.breaks_clients,
        "token": f"0x{plan.token.hex()}",
        "major_version_upgrade": plan.is_major_upgrade,
    }
    return json_answer({"AutoMigrate": answer})


def _problem_json(problem: Problem) -> dict[str, str]:
    return {"where": problem.where, "message": problem.message, "hint": problem.hint}


def _change_json(change: PlannedChange) -> dict[str, Any]:
    kind = change.kind.name.lower() if change.kind is not None else None
    return {"kind": kind, "name": change.name, "table": change.table, "details": change.details}


def _expect_known_relatives(backend: Backend, query: PublishQuery) -> None:
    """Here are neither families of databases nor organizations: what is known is no harm, and any
    identity may be that of one."""
    for relative in (query.parent, query.organization):
        if relative is not None and backend.is_unknown_name(relative):
            raise refuse(NOT_FOUND, f"`{relative}` not found")


async def _program(asked: Asked, host_type: HostType) -> bytes:
    """The program in the request's body. Refuses one that this server cannot run, or not for this caller."""
    caller, backend = asked.caller.identity, asked.backend
    program = await asked.body(LARGEST_PROGRAM)
    if host_type is HostType.JS:
        raise refuse(BAD_REQUEST, "This server cannot run JavaScript: publish a Python project or WebAssembly here.")
    if not is_package(program):
        return program
    # A Python module runs with all rights of this server's process: only who started it may say so.
    if caller != backend.owner.identity:
        raise refuse(
            FORBIDDEN,
            f"{caller} is not authorized to publish Python modules: they run with this server's own"
            " rights, so only the identity that started it may.\n"
            "hint: Its token is in the server's data directory: commands of who started it use that by themselves.",
        )
    if not (backend.config.only_loopback or backend.config.allow_native):
        raise refuse(
            FORBIDDEN,
            "Other machines can reach this server, so it takes no Python modules, which run with its own rights.\n"
            "hint: Start it with --allow-native, or where only this machine reaches it: "
            "--listen-addr 127.0.0.1:PORT.",
        )
    return program
