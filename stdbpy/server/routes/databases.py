"""Databases as a whole: publish, information, names, schema, delete."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from stdbpy.engine import Database
from stdbpy.engine.names import as_identity, check_name
from stdbpy.errors import InvalidName, MigrationRefused, NameTaken
from stdbpy.module.package import is_package
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.definition import Version, schema_to_json
from stdbpy.server.answer import Answer, json_answer, text
from stdbpy.server.asked import LARGEST_PROGRAM, SMALL_BODY, Asked
from stdbpy.server.refusal import (
    BAD_REQUEST,
    FORBIDDEN,
    NOT_FOUND,
    UNAUTHORIZED,
    UNPROCESSABLE,
    WRONG_MEDIA_TYPE,
    RefusalError,
    refuse,
)

_WASM = b"\0asm"
_SCHEMA_VERSIONS: dict[str, Version] = {"9": 9, "10": 10}


async def publish(asked: Asked) -> Answer:
    backend = asked.backend
    target = asked.scope["path_params"].get("database")
    clear = asked.flag("clear") or False
    break_clients = asked.query.get("policy") == "BreakClients"
    if target is None and clear:
        raise refuse(BAD_REQUEST, "Clear database requires database name or identity")
    for related in ("parent", "organization", "org"):
        if related in asked.query:
            # There are neither families of databases nor organizations here; what is known is no harm.
            backend.database(asked.query[related])
    owner = asked.caller.identity
    # Others are refused whatever they send: no need to hold much of it.
    program = await asked.body(LARGEST_PROGRAM if owner == backend.owner.identity else SMALL_BODY)
    existing = backend.find(target) if target is not None else None
    if existing is not None:
        expect_owner(asked, existing, "reset database" if clear else "update database")
    _expect_runnable(asked, program)
    identity = as_identity(target) if target is not None else None
    name = target if identity is None else None
    try:
        result = await asyncio.to_thread(
            backend.engine.publish,
            program,
            owner=owner,
            name=name,
            database=identity,
            clear=clear,
            break_clients=break_clients,
        )
    except NameTaken:
        raise RefusalError(json_answer({"PermissionDenied": {"name": name}}, UNAUTHORIZED)) from None
    except MigrationRefused as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        raise refuse(BAD_REQUEST, f"Database update rejected: {error.message}{hint}") from None
    success = {"domain": name, "database_identity": result.database_identity.hex(), "op": result.op}
    return json_answer({"Success": success})


def _expect_runnable(asked: Asked, program: bytes) -> None:
    """A Python module runs with all rights of this server's process: only who started it may say so."""
    if program.startswith(_WASM):
        raise refuse(
            BAD_REQUEST,
            "This server cannot run WebAssembly yet: publish a Python project here,"
            " or the module to a real SpacetimeDB.",
        )
    if not is_package(program):
        raise refuse(BAD_REQUEST, "The program is neither a packed Python module nor WebAssembly.")
    backend = asked.backend
    if asked.caller.identity != backend.owner.identity:
        raise refuse(
            FORBIDDEN,
            f"{asked.caller.identity} is not authorized to publish Python modules: they run with this server's own"
            " rights, so only the identity that started it may, whose token is in its data directory.",
        )
    if not (backend.config.only_loopback or backend.config.allow_native):
        raise refuse(
            FORBIDDEN,
            "Other machines can reach this server, so it takes no Python modules"
            " unless it is told to (--allow-native).",
        )


async def info(asked: Asked) -> Answer:
    database = asked.database
    return json_answer(
        {
            "database_identity": _identity_value(database.identity),
            "owner_identity": _identity_value(database.owner),
            "host_type": {database.host_type: []},
            "initial_program": f"0x{database.program_hash.hex()}",
        }
    )


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
    await asyncio.to_thread(backend.engine.delete, database.identity, asked.caller.identity)
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


async def names(asked: Asked) -> Answer:
    return json_answer({"names": list(asked.database.names)})


async def add_name(asked: Asked) -> Answer:
    database = asked.database
    name = check_name(await asked.text_body())
    if asked.caller.identity != database.owner:
        # The real 2.8.3 lets anybody name anybody's database; what is refused here works nowhere by design.
        return json_answer({"PermissionDenied": {"domain": name}}, UNAUTHORIZED)
    try:
        await asyncio.to_thread(asked.backend.engine.add_name, database.identity, name)
    except NameTaken as error:
        raise refuse(BAD_REQUEST, error.message) from None
    return json_answer({"Success": {"domain": name, "database_identity": database.identity.hex()}})


async def set_names(asked: Asked) -> Answer:
    database = asked.database
    wanted = await _names_of_body(asked)
    if asked.caller.identity != database.owner:
        return json_answer({"NotYourDatabase": {"database": database.identity.hex()}}, UNAUTHORIZED)
    for name in wanted:
        if asked.backend.engine.resolve(name) is not None:
            reason = f"Cannot rename to {name} because it already is in use."
            return json_answer({"OtherError": reason}, BAD_REQUEST)
    await asyncio.to_thread(asked.backend.engine.set_names, database.identity, wanted)
    return json_answer("Success")


async def _names_of_body(asked: Asked) -> list[str]:
    if not is_json(asked):
        raise refuse(WRONG_MEDIA_TYPE, "Expected request with `Content-Type: application/json`")
    try:
        value: Any = msgspec.json.decode(await asked.body())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise refuse(BAD_REQUEST, f"The body is no JSON: {error}") from None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise refuse(UNPROCESSABLE, "The body is no list of names.")
    for name in value:
        try:
            check_name(name)
        except InvalidName as error:
            raise refuse(BAD_REQUEST, f"Error parsing `{name}`: {error.message}") from None
    return list(dict.fromkeys(value))


async def subscribe(_asked: Asked) -> Answer:
    return Answer(
        426,
        ((b"connection", b"upgrade"), (b"upgrade", b"websocket"), *text(426, "").headers),
        b"This service requires use of the websocket protocol",
    )


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
