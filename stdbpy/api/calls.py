"""Exchanges that call functions of a database: reducers and procedures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stdbpy.api.answers import BAD_REQUEST, NOT_FOUND, OK, parse_json, refusal
from stdbpy.api.exchange import JSON, Exchange, Request, Response, database_path
from stdbpy.api.lookups import NO_FUNCTION, expect_found, known_schema, unknown_function
from stdbpy.api.results import CallResult
from stdbpy.errors import EncodeError, hint_for_bug

if TYPE_CHECKING:
    from stdbpy.schema.model import ModuleSchema, Procedure, Reducer

Arguments = Sequence[Any] | Mapping[str, Any] | bytes
"""Positional, by name, or the text of either as JSON; values are SATS-JSON."""


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
    else:
        error.hint = error.hint or hint_for_bug(error.message, database)
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
