"""The host's functions for procedures, called by modules without a language: what they answer out of order,
and what waits while they wait. The same WebAssembly on the embedded and the real server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event

import pytest

from stdbpy.engine.programs import load_program
from stdbpy.sats.values import TimeDuration
from stdbpy.schema.definition import write_module_def
from stdbpy.schema.http import HttpRequestHead
from tests.contract.programs import package
from tests.contract.subject import JSON, Subject, fresh_name
from tests.engine.procedures.site import Heard, Said, site

wasmtime = pytest.importorskip("wasmtime")

FATAL = "The module instance encountered a fatal error: "

_REQUEST_AT, _RESULTS_AT, _DEFINITION_AT = 512, 256, 1024

_IMPORTS = {
    "spacetime_10.0": {
        "bytes_sink_write": "(param i32 i32 i32) (result i32)",
        "table_id_from_name": "(param i32 i32 i32) (result i32)",
        "datastore_table_row_count": "(param i32 i32) (result i32)",
        "datastore_insert_bsatn": "(param i32 i32 i32) (result i32)",
        "console_log": "(param i32 i32 i32 i32 i32 i32 i32 i32)",
    },
    "spacetime_10.3": {
        "procedure_start_mut_tx": "(param i32) (result i32)",
        "procedure_commit_mut_tx": "(result i32)",
        "procedure_abort_mut_tx": "(result i32)",
        "procedure_sleep_until": "(param i64) (result i64)",
        "procedure_http_request": "(param i32 i32 i32 i32 i32) (result i32)",
    },
}
_CALL = (
    "(param $number i32) (param i64 i64 i64 i64 i64 i64) (param $now i64) (param i32) (param $sink i32) (result i32)"
)


@pytest.fixture(autouse=True)
def _newer(newer_server: Subject) -> None:
    """Servers 1.x have no procedures."""


def published(
    server: Subject,
    source: str,
    *,
    reducer: str = "",
    procedure: str,
    data: dict[int, bytes] | None = None,
    name: str | None = None,
) -> str:
    """A database whose module has the definition of ``source``, in Python, and this code, in WebAssembly's text; a
    new one, or that of the name."""
    definition = write_module_def(load_program(package(source)).schema, 10)
    imports = "".join(
        f'(import "{module}" "{name}" (func ${name} {type}))'
        for module, functions in _IMPORTS.items()
        for name, type in functions.items()
    )
    pieces = {**(data or {}), _DEFINITION_AT: definition}
    memory = "".join(f'(data (i32.const {at}) "{_escaped(piece)}")' for at, piece in pieces.items())
    program = wasmtime.wat2wasm(
        f"""(module {imports} (memory (export "memory") 2) {memory}
        (func $write (param $sink i32) (param $at i32) (param $length i32)
          (i32.store (i32.const 8) (local.get $length))
          (drop (call $bytes_sink_write (local.get $sink) (local.get $at) (i32.const 8))))
        (func $say (param $at i32) (param $length i32)
          (call $console_log (i32.const 2) (local.get $at) (i32.const 1) (local.get $at) (i32.const 1) (i32.const 1)
            (local.get $at) (local.get $length)))
        (func (export "__describe_module__") (param $sink i32)
          (call $write (local.get $sink) (i32.const {_DEFINITION_AT}) (i32.const {len(definition)})))
        (func (export "__call_reducer__") {_CALL} {reducer} (i32.const 0))
        (func (export "__call_procedure__") {_CALL} {procedure} (i32.const 0)))"""
    )
    name = name or fresh_name("functions")
    answer = server.ask("PUT", f"/v1/database/{name}", content=bytes(program))
    assert answer.status_code == 200, answer.text
    return name


def _escaped(data: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in data)


CODES = """
from stdbpy import ProcedureContext, procedure, u16


@procedure
def codes(ctx: ProcedureContext) -> list[u16]:
    return []
