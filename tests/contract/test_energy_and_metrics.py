"""Energy, which nothing uses up here, and the figures for Prometheus."""

from __future__ import annotations

import re
import time

from stdbpy.protocol.v2 import messages as m
from tests.contract.subject import Subject
from tests.contract.websocket import V2, connected

_LINE = re.compile(r"([a-z_:]+)(?:\{(?P<labels>[^}]*)\})? ([0-9.e+-]+)")


def figures(server: Subject) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
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


def test_calls_and_rows_are_counted(newer_server: Subject):
    database = newer_server.new_database("quickstart_chat")
    identity = identity_of(newer_server, database)
    for name in ("Ada", "Grace", ""):
        newer_server.call(database, "set_name", f'["{name}"]')

    def calls(*, committed: str) -> tuple[str, frozenset[tuple[str, str]]]:
        labels = {"txn_type": "Reducer", "db": identity, "reducer": "set_name", "committed": committed}
        return "spacetime_num_txns_total", frozenset(labels.items())

    # The real server counts a little later than it answers.
    deadline = time.monotonic() + 10
    while calls(committed="false") not in (found := figures(newer_server)):
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


def test_clients_are_counted(newer_server: Subject):
    database = newer_server.new_database("quickstart_chat")
    labels = frozenset({("database_identity", identity_of(newer_server, database))})
    with connected(newer_server, database, V2) as wire:
        wire.next()
        assert figures(newer_server)["spacetime_worker_connected_clients", labels] == 1
        assert figures(newer_server)["spacetime_worker_ws_clients_spawned", labels] == 1


def test_ends_and_requests_of_clients_are_counted(newer_server: Subject):
    database = newer_server.new_database("quickstart_chat")
    identity = ("database_identity", identity_of(newer_server, database))
    with connected(newer_server, database, V2) as wire:
        wire.next()
        wire.ask(m.Subscribe(1, 1, ["SELECT * FROM user"]))
    with connected(newer_server, database, V2) as wire:
        wire.connection.send(b"nonsense")
        wire.closing()
    wanted = {
        ("spacetime_worker_ws_client_disconnections_total", frozenset({identity, ("cause", cause)})): 1
        for cause in ("client_close", "client_message_error")
    }
    wanted["spacetime_worker_connected_clients", frozenset({identity})] = 0
    deadline = time.monotonic() + 10
    while not wanted.items() <= (found := figures(newer_server)).items():
        assert time.monotonic() < deadline, [item for item in found.items() if "disconn" in item[0][0]]
    assert found["spacetime_websocket_requests_total", frozenset({identity, ("protocol", "binary")})] == 2


def test_energy_is_given_and_told(newer_server: Subject):
    identity, token = newer_server.new_token()
    path = f"/v1/energy/{identity}"
    assert newer_server.ask("GET", path, token=None).json() == {"balance": "0"}
    assert newer_server.ask("POST", f"{path}?amount=5", token=token).json() == {"balance": "5"}
    assert newer_server.ask("POST", f"{path}?amount=%2B7", token=token).json() == {"balance": "12"}
    assert newer_server.ask("GET", path, token=None).json() == {"balance": "12"}
    assert newer_server.ask("PUT", f"{path}?balance=1", token=token).status_code == 401


def test_energy_goes_to_the_caller(newer_server: Subject):
    """Whatever the path says."""
    identity, _ = newer_server.new_token()
    _, token = newer_server.new_token()
    answer = newer_server.ask("POST", f"/v1/energy/{identity}?amount=5", token=token)
    assert answer.json() == {"balance": "5"}
    assert newer_server.ask("GET", f"/v1/energy/{identity}").json() == {"balance": "0"}
