"""What runs code in a database: calls of reducers, and SQL."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import lru_cache, partial

from stdbpy.engine import Awaited, CallOutcome, Database, StatementResult
from stdbpy.engine.refused_calls import note_misfit
from stdbpy.errors import InvalidArguments, ModuleChanged, NoSuchReducer
from stdbpy.sats.meta import product_to_json
from stdbpy.sats.satsjson import JsonCodec, compile_json_codec
from stdbpy.sats.types import ProductType
from stdbpy.schema.model import ModuleSchema, Visibility
from stdbpy.server.answer import TEXT, Answer, Header, json_answer
from stdbpy.server.asked import Asked
from stdbpy.server.backend import Backend, new_connection
from stdbpy.server.claims import Credentials
from stdbpy.server.refusal import BAD_REQUEST, WRONG_MEDIA_TYPE, RefusalError, refuse
from stdbpy.server.routes.connecting import connect_for_nothing, result_of
from stdbpy.server.routes.databases import is_json
from stdbpy.server.routes.procedures import call_procedure

REDUCER_FAILED = 530

ROWS_AT_ONCE = 500
"""More rows than these are made JSON beside the event loop, which serves others meanwhile."""

_NO_ENERGY: Header = (b"spacetime-energy-used", b"0")


BEGUN_CALL = "stdbpy.begun_call"
"""Where the state of a request has its call, if that has begun already."""


async def call(asked: Asked) -> Answer:
    begun: Awaited[CallOutcome] | None = asked.scope.get("state", {}).get(BEGUN_CALL)
    if begun is not None:
        with suppress(ModuleChanged):
            return call_answer(await result_of(begun))
    database = await asked.opened_database()
    _expect_json(asked)
    body = await asked.body()
    name = asked.path_value("function")
    while True:
        try:
            begun = begin_call(asked.backend, database, name, asked.caller, body)
        except NoSuchReducer:
            return await call_procedure(asked, database, name, body)
        except InvalidArguments as mismatch:
            note = partial(note_misfit, database.logs, name, mismatch)
            await connect_for_nothing(database, new_connection(asked.caller), note)
            raise
        except RefusalError:
            await connect_for_nothing(database, new_connection(asked.caller))
            raise
        with suppress(ModuleChanged):
            return call_answer(await result_of(begun))


def begin_call(
    backend: Backend, database: Database, function: str, caller: Credentials, body: bytes
) -> Awaited[CallOutcome]:
    """Calls a reducer with arguments in JSON, for a caller who connects for this alone. Refuses those that only the
    database calls, and raises ``NoSuchReducer`` and ``InvalidArguments``. The outcome raises ``ModuleChanged`` if
    they are to be read anew."""
    schema = database.schema
    arguments = _arguments(backend, database, schema, function, caller, body)
    return database.expect_call(function, arguments, new_connection(caller), schema)


def call_answer(outcome: CallOutcome) -> Answer:
    """What a caller is told of a call."""
    duration = (b"spacetime-execution-duration-micros", b"%d" % outcome.duration_micros)
    headers = (TEXT, _NO_ENERGY, duration)
    if outcome.status == "committed":
        return Answer(200, headers)
    return Answer(REDUCER_FAILED, headers, (outcome.error or "").encode(errors="backslashreplace"))


def _expect_json(asked: Asked) -> None:
    if not is_json(asked):
        if b"content-type" not in asked.headers:
            raise refuse(BAD_REQUEST, "Header of type `content-type` was missing")
        if b"/" not in asked.headers[b"content-type"]:
            raise refuse(BAD_REQUEST, "invalid HTTP header (content-type)")
        raise refuse(WRONG_MEDIA_TYPE, "Expected request with `Content-Type: application/json`")


def _arguments(
    backend: Backend, database: Database, schema: ModuleSchema, name: str, caller: Credentials, body: bytes
) -> bytes:
    """The arguments in BSATN."""
    function = backend.functions.find(schema, name)
    if function is None:
        raise NoSuchReducer(f"The module has no reducer {name!r}")
    reducer = function.reducer
    if reducer.lifecycle is not None:
        raise refuse(BAD_REQUEST, f"can't directly call special {reducer.lifecycle.value} lifecycle reducer")
    if reducer.visibility is Visibility.PRIVATE and caller.identity != database.owner:
        raise NoSuchReducer(f"The module has no reducer {name!r} for who does not own the database")
    return function.encode_arguments(body)


async def sql(asked: Asked) -> Answer:
    database = asked.database
    _ = asked.flag("confirmed")
    results = await run_sql(database, await asked.text_body(), asked.caller)
    total = sum(result.duration_micros for result in results)
    duration = (b"spacetime-execution-duration-micros", b"%d" % total)
    if sum(len(result.rows) for result in results) > ROWS_AT_ONCE:
        return await asyncio.to_thread(_sql_answer, results, duration)
    return _sql_answer(results, duration)


async def run_sql(database: Database, statement: str, credentials: Credentials) -> list[StatementResult]:
    """What a statement comes to for who has these credentials, and connects for this alone. Refuses a caller whom
    the module turns away, and raises as :meth:`Database.sql`. What it changed is on disk then."""
    caller = new_connection(credentials)
    is_owner = caller.identity == database.owner
    return await result_of(database.sql(statement, caller, is_owner=is_owner, connects=True))


def _sql_answer(results: list[StatementResult], duration: Header) -> Answer:
    return json_answer([_statement_json(result) for result in results], headers=(duration,))


def _statement_json(result: StatementResult) -> dict[str, object]:
    codec = _row_codec(result.columns)
    return {
        "schema": product_to_json(result.columns),
        "rows": [codec.to_json(row) for row in result.rows],
        "total_duration_micros": result.duration_micros,
        "stats": {
            "rows_inserted": result.rows_inserted,
            "rows_deleted": result.rows_deleted,
            "rows_updated": result.rows_updated,
        },
    }


@lru_cache(maxsize=256)
def _row_codec(columns: ProductType) -> JsonCodec[tuple[object, ...]]:
    return compile_json_codec(columns, form="result")
