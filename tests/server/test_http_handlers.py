"""What HTTP handlers of Python modules answer, well or not."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from stdbpy.api import ApiClient
from stdbpy.engine.procedures.procedures import HANDLER_FAILED
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer

MODULE = b"""
from stdbpy import *


@http_handler
def show(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    lines = [f"{request.method} {request.uri} {request.version} {request.body!r}"]
    lines += [f"{name}: {value}" for name, value in request.headers.entries()]
    return HttpResponse("\\n".join(lines))


@http_handler
def headers(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        "hello",
        headers=[
            ("Set-Cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("Content-Length", "99"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "close"),
            ("Access-Control-Allow-Origin", "https://example.org"),
        ],
    )


@http_handler
def status(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"hello", status=int(request.body))


@http_handler
def header(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    name, _, value = request.text().partition("=")
    return HttpResponse(headers=[(name, value)])


@http_handler
def broken(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    raise LookupError("not at home")


http_router(
    Router()
    .any("/show", show)
    .get("/headers", headers)
    .post("/status", status)
    .post("/header", header)
    .get("/broken", broken)
)
"""


@pytest.fixture(scope="module")
def routes() -> Iterator[httpx.Client]:
    """A client whose addresses are below those of the module's routes."""
    with RunningServer() as server:
        with ApiClient(server.url, server.owner_token) as api:
            api.publish(pack(ModuleSource({"pages.py": MODULE}, "pages")), "pages")
        with httpx.Client(
            base_url=f"{server.url}/v1/database/pages/route", trust_env=False, verify=False, headers={}
        ) as client:
            yield client


def test_all_of_a_request_reaches_the_handler(routes: httpx.Client) -> None:
    lines = routes.put("/show?a=%20b", content=b"\xff", headers={"X-Mine": "1"}).text.splitlines()
    assert lines[0] == f"PUT {routes.base_url}show?a=%20b 1.1 b'\\xff'"
    assert "x-mine: 1" in lines
    assert "content-length: 1" in lines


@pytest.mark.difference("`content-length` of a handler's answer")
def test_headers_of_the_answer(routes: httpx.Client) -> None:
    answer = routes.get("/headers")
    assert answer.text == "hello"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["content-length"] == "5"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "transfer-encoding" not in answer.headers


@pytest.mark.parametrize(("status", "body"), [(200, b"hello"), (299, b"hello"), (404, b"hello"), (599, b"hello")])
def test_statuses(routes: httpx.Client, status: int, body: bytes) -> None:
    answer = routes.post("/status", content=str(status).encode())
    assert (answer.status_code, answer.content) == (status, body)


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(routes: httpx.Client, status: int) -> None:
    for _ in range(2):
        answer = routes.post("/status", content=str(status).encode())
        assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.parametrize("status", [0, 99, 100, 101, 199, 600, 999])
def test_statuses_that_no_answer_has(routes: httpx.Client, status: int) -> None:
    answer = routes.post("/status", content=str(status).encode())
    assert answer.status_code == 500
    assert str(status) in answer.text


@pytest.mark.parametrize("header", [b"a b=1", b"=1", b"a:b=1", b"a=1\r\nb: 2", b"a=1\x00"])
def test_headers_that_cannot_be_sent(routes: httpx.Client, header: bytes) -> None:
    answer = routes.post("/header", content=header)
    assert (answer.status_code, answer.text) == (500, "the handler's answer has a header that cannot be sent")


def test_bugs(routes: httpx.Client) -> None:
    answer = routes.get("/broken")
    assert (answer.status_code, answer.text) == (500, HANDLER_FAILED)
    assert "LookupError" not in HANDLER_FAILED
