"""Procedures over HTTP and websocket: the same compiled module on all servers, and its port to Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote

import pytest

from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import messages as m2
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import Primitive, product
from tests import real_servers
from tests.contract.subject import Subject, fresh_name
from tests.contract.websocket import V1, V1_JSON, V2, V3, Wire, connected

FATAL = "The module instance encountered a fatal error: "
TWO_NUMBERS = compile_codec(product(("lhs", Primitive.U32), ("rhs", Primitive.U32)))
DEFAULT = m2.CallFlags.Default


@pytest.fixture(autouse=True)
def _newer(newer_server: Subject) -> None:
    """Servers 1.x have no procedures."""


@pytest.fixture(scope="module", params=["compiled", "port"])
def database(request: pytest.FixtureRequest, server: Subject) -> str:
    """For cases that do not mind others' rows."""
    return _published(request, server)


@pytest.fixture(params=["compiled", "port"])
def own_database(request: pytest.FixtureRequest, server: Subject) -> str:
    """A database of its own."""
    return _published(request, server)


def _published(request: pytest.FixtureRequest, server: Subject) -> str:
    if server.is_old or (request.param == "port" and not server.is_embedded):
        pytest.skip("there it is the compiled module alone")
    if request.param == "port":
        return server.new_database("sdk_test_procedure")
    return published(server, real_servers.wasm("sdk_test_procedure-2.8.3"))


def published(server: Subject, program: bytes) -> str:
    name = fresh_name("procedures")
    answer = server.ask("PUT", f"/v1/database/{name}", content=program)
    assert answer.status_code == 200, answer.text
    return name


def logged(server: Subject, database: str) -> list[dict[str, Any]]:
    lines = server.ask("GET", f"/v1/database/{database}/logs?num_lines=100").text.splitlines()
    return [json.loads(line) for line in lines]


# --- over HTTP -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("procedure", "args", "returned"),
    [
        ("return_primitive", "[1, 2]", "3"),
        ("return_primitive", '{"lhs": 1, "rhs": 2}', "3"),
        ("return_struct", '[1, "b"]', '[1,"b"]'),
        ("return_enum_a", "[7]", "[0,7]"),
        ("return_enum_b", '["x"]', '[1,"x"]'),
        ("sorted_uuids_insert", "[]", "[]"),
    ],
)
def test_returned_values_are_json(server: Subject, database: str, procedure: str, args: str, returned: str) -> None:
    answer = server.call(database, procedure, args)
    assert (answer.status_code, answer.text) == (200, returned)
    assert answer.headers["content-type"] == "application/json"
    assert "spacetime-energy-used" not in answer.headers
    assert answer.headers["spacetime-execution-duration-micros"].isdigit()


@pytest.mark.parametrize(
    ("procedure", "args", "status", "text"),
    [
        ("nothing_of_that_name", "[]", 404, "No such procedure"),
        ("return_primitive", "[1]", 400, "invalid arguments for procedure return_primitive: "),
        ("return_primitive", "[1, 2, 3]", 400, "invalid arguments for procedure return_primitive: "),
        ("return_primitive", "[1, -2]", 400, "invalid arguments for procedure return_primitive: "),
        ("return_primitive", "[1, ", 400, "invalid arguments for procedure return_primitive: "),
        ("return_primitive", b"\xff", 400, "Request body didn't contain valid UTF-8"),
        ("will_panic", "[]", 500, FATAL),
    ],
)
def test_calls_that_fail(
    server: Subject, database: str, procedure: str, args: str | bytes, status: int, text: str
) -> None:
    answer = server.call(database, procedure, args)
    assert (answer.status_code, answer.text[: len(text)]) == (status, text)


def test_scheduled_procedures_are_private(server: Subject, database: str) -> None:
    nobody = server.call(database, "scheduled_proc", "[]", token=server.new_token()[1])
    owner = server.call(database, "scheduled_proc", "[]")
    assert (nobody.status_code, nobody.text) == (404, "No such procedure")
    assert owner.status_code == 400


def test_panics_are_logged(server: Subject, own_database: str) -> None:
    server.call(own_database, "will_panic", "[]")
    [line] = [line for line in logged(server, own_database) if line["level"] == "Panic"]
    assert "expected to panic" in line["message"]
    assert line["function"] == "will_panic"


def test_transactions_are_committed_or_not(server: Subject, own_database: str) -> None:
    assert server.call(own_database, "insert_with_tx_rollback", "[]").status_code == 200
    assert server.rows(own_database, "SELECT * FROM my_table") == []
    assert server.call(own_database, "insert_with_tx_commit", "[]").status_code == 200
    assert server.rows(own_database, "SELECT * FROM my_table") == [[[42, "magic"]]]


