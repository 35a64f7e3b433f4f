"""Mistakes in views, procedures, HTTP handlers and outboxes, which type checkers must find: the lines say so."""

from stdbpy import (
    AnonymousViewContext,
    HandlerContext,
    HttpRequest,
    HttpResponse,
    Identity,
    PrimaryKey,
    ProcedureContext,
    ReducerContext,
    RemoteResult,
    Router,
    Table,
    Tables,
    ViewContext,
    auto_inc,
    column,
    http_handler,
    http_router,
    procedure,
    reducer,
    remote_reducer,
    table,
    u64,
    view,
)


@table(evnt=True)  # error
class Misspelt:
    id: u64


@table
class Player:
    id: u64 = auto_inc(primary_key=True)


class PlayerTable(Table[Player]):
    id: PrimaryKey[Player, u64]


class Db(Tables):
    player: PlayerTable


class Ctx(ReducerContext):
    db: Db


class Asked(ViewContext):
    db: Db


@view  # error
def changing(ctx: Ctx) -> Player | None: ...


@view  # error
def with_argument(ctx: Asked, id: u64) -> Player | None: ...


@view(publik=True)  # error
def misspelt(ctx: Asked) -> Player | None: ...


@view
def reading(ctx: Asked) -> Player | None:
    print(ctx.timestamp)  # error
    print(ctx.http)  # error
    return ctx.db.player.id.find("Ann")  # error


@view
def for_all(ctx: AnonymousViewContext) -> Player | None:
    print(ctx.sender)  # error
    return None


@procedure  # error
def in_a_transaction(ctx: Ctx) -> None: ...


@procedure
def working(ctx: ProcedureContext[Ctx]) -> None:
    print(ctx.db)  # error
    ctx.sleep(3)  # error
    ctx.http.get(3)  # error
    ctx.http.post("http://example.com", {"a": 1})  # error
    with ctx.transaction() as tx:
        tx.db.player.id.find("Ann")  # error
        tx.db.player.insert(3)  # error
    print(ctx.with_tx(lambda tx: tx.db.player.count()).nothing)  # error


@http_handler  # error
def answering(ctx: HandlerContext, request: HttpRequest) -> str:
    return request.text()


@http_handler
def good(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    print(request.bdoy)  # error
    return HttpResponse(3)  # error


http_router(Router().get(good, "/good"))  # error


@remote_reducer
def receive(body: str) -> None: ...


@remote_reducer  # error
def returning(body: str) -> str:
    return body


@table(outbox=receive, on_reslt="heard")  # error
class MisspeltOutbox:
    id: u64


@table(outbox=3)  # error
class Number:
    id: u64


@table(outbox=receive, on_result="heard")
class Ping:
    id: u64 = auto_inc(primary_key=True)
    to: Identity = column(target=True)
    body: str = column(param=3)  # error


@reducer
def heard(ctx: ReducerContext, ping: Ping, result: RemoteResult) -> None:
    print(result.reason)  # error
