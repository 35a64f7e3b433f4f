"""Calls of procedures over HTTP."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

import msgspec

from stdbpy.engine import Database, ProcedureOutcome
from stdbpy.engine.refused_calls import note_misfit, note_unknown
from stdbpy.errors import InvalidArguments, ModuleChanged
from stdbpy.schema.model import Visibility
from stdbpy.server.answer import JSON, Answer, text
from stdbpy.server.asked import Asked
from stdbpy.server.backend import new_connection
from stdbpy.server.functions import ProcedureFunction
from stdbpy.server.refusal import NOT_FOUND, SERVER_ERROR, refuse
from stdbpy.server.routes.connecting import connect_for_nothing, result_of

_NO_SUCH_PROCEDURE = "No such procedure"
"""Also for reducers: the real 2.8.3 looks for procedures last."""

_LARGE = 64 * 1024
"""Bytes of a result that is made JSON beside the event loop, which serves others meanwhile."""


async def call_procedure(asked: Asked, database: Database, name: str, body: bytes) -> Answer:
    """Refuses a name that is none of a procedure."""
    functions = asked.backend.functions
    while True:
        schema = database.schema
        function = functions.find_procedure(schema, name)
        caller = new_connection(asked.caller)
        if function is None or (
            function.procedure.visibility is Visibility.PRIVATE and caller.identity != database.owner
        ):
            await connect_for_nothing(database, caller, partial(_note_unknown, database, name))
            raise refuse(NOT_FOUND, _NO_SUCH_PROCEDURE)
        try:
            args = function.encode_arguments(body)
        except InvalidArguments as mismatch:
            await connect_for_nothing(database, caller, partial(note_misfit, database.logs, name, mismatch))
            raise
        with suppress(ModuleChanged):
            outcome = await result_of(database.call_procedure(name, args, caller, connects=True, schema=schema))
            return await _answer(function, outcome)


def _note_unknown(database: Database, name: str) -> None:
    """It was looked for among both."""
    note_unknown(database.logs, "reducer", name)
    note_unknown(database.logs, "procedure", name)


async def _answer(function: ProcedureFunction, outcome: ProcedureOutcome) -> Answer:
    if outcome.returned is None:
        return text(SERVER_ERROR, outcome.error or "")
    large = len(outcome.returned) > _LARGE
    json = await asyncio.to_thread(_json, function, outcome.returned) if large else _json(function, outcome.returned)
    duration = (b"spacetime-execution-duration-micros", b"%d" % outcome.duration_micros)
    return Answer(200, (JSON, duration), json)


def _json(function: ProcedureFunction, returned: bytes) -> bytes:
    return msgspec.json.encode(function.returned.bsatn_to_json(returned))
