"""Carries an exchange without a network: answers from a script, requests for a test to look at."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from stdbpy.api.exchange import Exchange, Request, Response

T = TypeVar("T")

IDENTITY = "c200" + "ab" * 30


def carry(exchange: Exchange[T], *answers: Response) -> tuple[T, list[Request]]:
    """The exchange's result and the requests that it made; it must use up all answers."""
    requests: list[Request] = []
    left = list(answers)
    try:
        request = next(exchange)
        while True:
            requests.append(request)
            assert left, f"one request too many: {request}"
            request = exchange.send(left.pop(0))
    except StopIteration as finished:
        assert not left, "some answers were never asked for"
        return finished.value, requests


def json_answer(value: Any, status: int = 200, **headers: str) -> Response:
    return Response(status, {"content-type": "application/json", **_names(headers)}, json.dumps(value).encode())


def text_answer(text: str, status: int = 200, **headers: str) -> Response:
    return Response(status, {"content-type": "text/plain; charset=utf-8", **_names(headers)}, text.encode())


def below_database(answer: Response) -> Response:
    """The answer with the header that every route below a database has."""
    return Response(answer.status, {**answer.headers, "spacetime-identity": IDENTITY}, answer.body)


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
