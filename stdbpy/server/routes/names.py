"""The names of a database."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from stdbpy.engine.names import check_name
from stdbpy.errors import InvalidName, NameTaken
from stdbpy.server.answer import Answer, json_answer
from stdbpy.server.asked import Asked
from stdbpy.server.refusal import BAD_REQUEST, UNAUTHORIZED, UNPROCESSABLE, WRONG_MEDIA_TYPE, refuse, refuse_for
from stdbpy.server.routes.databases import is_json


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
            raise refuse_for(error, BAD_REQUEST, f"Error parsing `{name}`: ") from None
    return list(dict.fromkeys(value))
