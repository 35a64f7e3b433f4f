"""One call per line: in order, with the outcome of each, and no further than makes sense."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from stdbpy.api import ApiClient, CallResult
from stdbpy.api.arguments import Function
from stdbpy.api.call_lines import LineCalled, call_lines
from stdbpy.errors import ApiError, Forbidden, InvalidArguments, ReducerFailed, ServerUnreachable, TokenRejected
from stdbpy.sats.types import Primitive, product
from stdbpy.schema import ModuleSchema, Reducer

ADD = Function("db", "add", Reducer("add", "add", product(("name", Primitive.STRING))), ModuleSchema())


class Server:
    """Takes every call but those with a name that it has an error for."""

    def __init__(self, errors: dict[str, ApiError] | None = None) -> None:
        self.errors = errors or {}
        self.called: list[str] = []
        self.before: Callable[[str], object] = lambda _: None

    def call(self, database: str, function: str, arguments: bytes) -> CallResult:
        assert (database, function) == ("db", "add")
        (name,) = json.loads(arguments)
        self.before(name)
        self.called.append(name)
        if name in self.errors:
            raise self.errors[name]
        return CallResult(None, None, name)

    def clients(self, number: int) -> list[ApiClient]:
        return [cast("ApiClient", self)] * number


def names(*names: str) -> list[bytes]:
    return [f'["{name}"]\n'.encode() for name in names]


def outcomes(called: Iterator[LineCalled]) -> list[tuple[int, object]]:
    return [(each.number, each.error if each.result is None else each.result.value) for each in called]


@pytest.fixture(params=[1, 3], ids=["one at a time", "three at a time"])
def at_once(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


def test_lines_are_lists_and_objects_and_may_be_empty(at_once: int) -> None:
    lines = [b'\xef\xbb\xbf["a"]\r\n', b"\n", b'{"name": "b"}\n', b"  \r\n", b'["c"]']
    assert outcomes(call_lines(Server().clients(at_once), ADD, lines)) == [(1, "a"), (3, "b"), (5, "c")]


def test_what_is_refused_is_told_and_the_rest_is_called(at_once: int) -> None:
    failed = ReducerFailed("no", status=530)
    server = Server({"b": failed})
    called = list(call_lines(server.clients(at_once), ADD, [*names("a", "b", "c"), b"[1]\n", b"[\n", *names("d")]))
    assert [each.number for each in called if each.error is None] == [1, 3, 6]
    assert [(each.number, type(each.error)) for each in called if each.error is not None] == [
        (2, ReducerFailed),
        (4, InvalidArguments),
        (5, InvalidArguments),
    ]
    assert not any(each.is_last for each in called)


def test_stopping_at_what_is_refused() -> None:
    server = Server({"b": ReducerFailed("no", status=530)})
    called = list(call_lines(server.clients(1), ADD, names("a", "b", "c"), keep_going=False))
    assert [(each.number, each.is_last) for each in called] == [(1, False), (2, True)]
    assert server.called == ["a", "b"]


@pytest.mark.parametrize(
    "error", [ServerUnreachable("gone"), TokenRejected("no", status=401), Forbidden("no"), ApiError("no", status=402)]
)
def test_what_every_line_would_be_told_ends_it(error: ApiError, at_once: int) -> None:
    server = Server({"b": error})
    called = list(call_lines(server.clients(at_once), ADD, names("a", "b", *"cdefghijklmnop")))
    assert called[1].error is error
    assert called[1].is_last
    assert len(server.called) <= 2 + 2 * at_once


def test_several_are_under_way_at_a_time_and_come_in_order() -> None:
    server = Server()
    together = threading.Barrier(3, timeout=20)
    server.before = lambda _: together.wait()
    assert outcomes(call_lines(server.clients(3), ADD, names(*"abcdef"))) == list(enumerate("abcdef", start=1))


def test_what_is_under_way_when_it_ends_is_still_told() -> None:
    server = Server({"a": ServerUnreachable("gone")})
    b_has_begun, a_is_told = threading.Event(), threading.Event()

    def before(name: str) -> None:
        if name == "a":
            assert b_has_begun.wait(60)
        elif name == "b":
            b_has_begun.set()
            assert a_is_told.wait(60)

    server.before = before
    called = call_lines(server.clients(2), ADD, names("a", "b", "c", "d"))
    assert next(called).number == 1
    a_is_told.set()
    assert next(called).number == 2


def test_lines_are_read_as_they_are_needed() -> None:
    read: list[bytes] = []

    def lines() -> Iterator[bytes]:
        for line in names(*"abcdefghijklmnopqrstuvwxyz"):
            read.append(line)
            yield line

    called = call_lines(Server().clients(2), ADD, lines())
    assert next(called).number == 1
    assert len(read) <= 4
