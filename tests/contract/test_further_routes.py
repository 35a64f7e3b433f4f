"""HTTP handlers of modules, energy, metrics, and what language models ask, on the real servers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stdbpy.api import ApiClient, AsyncApiClient, HttpAnswer
from stdbpy.api.exchange import Request
from stdbpy.api.transport import prepared
from stdbpy.errors import ApiError, EncodeError, InvalidName, NotFound, NotSupported, TokenRejected
from tests import real_servers
from tests.contract.subject import fresh_name
from tests.real_servers import RealServer

pytestmark = pytest.mark.real

Ask = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Calls a method of a client of either kind, with the token of whoever is said."""

    def sync(server: RealServer, token: str | None, method: str, *arguments: Any, **named: Any) -> Any:
        with ApiClient(server.url, token) as api:
            return getattr(api, method)(*arguments, **named)

    def asynchronous(server: RealServer, token: str | None, method: str, *arguments: Any, **named: Any) -> Any:
        async def run() -> Any:
            async with AsyncApiClient(server.url, token) as api:
                return await getattr(api, method)(*arguments, **named)

        return asyncio.run(run())

    return sync if request.param == "sync" else asynchronous


@pytest.fixture(scope="module")
def routes(real_server: RealServer) -> str:
    path = Path(os.environ.get(real_servers.SERVERS, "")) / "smoketests" / "http_routes.wasm"
    if not path.is_file():
        pytest.skip("needs the smoketests' modules beside the real servers")
    name = fresh_name("routes")
    with ApiClient(real_server.url) as anyone, ApiClient(real_server.url, anyone.create_identity().token) as api:
        api.publish(path.read_bytes(), name)
    return name


def test_handlers_answer(ask: Ask, real_server: RealServer, routes: str) -> None:
    def fetch(*arguments: Any, **named: Any) -> HttpAnswer:
        return ask(real_server, None, "fetch", routes, *arguments, **named)

    assert fetch("/get").text == "ok"
    before = int(fetch("/count").text)
    assert fetch("/post", "post", body=b"x").text == "inserted"
    assert int(fetch("/count").text) == before + 1
    assert fetch("/any", "DELETE", query={"a": "b c"}).text == "any"
    assert fetch("/header", headers={"X-Echo": "hi"}).text == "hi"
    assert fetch("/set-header").headers["x-response"] == "set"
    teapot = fetch("/teapot")
    assert (teapot.status, teapot.body) == (418, b"teapot")


def test_the_token_is_not_for_the_modules_code(real_server: RealServer, routes: str) -> None:
    with ApiClient(real_server.url, "secret") as api:
        sent = prepared(api._http.build_request, api._address, Request("GET", "/", proves_identity=False), None)
        assert "authorization" not in sent.headers
        own = Request("GET", "/", headers={"Authorization": "Basic x"}, proves_identity=False)
        assert prepared(api._http.build_request, api._address, own, None).headers["authorization"] == "Basic x"
        assert api.fetch(routes, "/get").text == "ok"


def test_what_is_not_there(ask: Ask, real_server: RealServer, routes: str) -> None:
    with pytest.raises(NotFound, match=r"has no HTTP handler for POST '/get'") as caught:
        ask(real_server, None, "fetch", routes, "/get", "POST")
    assert "any /any" in caught.value.hint
    with pytest.raises(NotFound, match=r"no HTTP handler for GET ''"):
        ask(real_server, None, "fetch", routes, "")
    with pytest.raises(NotFound, match="there is no database 'nothing-here'"):
        ask(real_server, None, "fetch", "nothing-here", "/get")
    for path in ("get", "/a/../get"):
        with pytest.raises(InvalidName):
            ask(real_server, None, "fetch", routes, path)


def test_older_servers_run_no_handlers(ask: Ask, old_real_server: RealServer) -> None:
    with pytest.raises(NotSupported, match="HTTP handlers"):
        ask(old_real_server, None, "fetch", "chat", "/get")
    with pytest.raises(NotSupported, match="Model Context Protocol"):
        ask(old_real_server, None, "mcp", "ping")


@pytest.mark.parametrize("version", ["real_server", "old_real_server"])
def test_energy_and_metrics(ask: Ask, version: str, request: pytest.FixtureRequest) -> None:
    server: RealServer = request.getfixturevalue(version)
    somebody = ask(server, None, "create_identity")

    assert ask(server, None, "energy_of", somebody.identity) == 0
    assert ask(server, somebody.token, "add_energy", somebody.identity, 1 << 70) == 1 << 70
    assert ask(server, None, "energy_of", somebody.identity) == 1 << 70
    with pytest.raises(TokenRejected):
        ask(server, None, "add_energy", somebody.identity, 1)
    with pytest.raises(EncodeError):
        ask(server, somebody.token, "add_energy", somebody.identity, -1)
    assert "# TYPE jemalloc_active_bytes gauge" in ask(server, None, "metrics")
    (targets,) = ask(server, None, "metrics_targets")
    assert targets.targets == ("node:80",)


def test_what_language_models_ask(ask: Ask, real_server: RealServer, routes: str) -> None:
    assert ask(real_server, None, "mcp", "initialize")["serverInfo"]["name"] == "spacetimedb"
    tools = ask(real_server, None, "mcp", "tools/list", database=routes)["tools"]
    assert {tool["name"] for tool in tools} == {"ping", "get_schema", "sql", "call"}
    sql = {"name": "sql", "arguments": {"sql": "SELECT * FROM nothing"}}
    assert ask(real_server, None, "mcp", "tools/call", sql, database=routes)["isError"] is True
    with pytest.raises(ApiError, match="method not found: dreams"):
        ask(real_server, None, "mcp", "dreams")