"""

BEGIN, COMMIT, ABORT = (
    "(call $procedure_start_mut_tx (i32.const 8))",
    "(call $procedure_commit_mut_tx)",
    "(call $procedure_abort_mut_tx)",
)
FIND = f"(call $table_id_from_name (i32.const {_REQUEST_AT}) (i32.const 1) (i32.const 8))"
COUNT = "(call $datastore_table_row_count (i32.const 1) (i32.const 8))"
REQUEST = HttpRequestHead("GET", "http://10.0.0.1/").encode()


def send(length: int) -> str:
    at = f"(i32.const {_REQUEST_AT})"
    return f"(call $procedure_http_request {at} (i32.const {length}) {at} (i32.const 0) (i32.const 8))"


@pytest.mark.parametrize(
    ("calls", "codes"),
    [
        pytest.param((COMMIT, ABORT), [18, 18], id="what was not begun"),
        pytest.param((BEGIN, BEGIN, COMMIT, COMMIT), [0, 17, 0, 18], id="one in another"),
        pytest.param((BEGIN, ABORT, ABORT, BEGIN, COMMIT), [0, 0, 18, 0, 0], id="one after the other"),
        pytest.param((BEGIN, send(len(REQUEST)), COMMIT), [0, 17, 0], id="a request in a transaction"),
        pytest.param((send(3), send(len(REQUEST))), [3, 21], id="requests that are none, or refused"),
        pytest.param((FIND, COUNT), [2, 2], id="tables outside of transactions"),
        pytest.param((BEGIN, FIND, ABORT), [0, 4, 0], id="a table that is not there"),
    ],
)
def test_codes(server: Subject, calls: Sequence[str], codes: list[int]) -> None:
    stores = "".join(f"(i32.store16 (i32.const {_RESULTS_AT + 4 + 2 * n}) {call})" for n, call in enumerate(calls))
    name = published(
        server,
        CODES,
        procedure=f"""(i32.store (i32.const {_RESULTS_AT}) (i32.const {len(calls)})) {stores}
        (call $write (local.get $sink) (i32.const {_RESULTS_AT}) (i32.const {4 + 2 * len(calls)}))""",
        data={_REQUEST_AT: REQUEST},
    )
    answer = server.call(name, "codes", "[]")
    assert (answer.status_code, answer.text.strip()) == (200, str(codes).replace(" ", ""))


@pytest.mark.parametrize(
    ("returned", "status", "text"),
    [
        (b"", 500, FATAL),
        (b"\1\0\0\0", 500, FATAL),
        (b"\1\0\0\0\7\0", 200, "[7]"),
        (b"\1\0\0\0\7\0and more", 200, "[7]"),
    ],
    ids=["nothing", "half", "whole", "too much"],
)
def test_what_is_returned(server: Subject, returned: bytes, status: int, text: str) -> None:
    write = f"(call $write (local.get $sink) (i32.const {_REQUEST_AT}) (i32.const {len(returned)}))"
    name = published(server, CODES, procedure=write if returned else "", data={_REQUEST_AT: returned or b" "})
    answer = server.call(name, "codes", "[]")
    assert (answer.status_code, answer.text[: len(text)]) == (status, text)


# --- requests ------------------------------------------------------------------------------------


def request(server: Subject, head: HttpRequestHead, body: bytes = b"") -> int:
    """Lets a procedure send a request; the code that it gets."""
    sent = head.encode()
    at, body_at = f"(i32.const {_REQUEST_AT})", "(i32.const 960)"
    call = (
        f"(call $procedure_http_request {at} (i32.const {len(sent)}) {body_at} (i32.const {len(body)}) (i32.const 8))"
    )
    name = published(
        server,
        CODES,
        procedure=f"""(i32.store (i32.const {_RESULTS_AT}) (i32.const 1))
        (i32.store16 (i32.const {_RESULTS_AT + 4}) {call}) (call $write (local.get $sink) (i32.const {_RESULTS_AT})
          (i32.const 6))""",
        data={_REQUEST_AT: sent, 960: body or b" "},
    )
    answer = server.call(name, "codes", "[]")
    assert answer.status_code == 200, answer.text
    [code] = answer.json()
    return int(code)


HEADERS = (("content-type", b"a/b"), ("x-mine", b"1"), ("authorization", b"Basic x"), ("cookie", b"a=b"))
SECRETS = {"authorization", "cookie"}


def names(heard: Heard) -> set[str]:
    return {name.lower() for name, _ in heard.headers}


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        *((status, method, method) for status in (301, 302) for method in ("GET", "PUT", "DELETE", "HEAD")),
        *((status, "POST", "GET without a body") for status in (301, 302)),
        *((303, method, "GET without a body") for method in ("GET", "POST", "PUT")),
        (303, "HEAD", "HEAD without a body"),
        *((status, method, method) for status in (307, 308) for method in ("GET", "POST", "PUT")),
    ],
)
def test_redirects(server: Subject, status: int, method: str, then: str) -> None:
    body = b"" if method == "GET" else b"BODY"
    moved = Said(status=status, headers={"location": "/next?x=1"})
    with site(lambda path: moved if path.startswith("/first") else Said()) as here:
        assert request(server, HttpRequestHead(method, f"{here.url}/first?a=b#c", HEADERS), body) == 0
    first, second = here.heard
    assert (first.method, first.path, first.body) == (method, "/first?a=b", body)
    without_body = then.endswith("without a body")
    assert (second.method, second.path) == (then.split()[0], "/next?x=1")
    assert second.body == (b"" if without_body else body)
    expected = {"accept", "host", "x-mine", "referer"} | SECRETS
    if not without_body:
        expected |= {"content-type", "content-length"} if body else {"content-type"}
    assert names(second) == expected
    assert dict(second.headers)["referer"] == f"{here.url}/first?a=b"


def test_other_servers_are_told_no_secrets(server: Subject) -> None:
    with site(lambda _: Said()) as there, site(lambda _: Said(status=302, headers={"location": there.url})) as here:
        assert request(server, HttpRequestHead("GET", here.url, HEADERS)) == 0
    assert names(here.heard[0]) > SECRETS
    assert names(there.heard[0]) == {"accept", "host", "x-mine", "content-type", "referer"}


def test_redirects_come_to_an_end(server: Subject) -> None:
    with site(lambda path: Said(status=302, headers={"location": path})) as here:
        assert request(server, HttpRequestHead("GET", here.url)) == 21
    assert len(here.heard) == 11


@pytest.mark.parametrize("location", [{}, {"location": "http://[::"}], ids=["nowhere", "nonsense"])
def test_redirects_that_lead_nowhere_are_answers(server: Subject, location: dict[str, str]) -> None:
    with site(lambda _: Said(status=302, headers=location)) as here:
        assert request(server, HttpRequestHead("GET", here.url)) == 0
    assert len(here.heard) == 1


def test_headers_of_requests(server: Subject) -> None:
    with site(lambda _: Said()) as here:
        own = (("host", b"example.org"), ("accept", b"x/y"), ("a", b"1"), ("A", b"2"))
        assert request(server, HttpRequestHead("POST", f"{here.url}/%20?b=%20", own)) == 0
        assert request(server, HttpRequestHead("POST", f"{here.url.replace('//', '//me:secret%21@')}/"), b"BODY") == 0
    bare, full = ([(name.lower(), value) for name, value in heard.headers] for heard in here.heard)
    assert sorted(bare) == [("a", "1"), ("a", "2"), ("accept", "x/y"), ("host", "example.org")]
    assert [name for name, _ in sorted(full)] == ["accept", "content-length", "host"], "who asks is not told by the URL"


@pytest.mark.parametrize(("version", "code"), [("0.9", 21), ("1.0", 0), ("1.1", 0), ("2", 21), ("3", 21)])
def test_versions_of_requests(server: Subject, version: str, code: int) -> None:
    with site(lambda _: Said()) as here:
        assert request(server, HttpRequestHead("GET", here.url, version=version)) == code


@pytest.mark.parametrize(("micros", "code"), [(0, 21), (100_000, 21), (-1, 21), (None, 0), (2**62, 0)])
def test_timeouts_of_requests(server: Subject, micros: int | None, code: int) -> None:
    late = Event()
    timeout = None if micros is None else TimeDuration(micros)
    with site(lambda _: Said(until=None if code == 0 else late)) as here:
        assert request(server, HttpRequestHead("GET", here.url, timeout=timeout)) == code
        late.set()


# --- schedules -----------------------------------------------------------------------------------


ALARMS = """
from stdbpy import ProcedureContext, procedure