def test_a_transaction_that_is_left_open_is_undone(server: Subject, own_database: str) -> None:
    server.call(own_database, "insert_with_tx_commit", "[]")
    # It finds a row that it does not expect, in the middle of a transaction.
    assert server.call(own_database, "insert_with_tx_rollback", "[]").status_code == 500
    assert server.call(own_database, "insert_with_tx_commit", "[]").status_code in {200, 500}


# --- schedules -----------------------------------------------------------------------------------


def test_a_schedule_runs_a_procedure_once(server: Subject, own_database: str) -> None:
    with connected(server, own_database, V2) as wire:
        wire.next()
        wire.ask(m2.Subscribe(1, 1, ["SELECT * FROM proc_inserts_into"]))
        wire.send(m2.CallReducer(2, DEFAULT, "schedule_proc", b""))
        messages = [wire.next(), wire.next()]
    assert [type(message) for message in messages] == [m2.ReducerResult, m2.TransactionUpdate]
    [(scheduled, ran, x, y)] = server.rows(own_database, "SELECT * FROM proc_inserts_into")
    assert ran[0] - scheduled[0] >= 1_000_000
    assert (x, y) == (42, 24)


# --- over websockets -----------------------------------------------------------------------------


@pytest.fixture(params=[V3, V2])
def wire(request: pytest.FixtureRequest, server: Subject, own_database: str) -> Iterator[Wire]:
    with connected(server, own_database, request.param) as wire:
        wire.next()
        yield wire


def test_results_in_v2(wire: Wire) -> None:
    result = wire.ask(m2.CallProcedure(7, DEFAULT, "return_primitive", TWO_NUMBERS.encode((1, 2))))
    assert isinstance(result, m2.ProcedureResult)
    assert (result.request_id, result.status) == (7, m2.ProcedureReturned((3).to_bytes(4, "little")))
    assert result.timestamp > 1_700_000_000_000_000
    assert 0 <= result.total_host_execution_duration < 10_000_000


@pytest.mark.parametrize(
    ("procedure", "args", "error"),
    [
        ("nothing_of_that_name", b"", "No such procedure"),
        ("schedule_proc", b"", "No such procedure"),
        ("return_primitive", b"\1", "invalid arguments for procedure return_primitive: "),
        ("will_panic", b"", FATAL),
    ],
)
def test_failures_in_v2(wire: Wire, procedure: str, args: bytes, error: str) -> None:
    result = wire.ask(m2.CallProcedure(7, DEFAULT, procedure, args))
    assert isinstance(result, m2.ProcedureResult)
    assert isinstance(result.status, m2.ProcedureInternalError)
    assert result.status.value[: len(error)] == error
    assert (result.request_id, result.timestamp, result.total_host_execution_duration) == (7, 0, 0)


def test_what_stands_behind_the_arguments_is_not_looked_at(wire: Wire) -> None:
    result = wire.ask(m2.CallProcedure(7, DEFAULT, "return_primitive", TWO_NUMBERS.encode((1, 2)) + b"more"))
    assert result.status == m2.ProcedureReturned((3).to_bytes(4, "little"))


def test_transactions_are_told_before_results(wire: Wire) -> None:
    wire.ask(m2.Subscribe(1, 1, ["SELECT * FROM my_table"]))
    wire.send(m2.CallProcedure(7, DEFAULT, "insert_with_tx_commit", b""))
    messages = [wire.next(), wire.next()]
    assert [type(message) for message in messages] == [m2.TransactionUpdate, m2.ProcedureResult]


def test_results_in_v1(server: Subject, database: str) -> None:
    with connected(server, database, V1) as wire:
        wire.next()
        result = wire.ask(m1.CallProcedure("return_primitive", TWO_NUMBERS.encode((1, 2)), 7, 0))
        assert isinstance(result, m1.ProcedureResult)
        assert (result.request_id, result.status) == (7, m1.ProcedureReturned((3).to_bytes(4, "little")))
        failed = wire.ask(m1.CallProcedure("will_panic", b"", 8, 0))
        assert isinstance(failed.status, m1.ProcedureInternalError)
        assert failed.status.value.startswith(FATAL)
        assert (failed.request_id, failed.timestamp, failed.total_host_execution_duration) == (8, 0, 0)


def test_results_in_v1_as_json(server: Subject, database: str) -> None:
    with connected(server, database, V1_JSON) as wire:
        wire.next()
        for procedure, args, returned in (
            ("return_primitive", "[1, 2]", "3"),
            ("return_struct", '[1, "b"]', '[1,"b"]'),
            ("return_enum_b", '["x"]', '[1,"x"]'),
        ):
            result = wire.ask(m1.CallProcedure(procedure, args, 7, 0))
            assert result.status == m1.ProcedureReturned(returned)
        failed = wire.ask(m1.CallProcedure("return_primitive", "[1]", 7, 0))
        assert failed.status.value.startswith("invalid arguments for procedure return_primitive: ")


