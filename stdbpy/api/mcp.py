"""Exchanges of the Model Context Protocol, by which language models use a server's databases.

Each is one message of JSON-RPC 2.0. Source: the protocol's revision 2025-06-18, of which servers know
``initialize``, ``ping``, ``tools/list`` and ``tools/call``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from stdbpy.api.answers import read_json
from stdbpy.api.exchange import JSON, Exchange, Request, database_path
from stdbpy.api.lookups import expect_route
from stdbpy.errors import ApiError, UnexpectedAnswer


class _ErrorAnswer(msgspec.Struct):
    code: int
    message: str


class _Answer(msgspec.Struct):
    result: dict[str, Any] | None = None
    error: _ErrorAnswer | None = None


def mcp(
    method: str, params: Mapping[str, Any] | None = None, *, database: str | None = None
) -> Exchange[dict[str, Any]]:
    path = "/v1/mcp" if database is None else database_path(database, "mcp")
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
    response = yield Request("POST", path, {}, json.dumps(message).encode(), JSON)
    yield from expect_route(response, "speak the Model Context Protocol")
    answer = read_json(response, _Answer)
    if answer.error is not None:
        raise ApiError(
            f"the server refused {method}: {answer.error.message} ({answer.error.code})",
            status=response.status,
            body=response.text,
        )
    if answer.result is None:
        raise UnexpectedAnswer("the server's answer has no result", status=response.status, body=response.text)
    return answer.result
