"""Databases as a whole: information, schema, locks, delete."""

from __future__ import annotations

from stdbpy.engine import Database
from stdbpy.engine.names import as_identity
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.definition import Version, schema_to_json
from stdbpy.server.answer import Answer, json_answer, text
from stdbpy.server.asked import Asked
from stdbpy.server.refusal import BAD_REQUEST, FORBIDDEN, NOT_FOUND, refuse
from stdbpy.server.websocket.opening import answer_without_opening

_SCHEMA_VERSIONS: dict[str, Version] = {"9": 9, "10": 10}


async def info(asked: Asked) -> Answer:
    database = asked.database
    told: dict[str, object] = {
        "database_identity": _identity_value(database.identity),
        "owner_identity": _identity_value(database.owner),
        "host_type": {database.host_type: []},
        "initial_program": f"0x{database.program_hash.hex()}",
    }
    if (problem := database.problem) is not None:
        told["problem"] = problem
    return json_answer(told)


def _identity_value(identity: Identity) -> dict[str, str]:
    return {"__identity__": f"0x{identity.hex()}"}


async def delete(asked: Asked) -> Answer:
    target = asked.path_value("database")
    backend = asked.backend
    database = backend.find(target)
    if database is None:
        if backend.is_unknown_name(target):
            raise refuse(NOT_FOUND, f"`{target}` not found")
        # What is gone already may be deleted again.
        return Answer(200)
    expect_owner(asked, database, "delete database")
    await backend.waiting.run(backend.engine.delete, database.identity, asked.caller.identity)
    return Answer(200)


async def lock(asked: Asked) -> Answer:
    return await _set_lock(asked, locked=True)


async def unlock(asked: Asked) -> Answer:
    return await _set_lock(asked, locked=False)


async def _set_lock(asked: Asked, *, locked: bool) -> Answer:
    database = asked.database
    expect_owner(asked, database, "delete database")
    await asked.backend.waiting.run(
        asked.backend.engine.set_lock, database.identity, asked.caller.identity, locked=locked
    )
    return Answer(200)


async def identity(asked: Asked) -> Answer:
    target = asked.path_value("database")
    found = as_identity(target) or asked.backend.engine.resolve(target)
    return text(200, (found or asked.database.identity).hex())


async def schema(asked: Asked) -> Answer:
    database = await asked.opened_database()
    version = _SCHEMA_VERSIONS.get(asked.query.get("version", ""))
    if version is None:
        raise refuse(BAD_REQUEST, "The query needs a version, which is 9 or 10.")
    return json_answer(schema_to_json(database.schema, version))


async def timestamp(asked: Asked) -> Answer:
    _ = asked.database
    return json_answer({"__timestamp_micros_since_unix_epoch__": int(Timestamp.now())})


async def subscribe(asked: Asked) -> Answer:
    """For who does not ask for a websocket."""
    asked.backend.find(asked.path_value("database"))  # refuses what is no name
    _ = asked.query
    return answer_without_opening(asked.scope["method"], asked.headers)


def is_json(asked: Asked) -> bool:
    """Whether the body's type is JSON and nothing more: parameters such as a charset are not taken."""
    return asked.headers.get(b"content-type", b"").lower() == b"application/json"


def expect_owner(asked: Asked, database: Database, action: str) -> None:
    """Refuses who does not own the database."""
    caller = asked.caller.identity
    if caller != database.owner:
        raise refuse(
            FORBIDDEN,
            f"{caller} is not authorized to perform action on database {database.identity}: {action}",
        )
