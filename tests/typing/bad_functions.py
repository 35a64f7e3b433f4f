"""Mistakes in views, procedures, HTTP handlers and outboxes, which type checkers must find: the lines say so."""

from typing import Self

from stdbpy import (
    AnonymousViewContext,
    Column,
    Columns,
    HandlerContext,
    HttpRequest,
    HttpResponse,
    Identity,
    IndexedColumn,
    OpaqueColumn,
    PrimaryKey,
    ProcedureContext,
    Queries,
    Query,
    QueryTable,
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
    id: u64 = 0


@table
class Player:
    id: u64 = auto_inc(primary_key=True)
    level: u64 = 1
    guild: u64 | None = None


@table
class Score:
    player: u64


class PlayerTable(Table[Player]):
    id: PrimaryKey[Player, u64]


class Db(Tables):
    player: PlayerTable


class Ctx(ReducerContext):
    db: Db


class PlayerColumns(Columns):
    id: IndexedColumn[Self, u64]
    level: Column[Self, u64]
    guild: OpaqueColumn


class ScoreColumns(Columns):
    player: Column[Self, u64]


class AllQueries(Queries):
    player: QueryTable[Player, PlayerColumns]
    score: QueryTable[Score, ScoreColumns]


class Asked(ViewContext):
    db: Db
    query: AllQueries


@view
def queries(ctx: Asked) -> Query[Player]:
    ctx.query.player.where(lambda p: p.level > "3")  # error
    ctx.query.player.where(lambda p: p.levle > 3)  # error
    ctx.query.player.where(lambda p: p.level == None)  # noqa: E711  # error
    ctx.query.player.where(lambda p: p.guild == 3)  # error
    ctx.query.player.where(lambda p: p.level)  # error
    ctx.query.player.where(lambda p: not p.id)  # error
    ctx.query.player.left_semijoin(ctx.query.score, lambda p, s: p.id == s.player)  # error
    return ctx.query.score  # error


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
    id: u64 = 0


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
