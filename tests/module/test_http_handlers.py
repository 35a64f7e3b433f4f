"""HTTP handlers and their routes."""

from __future__ import annotations

import pytest

from stdbpy.schema.http import HttpRequestHead
from tests.module.running import NOON, load_code, run


def test_handlers():
    site = run("""
        @http_handler
        def echo(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
            headers = {"x-by": request.headers["X-Me"], "x-at": str(int(ctx.timestamp))}
            return HttpResponse(f"{request.method} {request.uri} {request.text()}", status=201, headers=headers)

        @http_handler(name="who")
        def nobody(ctx, request):
            with ctx.transaction() as tx:
                return HttpResponse(tx.sender.hex())
    """)
    head, body = site.request("echo", HttpRequestHead("PUT", "/a?b", (("x-me", b"Ann"),)), b"hi")
    assert (head.status, head.headers, body) == (201, (("x-by", b"Ann"), ("x-at", b"%d" % NOON)), b"PUT /a?b hi")
    assert site.request("who", HttpRequestHead("GET", "/"))[1] == b"0" * 64


def test_handlers_answer_with_a_response():
    site = run("@http_handler\ndef wrong(ctx, request):\n    return 'hi'")
    with pytest.raises(TypeError, match="wrong has to return a HttpResponse, not 'hi'"):
        site.request("wrong", HttpRequestHead("GET", "/"))


def test_handlers_do_not_know_who_asks():
    site = run("@http_handler\ndef wrong(ctx, request):\n    return ctx.sender")
    with pytest.raises(AttributeError, match="of an HTTP handler has no 'sender': nobody says who sends a request"):
        site.request("wrong", HttpRequestHead("GET", "/"))


def test_routes():
    schema = load_code("""
        @http_handler
        def a(ctx, request): ...
        @http_handler(name="bee")
        def b(ctx, request): ...

        inner = Router().get("", b).any("/all", b)
        http_router(Router().get("/a", a).route("PURGE", "/a", a).merge(Router().post("/b", b)).nest("/inner", inner))
    """).schema
    assert [handler.name for handler in schema.http_handlers] == ["a", "bee"]
    assert [(route.method, route.path, route.handler) for route in schema.http_routes] == [
        ("GET", "/a", "a"),
        ("PURGE", "/a", "a"),
        ("POST", "/b", "bee"),
        ("GET", "/inner", "bee"),
        ("*", "/inner/all", "bee"),
    ]
