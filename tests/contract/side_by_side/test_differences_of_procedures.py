"""What the embedded server does with procedures in another way than the real one, each looked at on both."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic

import httpx
import pytest

from stdbpy.engine.procedures.http_requests import HttpRequests
from stdbpy.errors import HttpFailed
from stdbpy.schema.http import HttpRequestHead
from tests import real_servers
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject
from tests.contract.test_procedure_functions import BEGIN, CODES, COMMIT, published

pytestmark = pytest.mark.real

DURATION = "spacetime-execution-duration-micros"
STARTED = "has begun"
OFFSET = 512
"""Where a guest has that text."""


def sleeping(server: Subject, seconds: int, *, before: str = "", after: str = "") -> str:
    """A database with the procedure `codes`, which says that it has begun, and sleeps."""
    text = STARTED.encode()
    sleep = f"(drop (call $procedure_sleep_until (i64.add (local.get $now) (i64.const {seconds * 1_000_000}))))"
    empty = "(call $write (local.get $sink) (i32.const 256) (i32.const 4))"
    procedure = f"(call $say (i32.const {OFFSET}) (i32.const {len(text)})) {before} {sleep} {after} {empty}"
    return published(server, CODES, procedure=procedure, data={OFFSET: text})


@contextmanager
def called(server: Subject, database: str) -> Iterator[Future[httpx.Response]]:
    """The answer to a call of its procedure, which has begun."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(server.call, database, "codes", "[]")
        while STARTED not in server.ask("GET", f"/v1/database/{database}/logs").text:
            assert not answer.done(), answer.result().text
        yield answer


@pytest.mark.difference("a sleep inside a transaction")
def test_sleeping_inside_a_transaction(both: Both):
    statuses = []
    for server in both:
        database = sleeping(server, 0, before=f"(drop {BEGIN})", after=f"(drop {COMMIT})")
        statuses.append(server.call(database, "codes", "[]").status_code)
    assert statuses == [500, 200]


@pytest.mark.difference("the duration of a procedure that is called over HTTP")
def test_durations(both: Both):
    database = both.publish(real_servers.wasm("sdk_test_procedure-2.8.3"), "durations")
    embedded, real = (int(server.call(database, "return_primitive", "[1, 2]").headers[DURATION]) > 0 for server in both)
    assert (embedded, real) == (True, False)


@pytest.mark.difference("what a caller is told of a bug")
def test_bugs(both: Both):
    database = both.publish(real_servers.wasm("sdk_test_procedure-2.8.3"), "bugs")
    embedded, real = (server.call(database, "will_panic", "[]").text for server in both)
    assert "expected to panic" in embedded
    assert "wasm backtrace" in real


@pytest.mark.difference("what a handler's caller is told of a bug")
def test_bugs_of_handlers(both: Both):
    database = both.publish(real_servers.program("smoketests/http_routes_example.wasm").read_bytes(), "handler")
    answers = [server.ask("GET", f"/v1/database/{database}/route/retrieve") for server in both]
    embedded, real = (answer.text for answer in answers)
    assert [answer.status_code for answer in answers] == [500, 500]
    assert embedded.startswith("The HTTP handler failed.")
    assert "wasm backtrace" in real
    assert not any("unwrap" in text for text in (embedded, real))


@pytest.mark.difference("methods of one's own (`FOO`) of requests to handlers")
def test_methods_of_ones_own(both: Both):
    database = both.publish(real_servers.program("smoketests/http_routes.wasm").read_bytes(), "handler")
    statuses = [server.ask("FOO", f"/v1/database/{database}/route/any").status_code for server in both]
    assert statuses == [400, 200]


@pytest.mark.difference("a procedure's request with a method that is none")
def test_a_request_that_is_none():
    """Here alone: the real server would be gone for all tests."""
    for method in ("", "G ET"):
        with pytest.raises(HttpFailed):
            HttpRequests(allow_loopback=True).send(HttpRequestHead(method, "http://127.0.0.1:1/"), b"")


@pytest.mark.difference("the log of a database whose procedures are called over HTTP")
def test_errors_that_are_none(both: Both):
    database = both.publish(real_servers.wasm("sdk_test_procedure-2.8.3"), "log")
    told = []
    for server in both:
        server.call(database, "return_primitive", "[1, 2]")
        told.append("nonexistent reducer" in server.ask("GET", f"/v1/database/{database}/logs").text)
    assert told == [False, True]


@pytest.mark.difference("an update while a procedure runs that was called over HTTP")
def test_updates(both: Both):
    statuses = []
    for server in both:
        database = sleeping(server, 2)
        with called(server, database) as answer:
            again = published(server, CODES, procedure="(call $say (i32.const 0) (i32.const 0))", name=database)
            assert again == database
            statuses.append(answer.result().status_code)
    assert statuses == [200, 500]


@pytest.mark.difference("procedures of a database that is deleted or cleared")
def test_deleted_databases(both: Both):
    ended_early = []
    for server, seconds in zip(both, (60, 2), strict=True):
        database = sleeping(server, seconds)
        before = monotonic()
        with called(server, database) as answer:
            assert server.ask("DELETE", f"/v1/database/{database}").is_success
            answer.result()
            ended_early.append(monotonic() - before < seconds)
    assert ended_early == [True, False]
