"""HTTP handlers."""

import json

from stdbpy import HandlerContext, HttpRequest, HttpResponse, Router, auto_inc, http_handler, http_router, table, u64


@table(public=True)
class Visit:
    id: u64 = auto_inc(primary_key=True)
    text: str


@http_handler
def hello(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Hello, {request.headers.get('x-name', 'world')}!", headers={"x-door": "front"})


@http_handler
def visit(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    try:
        text = request.json()["text"]
    except (ValueError, KeyError) as error:
        return HttpResponse(f"{type(error).__name__}", status=400)
    with ctx.transaction() as tx:
        row = tx.db.visit.insert(Visit(text=text))
        nobody = int(tx.sender) == 0
    body = json.dumps({"id": row.id, "text": row.text, "nobody": nobody})
    return HttpResponse(body, status=201, headers={"content-type": "application/json"})


@http_handler
def echo(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body[::-1], status=418, headers=[("x-method", request.method), ("x-two", "1")])


@http_handler
def trap_door(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    raise ValueError("the floor is gone")


http_router(Router().get("/hello", hello).post("/visits", visit).any("/echo", echo).get("/trap", trap_door))
