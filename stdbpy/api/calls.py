"""Exchanges that run code in a database: reducers, procedures and SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from stdbpy.api.answers import BAD_REQUEST, NOT_FOUND, OK, parse_json, read_json, refusal
from stdbpy.api.exchange import JSON, Exchange, Request, Response, database_path, flag
from stdbpy.api.lookups import NO_FUNCTION, expect_found, known_schema, unknown_function
from stdbpy.api.results import CallResult, SqlResult
from stdbpy.errors import ApiError, DecodeError, EncodeError, UnexpectedAnswer, nearest
from stdbpy.sats.meta import product_from_json

if TYPE_CHECKING:
    from stdbpy.schema.model import ModuleSchema, Procedure, Reducer

Arguments = Sequence[Any] | Mapping[str, Any] | bytes
"""Positional, by name, or the text of either as JSON; values are SATS-JSON."""

_UNKNOWN_TABLE = re.compile(r"no such table: `(?P<new>[^`]*)`|^`(?P<old>[^`]*)` is not a valid table")


class _Stats(msgspec.Struct):
    rows_inserted: int = 0
    rows_deleted: int = 0
    rows_updated: int = 0


class _Statement(msgspec.Struct):
    schema: dict[str, Any]
    rows: list[list[Any]]
    total_duration_micros: int = 0
    stats: _Stats = msgspec.field(default_factory=_Stats)


def call(database: str, function: str, arguments: Arguments = ()) -> Exchange[CallResult]:
    request = Request("POST", database_path(database, "call", function), {}, _encoded(arguments), JSON)
    response = yield request
    if response.status == OK:
        return _call_result(response)
    if response.status == NOT_FOUND and response.text.startswith(NO_FUNCTION):
        raise (yield from unknown_function(response, database, function))
    yield from expect_found(response, database)
    error = refusal(response)
    if response.status == BAD_REQUEST and response.text.startswith("invalid arguments"):
        error.hint = _usage((yield from known_schema(database)), function)
    raise error


def _encoded(arguments: Arguments) -> bytes:
    if isinstance(arguments, bytes):
        return arguments
    try:
        # The standard library's encoder: integers of any size, as u128 needs.
        return json.dumps(arguments, allow_nan=False, separators=(",", ":"), ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise EncodeError(
            f"the arguments cannot be sent as JSON: {error}",
            hint="NaN and infinities have no JSON; values are SATS-JSON.",
        ) from None


def _call_result(response: Response) -> CallResult:
    value = parse_json(response, object) if "json" in response.headers.get("content-type", "") else None
    return CallResult(
        _number(response, "spacetime-execution-duration-micros"), _number(response, "spacetime-energy-used"), value
    )


def _number(response: Response, header: str) -> int | None:
    text = response.headers.get(header, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _usage(schema: ModuleSchema | None, name: str) -> str:
    """How the function is called, as a hint; nothing if that is not known."""
    from stdbpy.schema.text import reducer_signature, sample_arguments  # as in lookups.py

    if schema is None:
        return ""
    functions: tuple[Reducer | Procedure, ...] = (*schema.reducers, *schema.procedures)
    for function in functions:
        if function.name == name:
            sample = json.dumps(sample_arguments(schema, function))
            return f"It is {reducer_signature(schema, function)}, as in {sample}"
    return ""


def sql(database: str, text: str, *, confirmed: bool | None = None) -> Exchange[list[SqlResult]]:
    query = {} if confirmed is None else {"confirmed": flag(confirmed)}
    response = yield Request("POST", database_path(database, "sql"), query, text.encode(), "text/plain")
    yield from expect_found(response, database)
    if response.status == BAD_REQUEST:
        raise (yield from _sql_refusal(response, database))
    return [_sql_result(statement, response) for statement in read_json(response, list[_Statement])]


def _sql_refusal(response: Response, database: str) -> Exchange[ApiError]:
    error = refusal(response)
    unknown = _UNKNOWN_TABLE.search(response.text)
    if unknown is not None:
        schema = yield from known_schema(database)
        tables = [table.name for table in schema.tables] + [view.name for view in schema.views] if schema else []
        name = unknown["new"] or unknown["old"] or ""
        if name in tables:
            error.hint = f"{name!r} is private: only the database's owner can use it, with the owner's token."
        else:
            error.hint = nearest(name, tables) or "Private tables can be read by the database's owner alone."
    return error


def _sql_result(statement: _Statement, response: Response) -> SqlResult:
    try:
        columns = product_from_json(statement.schema)
    except DecodeError as error:
        raise UnexpectedAnswer(
            f"the server describes its columns in an unknown way: {error}", status=response.status
        ) from None
    stats = statement.stats
    return SqlResult(
        columns,
        statement.rows,
        statement.total_duration_micros,
        stats.rows_inserted,
        stats.rows_deleted,
        stats.rows_updated,
    )
