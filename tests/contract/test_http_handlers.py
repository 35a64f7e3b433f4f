"""The routes of modules' HTTP handlers: the same compiled modules on the embedded and the real server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests import real_servers
from tests.contract.subject import Subject, fresh_name

NO_ROUTE = (404, "Database has not registered a handler for this route")


@pytest.fixture(autouse=True)
def _newer(newer_server: Subject) -> None:
    """Servers 1.x have no HTTP handlers."""


class Routes:
    """Those of a database with one of the modules of SpacetimeDB's own smoketests."""

    def __init__(self, server: Subject, module: str) -> None:
        self.server = server
        self.name = fresh_name("routes")
        program = real_servers.program(f"smoketests/{module}.wasm").read_bytes()
        answer = server.ask("PUT", f"/v1/database/{self.name}", content=program)
        assert answer.status_code == 200, answer.text

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self.server.ask(method, f"/v1/database/{self.name}/route{path}", token=None, **request)

    def get(self, path: str, **request: Any) -> tuple[int, str]:
        answer = self.ask("GET", path, **request)
        return answer.status_code, answer.text


def _routes(server: Subject, module: str) -> Routes:
    if server.is_old:
        pytest.skip("servers 1.x have no HTTP handlers")
    return Routes(server, module)


@pytest.fixture(scope="module")
def routes(server: Subject) -> Routes:
    return _routes(server, "http_routes")


def test_what_handlers_answer(routes: Routes) -> None:
    assert routes.get("/get") == (200, "ok")
    assert routes.get("/teapot") == (418, "teapot")
    assert routes.get("/header", headers={"X-Echo": "hello"}) == (200, "hello")
    answer = routes.ask("GET", "/set-header")
    assert answer.headers["x-response"] == "set"
    assert "content-type" not in answer.headers
    assert "spacetime-identity" not in answer.headers


def test_handlers_have_transactions(routes: Routes) -> None:
    before = int(routes.get("/count")[1])
    assert routes.ask("POST", "/post").text == "inserted"
    assert routes.get("/count") == (200, str(before + 1))
    assert len(routes.server.rows(routes.name, "SELECT * FROM entries")) == before + 1


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"])
def test_any_method(routes: Routes, method: str) -> None:
    answer = routes.ask(method, "/any")
    assert (answer.status_code, answer.text) == (200, "any")


def test_head_has_no_body_and_is_not_get(routes: Routes) -> None:
    answers = [routes.ask("HEAD", path) for path in ("/any", "/get")]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b""), (404, b"")]


def test_browsers_may_ask_before_they_ask(routes: Routes) -> None:
    answer = routes.ask("OPTIONS", "/any")
    assert (answer.status_code, answer.content) == (200, b"")
    assert "allow" not in answer.headers
    assert answer.headers["access-control-allow-methods"] == "*"
    assert routes.ask("GET", "/any").headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["", "/", "/get/", "//get", "/nothing", "/Get", "/get/more"])
def test_paths_are_the_same_or_not(routes: Routes, path: str) -> None:
    assert routes.get(path) == NO_ROUTE


def test_methods_and_paths_that_match_after_all(routes: Routes) -> None:
    assert routes.ask("POST", "/get").status_code == 404
    assert routes.get("/%67et") == (200, "ok")
    assert routes.get("/get?a=1&b") == (200, "ok")


def test_nobody_has_to_say_who_they_are(routes: Routes) -> None:
    assert routes.get("/get", headers={"authorization": "Bearer nonsense"}) == (200, "ok")


@pytest.mark.parametrize(
    ("name", "answer"),
    [("nobody-has-this", (404, "`nobody-has-this` not found")), ("c2" * 32, (404, "No such database."))],
)
def test_databases_that_are_not_there(server: Subject, name: str, answer: tuple[int, str]) -> None:
    said = server.ask("GET", f"/v1/database/{name}/route/get", token=None)
    assert (said.status_code, said.text) == answer


@pytest.mark.parametrize(
    ("module", "found"),
    [
        ("http_routes_strict_root", {"": "empty", "/": "slash", "/foo": "foo", "/foo/": "foo-slash"}),
        ("http_routes_strict_non_root", {"/foo": "foo", "/foo/": "foo-slash"}),
    ],
)
def test_slashes_at_the_end_count(server: Subject, module: str, found: dict[str, str]) -> None:
    routes = _routes(server, module)
    for path in ("", "/", "//", "/foo", "/foo/", "/foo//"):
        assert routes.get(path) == ((200, found[path]) if path in found else NO_ROUTE)


@pytest.mark.parametrize(
    ("headers", "begins"),
    [
        ({}, None),
        ({"x-forwarded-proto": "https"}, "https://{here}"),
        ({"x-forwarded-proto": "https", "x-forwarded-host": "a.example, b.example"}, "https://a.example"),
        ({"x-forwarded-proto": "", "x-forwarded-host": ","}, None),
    ],
)
def test_handlers_are_told_the_whole_uri(server: Subject, headers: dict[str, str], begins: str | None) -> None:
    routes = _routes(server, "http_routes_full_uri")
    here = httpx.URL(server.url).netloc.decode()
    before = (begins or "http://{here}").format(here=here)
    told = routes.get("/echo-uri?a=b%20c&d", headers=headers)
    assert told == (200, f"{before}/v1/database/{routes.name}/route/echo-uri?a=b%20c&d")


def test_bodies(server: Subject) -> None:
    routes = _routes(server, "http_routes_request_body")
    for body in (b"", b"\x00\xff", bytes(range(256)) * 20_000):
        assert routes.ask("POST", "/reverse-bytes", content=body).content == body[::-1]
    assert routes.ask("POST", "/reverse-words", content=b"\xff").status_code == 400


def test_bugs_of_handlers(server: Subject) -> None:
    routes = _routes(server, "http_routes_example")
    assert routes.ask("POST", "/insert", content=b"abc").text == "1"
    assert routes.get("/retrieve?id=1") == (200, "abc")
    assert routes.get("/retrieve")[0] == 500
    assert routes.get("/retrieve?id=2") == (404, "")
    logs = server.ask("GET", f"/v1/database/{routes.name}/logs?num_lines=100").text
    assert '"level":"Panic"' in logs
    assert '"function":"retrieve"' in logs
