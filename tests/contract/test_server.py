"""Ping, health, unknown paths and methods, and what web pages are told."""

from __future__ import annotations

import pytest

from tests.contract.subject import Subject


def test_ping(server: Subject):
    answer = server.ask("GET", "/v1/ping", token=None)
    assert (answer.status_code, answer.content) == (200, b"")
    assert "content-type" not in answer.headers


def test_ping_checks_the_token(server: Subject):
    assert server.ask("GET", "/v1/ping").status_code == 200
    assert server.ask("GET", "/v1/ping", token="nonsense").status_code == 401


def test_health(server: Subject):
    answer = server.ask("GET", "/v1/health", token="nonsense")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"nodes", "package_name", "schedulable", "version"}
    assert (body["nodes"], body["schedulable"]) == ([0], True)
    assert body["version"] == ("1.2.0" if server.is_old else "2.8.3")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v2/ping",
        "/v1/ping/",
        "/v1/database/",
        "/v1/identity/",
        "/v1/identity/abc",
        "/v1//ping",
        "/v1/database/chat/",
        "/v1/database/chat/nothing",
        "/v1/database/chat/call",
        "/v1/database/chat/call/",
        "/v1/database/chat/call/a/b",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_paths_are_answered_by_an_empty_404(server: Subject, method: str, path: str):
    answer = server.ask(method, path)
    assert (answer.status_code, answer.content) == (404, b"")
    assert "spacetime-identity" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/ping", {"GET", "HEAD"}),
        ("POST", "/v1/health", {"GET", "HEAD"}),
        ("GET", "/v1/identity", {"POST"}),
        ("POST", "/v1/identity/public-key", {"GET", "HEAD"}),
        ("GET", "/v1/identity/websocket-token", {"POST"}),
        ("GET", "/v1/database", {"POST"}),
        ("PATCH", "/v1/database/{database}", {"GET", "HEAD", "PUT", "DELETE"}),
        ("POST", "/v1/database/{database}/identity", {"GET", "HEAD"}),
        ("GET", "/v1/database/{database}/call/set_name", {"POST"}),
        ("DELETE", "/v1/database/{database}/names", {"GET", "HEAD", "POST", "PUT"}),
        ("GET", "/v1/database/{database}/sql", {"POST"}),
        ("POST", "/v1/database/{database}/logs", {"GET", "HEAD"}),
        ("POST", "/v1/database/{database}/schema", {"GET", "HEAD"}),
        ("POST", "/v1/database/{database}/subscribe", {"GET", "HEAD"}),
        ("POST", "/v1/database/{database}/unstable/timestamp", {"GET", "HEAD"}),
    ],
)
def test_unknown_methods_are_answered_with_those_that_are_allowed(
    server: Subject, shared_chat: str, method: str, path: str, allowed: set[str]
):
    answer = server.ask(method, path.format(database=shared_chat))
    assert (answer.status_code, answer.content) == (405, b"")
    assert set(answer.headers["allow"].split(",")) == allowed


def test_head_has_no_body(server: Subject, shared_chat: str):
    answer = server.ask("HEAD", f"/v1/database/{shared_chat}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/json"


def test_web_pages_may_read_answers(server: Subject):
    answer = server.ask("GET", "/v1/ping", headers={"origin": "http://localhost:5173"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["vary"] == "origin, access-control-request-method, access-control-request-headers"


def test_browsers_ask_before_they_send(server: Subject, shared_chat: str):
    asking = {
        "origin": "http://localhost:5173",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    answer = server.ask("OPTIONS", f"/v1/database/{shared_chat}/call/set_name", token=None, headers=asking)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "*"
    assert answer.headers["access-control-allow-headers"] == "authorization,accept,content-type"
    assert answer.headers["allow"] == "POST"


def test_options_of_unknown_paths(server: Subject):
    assert server.ask("OPTIONS", "/v1/nothing", token=None).status_code == 404


def test_subscribing_needs_a_websocket(server: Subject, shared_chat: str):
    answer = server.ask("GET", f"/v1/database/{shared_chat}/subscribe")
    assert answer.status_code == 426
    assert answer.headers["upgrade"] == "websocket"
    assert answer.text == "This service requires use of the websocket protocol"