def test_what_is_asked_for_meanwhile_does_not_wait(server: Subject, database: str, slow_site: str) -> None:
    with connected(server, database, V2) as wire:
        wire.next()
        url = compile_codec(product(("url", Primitive.STRING))).encode((slow_site,))
        wire.send(m2.CallProcedure(7, DEFAULT, "read_my_schema", url))
        wire.send(m2.OneOffQuery(8, "SELECT * FROM my_table"))
        assert [wire.next().request_id, wire.next().request_id] == [8, 7]


# --- requests of procedures ----------------------------------------------------------------------


@pytest.fixture
def slow_site() -> Iterator[str]:
    yield from _site(lambda _path: (200, {}, b"hello"), pause=0.3)


def _site(answer: Callable[[str], tuple[int, dict[str, str], bytes]], pause: float = 0) -> Iterator[str]:
    """A web server on this machine; ``answer`` gives status, headers and body for a path."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            Event().wait(pause)
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        thread = Thread(target=site.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()
        thread.join()


def test_procedures_can_read_other_servers(server: Subject, database: str) -> None:
    answer = server.call(database, "read_my_schema", json.dumps([server.url]))
    assert answer.status_code == 200
    assert "typespace" in json.loads(answer.json())


def test_names_that_stand_for_nothing(server: Subject, database: str) -> None:
    answer = server.call(database, "invalid_request", "[]")
    assert answer.status_code == 200
    assert "error sending request for url (http://foo.invalid/)" in answer.json()


@pytest.fixture(scope="module")
def egress(server: Subject) -> str:
    if server.is_old:
        pytest.skip("servers 1.x do not have this")
    return published(server, real_servers.program("smoketests/http_egress.wasm").read_bytes())


@pytest.fixture(scope="module")
def redirecting_site() -> Iterator[str]:
    yield from _site(lambda path: (302, {"location": unquote(path[2:])}, b""))


REFUSED = "[0,[]]"
"""The module has found the words of the refusal in what its request came to."""


PRIVATE = [
    "http://10.0.0.1:80/",
    "http://169.254.169.254/",
    "http://192.168.1.1/",
    "http://10.1/",
    "https://100.64.0.1/",
]


@pytest.mark.parametrize(
    "url",
    [*PRIVATE, "http://0.0.0.0/", "http://[fd00::1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::a00:1]/"],
)
def test_addresses_that_are_refused(server: Subject, egress: str, url: str) -> None:
    answer = server.call(egress, "request_disallowed_ip", json.dumps([url]))
    assert (answer.status_code, answer.text) == (200, REFUSED)


@pytest.mark.parametrize("url", PRIVATE)
def test_redirects_do_not_lead_there(server: Subject, egress: str, redirecting_site: str, url: str) -> None:
    answer = server.call(egress, "request_disallowed_ip", json.dumps([f"{redirecting_site}/?{url}"]))
    assert (answer.status_code, answer.text) == (200, REFUSED)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/a\\b?c\\d", "/a/b?c\\d"),
        ("/it's?it's", "/it's?it%27s"),
        ("/a/%2E./b/.%2e/../c", "/c"),
        ("/{a}?`", "/%7Ba%7D?`"),
        ("/a#b c<", "/a"),
    ],
)
def test_what_is_sent_for_an_address(server: Subject, egress: str, written: str, sent: str) -> None:
    asked: list[str] = []

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        asked.append(path)
        return 200, {}, b""

    with contextmanager(_site)(answer) as here:
        server.call(egress, "request_disallowed_ip", json.dumps([f"{here}{written}"]))
    assert asked == [sent]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        *((f"http://127.0.0.1:1/{refused}", "invalid uri character") for refused in ("`", "<", "?>", '?"', " ")),
        ('http://a"b@127.0.0.1:1/', "invalid uri character"),
        ("nonsense", "builder error: relative URL without a base"),
        ("ftp://example.com/", "builder error for url (ftp://example.com/): URL scheme is not allowed"),
        ("http://exa mple/", "invalid uri character"),
        ("http://localhost:99999/", "builder error: invalid port number"),
        (
            "http://127.0.0.1:1/x?secret=1",
            "error sending request for url (http://127.0.0.1:1/x): client error (Connect)",
        ),
    ],
)
def test_requests_that_fail(server: Subject, egress: str, url: str, error: str) -> None:
    answer = server.call(egress, "request_disallowed_ip", json.dumps([url]))
    assert answer.status_code == 200
    assert answer.json()[1].startswith(f"unexpected error from http request: {error}")
