"""The values of a database's environment: which are declared and there, and changing them.

As SpacetimeDB 2.14 does it. No answer has a value in it.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from stdbpy.errors import DecodeError, EnvironmentRefused, ModuleChanged
from stdbpy.schema.environment import EnvironmentUpdate
from stdbpy.schema.environment_headers import REMOVE, SET, update_of
from stdbpy.schema.model import EnvironmentKind, EnvironmentValue
from stdbpy.server.answer import Answer, json_answer
from stdbpy.server.asked import Asked
from stdbpy.server.refusal import (
    BAD_REQUEST,
    CONFLICT,
    UNPROCESSABLE,
    WRONG_MEDIA_TYPE,
    RefusalError,
    refuse,
    refuse_for,
)
from stdbpy.server.routes.databases import expect_owner, is_json

_HASH = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")


async def environment(asked: Asked) -> Answer:
    database = await asked.opened_database()
    expect_owner(asked, database, "read the environment of database")
    state = await asked.backend.waiting.run(lambda: database.environment().result())
    return json_answer(
        {
            "module_hash": f"0x{state.program_hash.hex()}",
            "declarations": [_declaration(declared) for declared in state.declared],
            "stored_keys": state.stored,
        }
    )


async def replace(asked: Asked) -> Answer:
    return await _update(asked, EnvironmentUpdate(removes_all=True))


async def change(asked: Asked) -> Answer:
    removing = update_in_headers(asked)
    if removing.removes_all:
        raise refuse(BAD_REQUEST, f"The header {REMOVE} has names here: PUT leaves no value that it does not say")
    return await _update(asked, EnvironmentUpdate(removed=removing.removed))


async def _update(asked: Asked, removing: EnvironmentUpdate) -> Answer:
    database = asked.database
    expect_owner(asked, database, "update database")
    hash = _HASH.fullmatch(asked.query.get("expected_module_hash", ""))
    if hash is None:
        raise refuse(BAD_REQUEST, "The query needs expected_module_hash, which is 64 hex digits")
    update = EnvironmentUpdate(await _values(asked), removing.removed, removing.removes_all)
    engine, caller = asked.backend.engine, asked.caller.identity
    try:
        await asked.backend.waiting.run(
            engine.update_environment, database.identity, caller, update, bytes.fromhex(hash[1])
        )
    except EnvironmentRefused as error:
        if error.missing:
            raise RefusalError(json_answer({"Err": missing_values(error)}, BAD_REQUEST)) from None
        raise refuse_for(error, BAD_REQUEST, "") from None
    except ModuleChanged as error:
        raise refuse_for(error, CONFLICT, "") from None
    return json_answer({"Ok": None})


def update_in_headers(asked: Asked) -> EnvironmentUpdate:
    """What the headers of a request say that becomes of the values. Refuses headers that are not in order."""
    found: dict[str, list[str]] = {SET: [], REMOVE: []}
    for name, value in asked.scope["headers"]:
        if (header := name.decode("latin-1")) in found:
            found[header].append(value.decode("latin-1"))
    try:
        return update_of(found[SET], found[REMOVE])
    except DecodeError as error:
        raise refuse(BAD_REQUEST, f"Invalid request: {error.message}") from None


def missing_values(error: EnvironmentRefused) -> dict[str, Any]:
    return {"MissingRequiredEnvironment": {"keys": list(error.missing)}}


async def _values(asked: Asked) -> dict[str, str]:
    if not is_json(asked):
        raise refuse(WRONG_MEDIA_TYPE, "Expected request with `Content-Type: application/json`")
    try:
        return msgspec.json.decode(await asked.body(), type=dict[str, str])
    except msgspec.ValidationError:
        raise refuse(UNPROCESSABLE, "The body is no object of texts") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise refuse(BAD_REQUEST, "The body is no JSON") from None


def _declaration(declared: EnvironmentValue) -> dict[str, Any]:
    type: Any = declared.kind.value
    match declared.kind:
        case EnvironmentKind.LITERAL:
            type = {type: declared.literals[0]}
        case EnvironmentKind.UNION:
            type = {type: list(declared.literals)}
    return {"name": declared.name, "ty": type, "optional": declared.optional}