@table(name="alarm", scheduled="ring")
class Alarm:
    id: u64 = column(primary_key=True, auto_inc=True)
    at: ScheduleAt


@table(name="reminder", scheduled="remind")
class Reminder:
    id: u64 = column(primary_key=True, auto_inc=True)
    at: ScheduleAt


@procedure
def ring(ctx: ProcedureContext, alarm: Alarm) -> None:
    pass


@reducer
def remind(ctx: ReducerContext, reminder: Reminder) -> None:
    pass


@reducer
def start(ctx: ReducerContext) -> None:
    pass
"""


def test_schedules_wait_for_a_procedure_that_runs(server: Subject) -> None:
    """A reminder that is due while a scheduled procedure sleeps comes when that has ended."""
    insert = """
    (i64.store align=1 (i32.const {row_at}) (i64.const 0)) (i32.store8 (i32.const {time_at}) (i32.const 1))
    (i64.store align=1 (i32.add (i32.const {time_at}) (i32.const 1)) (i64.add (local.get $now) (i64.const {delay})))
    (i32.store (i32.const 12) (i32.const 17))
    (drop (call $table_id_from_name (i32.const {name_at}) (i32.const {name_length}) (i32.const 8)))
    (drop (call $datastore_insert_bsatn (i32.load (i32.const 8)) (i32.const {row_at}) (i32.const 12)))
    """
    alarm = insert.format(row_at=128, time_at=136, delay=0, name_at=16, name_length=5)
    reminder = insert.format(row_at=160, time_at=168, delay=100_000, name_at=32, name_length=8)
    name = published(
        server,
        ALARMS,
        reducer=f"""(if (i32.eqz (local.get $number))
          (then (call $say (i32.const 80) (i32.const 8)))
          (else {alarm} {reminder}))""",
        procedure="""(call $say (i32.const 48) (i32.const 7))
        (drop (call $procedure_sleep_until (i64.add (local.get $now) (i64.const 400000))))
        (call $say (i32.const 64) (i32.const 4))""",
        data={16: b"alarm", 32: b"reminder", 48: b"ringing", 64: b"rang", 80: b"reminded"},
    )
    answer = server.ask("POST", f"/v1/database/{name}/call/start", content="[]", headers=JSON)
    assert answer.status_code == 200, answer.text
    until = time.monotonic() + 10
    said: list[str] = []
    while len(said) < 3 and time.monotonic() < until:
        lines = server.ask("GET", f"/v1/database/{name}/logs?num_lines=20").text.splitlines()
        said = [word for line in lines for word in ("ringing", "rang", "reminded") if f'"{word}"' in line]
    assert said == ["ringing", "rang", "reminded"]
