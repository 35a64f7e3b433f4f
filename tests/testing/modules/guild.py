"""A module with another one inside, and with bugs that come up below stdbpy or the standard library."""

import accounts

from stdbpy import (
    AnonymousViewContext,
    HandlerContext,
    HttpRequest,
    HttpResponse,
    Identity,
    ReducerContext,
    Router,
    ViewContext,
    http_handler,
    http_router,
    mount,
    reducer,
    table,
    u8,
    view,
)

mount(accounts, "auth")


@table(public=True)
class Member:
    level: u8


@table
class Badge:
    holder: Identity
    text: str


@reducer
def honour(ctx: ReducerContext, text: str) -> None:
    ctx.db.badge.insert(Badge(holder=ctx.sender, text=text))


@view(public=True)
def my_badges(ctx: ViewContext) -> list[Badge]:
    return [badge for badge in ctx.db.badge if badge.holder == ctx.sender]


@reducer
def add(ctx: ReducerContext, level: u8) -> None:
    ctx.db.member.insert(Member(level=level))


@view(public=True)
def shares(ctx: AnonymousViewContext) -> list[Member]:
    return [Member(level=100 // member.level) for member in ctx.db.member]


@view(public=True)
def writes(ctx: AnonymousViewContext) -> list[Member]:
    ctx.db.member.insert(Member(level=1))
    return []


@http_handler
def parse(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.json()["text"])


http_router(Router().post("/parse", parse))
