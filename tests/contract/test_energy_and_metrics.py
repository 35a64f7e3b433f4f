"""Energy, which nothing uses up here, and the figures for Prometheus."""

from __future__ import annotations

import re
import time
from threading import Event

from stdbpy.protocol.v2 import messages as m
from stdbpy.sats.values import TimeDuration
from stdbpy.schema.http import HttpRequestHead
from tests.contract.subject import Subject
from tests.contract.test_procedure_functions import request
from tests.contract.websocket import V2, connected
from tests.engine.procedures.site import Said, site

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]

_LINE = re.compile(r"([a-z_:]+)(?:\{(?P<labels>[^}]*)\})? ([0-9.e+-]+)")


def figures(server: Subject) -> Figures:
    """By name and labels."""
    answer = server.ask("GET", "/v1/metrics", token=None)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    found = {}
    for line in answer.text.splitlines():
        if not line.startswith("#") and (match := _LINE.fullmatch(line)):
            labels = frozenset(re.findall(r'(\w+)="([^"]*)"', match["labels"] or ""))
            found[match[1], labels] = float(match[3])
    return found


def identity_of(server: Subject, database: str) -> str:
    return server.ask("GET", f"/v1/database/{database}/identity").text


def test_calls_and_rows_are_counted(measured_server: Subject):
    database = measured_server.new_database("quickstart_chat")
    identity = identity_of(measured_server, database)
    for name in ("Ada", "Grace", ""):
        measured_server.call(database, "set_name", f'["{name}"]')

    def calls(*, committed: str) -> tuple[str, frozenset[tuple[str, str]]]:
        labels = {"txn_type": "Reducer", "db": identity, "reducer": "set_name", "committed": committed}
        return "spacetime_num_txns_total", frozenset(labels.items())

    # The real server counts a little later than it answers.
    deadline = time.monotonic() + 60
    while calls(committed="false") not in (found := figures(measured_server)):
        assert time.monotonic() < deadline, "the call that failed is not counted"
    assert found[calls(committed="true")] == 2
    assert found[calls(committed="false")] == 1
    [rows] = (
        value
        for (name, labels), value in found.items()
        if name == "spacetime_num_table_rows" and labels >= {("db", identity), ("table_name", "user")}
    )
    assert rows == 1
    assert found["spacetime_http_response_size_bytes_total", frozenset({("db", identity)})] > 0
    assert any(
        name == "spacetime_worker_sender_errors_total" and {("reducer_symbol", "set_name")} <= labels and value == 1
        for (name, labels), value in found.items()
    )


def test_clients_are_counted(measured_server: Subject):
    database = measured_server.new_database("quickstart_chat")
    labels = frozenset({("database_identity", identity_of(measured_server, database))})
    with connected(measured_server, database, V2) as wire:
        wire.next()
        assert figures(measured_server)["spacetime_worker_connected_clients", labels] == 1
        assert figures(measured_server)["spacetime_worker_ws_clients_spawned", labels] == 1


def test_ends_and_requests_of_clients_are_counted(measured_server: Subject):
    database = measured_server.new_database("quickstart_chat")
    identity = ("database_identity", identity_of(measured_server, database))
    with connected(measured_server, database, V2) as wire:
        wire.next()
        wire.ask(m.Subscribe(1, 1, ["SELECT * FROM user"]))
    with connected(measured_server, database, V2) as wire:
        wire.connection.send(b"nonsense")
        wire.closing()
    wanted = {
        ("spacetime_worker_ws_client_disconnections_total", frozenset({identity, ("cause", cause)})): 1
        for cause in ("client_close", "client_message_error")
    }
    wanted["spacetime_worker_connected_clients", frozenset({identity})] = 0
    deadline = time.monotonic() + 60
    while not wanted.items() <= (found := figures(measured_server)).items():
        assert time.monotonic() < deadline, [item for item in found.items() if "disconn" in item[0][0]]
    assert found["spacetime_websocket_requests_total", frozenset({identity, ("protocol", "binary")})] == 2


def test_requests_of_procedures_are_counted(measured_server: Subject) -> None:
    late = Event()
    with site(lambda path: Said(b"hello", until=late if path == "/late" else None)) as here:
        before = figures(measured_server)
        assert request(measured_server, HttpRequestHead("POST", f"{here.url}/", (("a", b"bc"),)), b"1234") == 0
        assert request(measured_server, HttpRequestHead("GET", f"{here.url}/late", timeout=TimeDuration(50_000))) == 21
        assert request(measured_server, HttpRequestHead("GET", "http://127.0.0.1:1/")) == 21
        late.set()
    after = figures(measured_server)
    new = sum_of(after, "num_http_requests") - sum_of(before, "num_http_requests")
    assert new == 3
    assert sum_of(after, "num_timeout_http_requests") - sum_of(before, "num_timeout_http_requests") == 1
    assert sum_of(after, "num_failed_http_requests") - sum_of(before, "num_failed_http_requests") == 1
    assert sum_of(after, "num_in_progress_http_requests") == 0
    sizes = len(here.url) + 1 + 3 + 4, len(here.url) + len("/late"), len("http://127.0.0.1:1/")
    assert sum_of(after, "http_request_size_bytes") - sum_of(before, "http_request_size_bytes") == sum(sizes)
    assert sum_of(after, "http_response_size_bytes") > sum_of(before, "http_response_size_bytes")


def sum_of(found: Figures, name: str) -> float:
    """Over all databases."""
    return sum(value for (other, _), value in found.items() if other == f"spacetime_procedure_{name}")


def test_energy_is_given_and_told(measured_server: Subject):
    identity, token = measured_server.new_token()
    path = f"/v1/energy/{identity}"
    assert measured_server.ask("GET", path, token=None).json() == {"balance": "0"}
    assert measured_server.ask("POST", f"{path}?amount=5", token=token).json() == {"balance": "5"}
    assert measured_server.ask("POST", f"{path}?amount=%2B7", token=token).json() == {"balance": "12"}
    assert measured_server.ask("GET", path, token=None).json() == {"balance": "12"}
    assert measured_server.ask("PUT", f"{path}?balance=1", token=token).status_code == 401


def test_energy_goes_to_the_caller(measured_server: Subject):
    """Whatever the path says."""
    identity, _ = measured_server.new_token()
    _, token = measured_server.new_token()
    answer = measured_server.ask("POST", f"/v1/energy/{identity}?amount=5", token=token)
    assert answer.json() == {"balance": "5"}
    assert measured_server.ask("GET", f"/v1/energy/{identity}").json() == {"balance": "0"}
