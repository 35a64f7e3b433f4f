"""What a module raises is its author's affair: an answer says so, and the server goes on."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer

HEAD = "import importlib, sys; asyncio = importlib.import_module('asyncio')\nfrom stdbpy import *\n"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as running:
        yield running


def publish(server: RunningServer, program: bytes) -> httpx.Response:
    headers = {"authorization": f"Bearer {server.owner_token}"}
    return httpx.put(f"{server.url}/v1/database/hostile", content=program, headers=headers)


def module(code: str) -> bytes:
    return pack(ModuleSource({"hostile.py": (HEAD + code).encode()}, "hostile"))


@pytest.mark.parametrize(
    "error",
    [
        *("KeyboardInterrupt", "SystemExit(3)", "GeneratorExit", "asyncio.CancelledError", "ValueError('\\ud800')"),
        "SyntaxError('x', (__file__, 'a', 2, 5))",
    ],
)
def test_when_it_is_published(server: RunningServer, error: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = publish(server, module(f"raise {error}"))
    assert answer.status_code == 400, answer.text
    assert error.partition("(")[0].rpartition(".")[2] in answer.text
    assert not caplog.records
    assert publish(server, module("")).status_code == 200


def test_a_package_that_is_none(server: RunningServer) -> None:
    data = module("x = 1")
    for place in range(30 + len("stdbpy-module.json"), len(data), 11):
        answer = publish(server, data[:place] + b"\xff" + data[place + 1 :])
        assert answer.status_code in (200, 400), (place, answer.text)


@pytest.mark.parametrize(
    ("error", "status_and_text"),
    [
        ("ReducerError(5)", (530, "5")),
        ("ReducerError('\\ud800')", (530, "\\ud800")),
        ("SyntaxError('x', (__file__, 'a', 2, 5))", (530, "SyntaxError: x (hostile.py)")),
        ("GeneratorExit", (530, "GeneratorExit")),
        ("ValueError('\\ud800')", (530, "ValueError: \\ud800")),
    ],
)
def test_when_it_is_called(server: RunningServer, error: str, status_and_text: tuple[int, str]) -> None:
    code = f"@reducer\ndef fail(ctx: ReducerContext) -> None:\n    raise {error}\n"
    assert publish(server, module(code)).status_code == 200
    answer = httpx.post(f"{server.url}/v1/database/hostile/call/fail", json=[])
    assert (answer.status_code, answer.text) == status_and_text


def test_a_chain_of_errors_that_is_longer_than_calls_are_deep(server: RunningServer) -> None:
    code = """
@reducer
def fail(ctx: ReducerContext) -> None:
    error = None
    for number in range(2000):
        following = ValueError(number)
        following.__cause__ = error
        error = following
    raise error
"""
    assert publish(server, module(code)).status_code == 200
    assert httpx.post(f"{server.url}/v1/database/hostile/call/fail", json=[]).status_code == 530
    line, _ = server.backend.engine.database("hostile").logs.tail(2)
    assert "ValueError: 0" in line
    assert "ValueError: 1999" in line
