"""Views, procedures and HTTP handlers that type checkers have nothing to say about, however strict they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, assert_type

from stdbpy import (
    AnonymousViewContext,
    Column,
    Columns,
    Err,
    HandlerContext,
    HttpFailed,
    HttpRequest,
    HttpResponse,
    Identity,
    Index,
    IndexedColumn,
    Ok,
    OpaqueColumn,
    PrimaryKey,
    ProcedureContext,
    Queries,
    Query,
    QueryTable,
    ReducerContext,
    Router,
    ScheduleAt,
    Table,
    Tables,
    TimeDuration,
    Unique,
    ViewContext,
    auto_inc,
    column,
    http_handler,
    http_router,
    procedure,
    reducer,
    table,
    u32,
    u64,
    view,
)


@table(public=True)
class Player:
    id: u64 = auto_inc(primary_key=True)
    owner: Identity = column(unique=True)
    level: u32 = column(index="btree")
    online: bool = False
    guild: u64 | None = None


@table(public=True, event=True)
class LevelUp:
    player: u64


@table(scheduled="fetch_all")
class FetchJob:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt
    uri: str


@dataclass
class Count:
    level: u32
    players: u64


class PlayerTable(Table[Player]):
    id: PrimaryKey[Player, u64]
    owner: Unique[Player, Identity]
    level: Index[Player, u32]


class Db(Tables):
    player: PlayerTable
    level_up: Table[LevelUp]
    fetch_job: Table[FetchJob]


class PlayerColumns(Columns):
    id: IndexedColumn[Self, u64]
    owner: IndexedColumn[Self, Identity]
    level: IndexedColumn[Self, u32]
    online: Column[Self, bool]
    guild: OpaqueColumn


class LevelUpColumns(Columns):
    player: Column[Self, u64]


class AllQueries(Queries):
    player: QueryTable[Player, PlayerColumns]
    level_up: QueryTable[LevelUp, LevelUpColumns]


class Ctx(ReducerContext):
    db: Db


class Asked(ViewContext):
    db: Db
    query: AllQueries

    @property
    def mine(self) -> Player | None:
        return self.db.player.owner.find(self.sender)


class AskedByAll(AnonymousViewContext):
    db: Db


class Fetching(ProcedureContext[Ctx]):
    def fetch(self, uri: str) -> str:
        answer = self.http.get(uri, headers={"accept": "text/plain"}, timeout=TimeDuration.of(seconds=1))
        assert_type(answer, HttpResponse)
        return answer.text()


@view(public=True, primary_key="id")
def my_player(ctx: Asked) -> Player | None:
    return ctx.mine


@view(public=True)
def counts(ctx: AskedByAll) -> list[Count]:
    return [Count(level, len(list(ctx.db.player.level.filter(level)))) for level in range(10)]


@view(public=True)
def strong(ctx: AskedByAll) -> Iterator[Player]:
    yield from ctx.db.player.level.filter(10)


@view(public=True)
def strongest(ctx: AnonymousViewContext) -> Query[Player]:
    return ctx.query.player.where(lambda p: p.level > 100)


@view(public=True)
def near(ctx: Asked) -> Query[Player]:
    mine = ctx.mine
    assert_type(ctx.query.player, QueryTable[Player, PlayerColumns])
    found = ctx.query.player.where(lambda p: (p.level > (mine.level if mine else 0)) & p.online)
    others = ctx.query.player.where(lambda p: p.owner != ctx.sender)
    return found.left_semijoin(others, lambda p, other: p.level == other.level)


@reducer
def level_up(ctx: Ctx, id: u64) -> None:
    ctx.db.level_up.insert(LevelUp(player=id))
    ctx.db.fetch_job.insert(FetchJob(at=ScheduleAt.every(TimeDuration.of(minutes=1)), uri="http://example.com"))
    jwt = ctx.sender_auth.jwt
    if jwt is not None:
        assert_type(jwt.subject, str)


@procedure
def fetch_all(ctx: Fetching, job: FetchJob) -> None:
    with ctx.transaction() as tx:
        assert_type(tx, Ctx)
        tx.db.level_up.insert(LevelUp(player=len(ctx.fetch(job.uri))))


@procedure(name="best")
def best_player(ctx: ProcedureContext[Ctx], least: u32) -> Ok[Player] | Err[str]:
    best = ctx.with_tx(lambda tx: max(tx.db.player, key=lambda player: player.level, default=None))
    assert_type(best, Player | None)
    ctx.sleep(TimeDuration.of(seconds=1))
    ctx.sleep_until(ctx.timestamp)
    return Err("nobody") if best is None or best.level < least else Ok(best)


@procedure
def plain(ctx: ProcedureContext) -> u64:
    with ctx.transaction() as tx:
        assert_type(tx, ReducerContext)
        level_of = tx.db.player.count()
    try:
        ctx.http.send(HttpRequest("PUT", "http://example.com", b"1"))
    except HttpFailed as failure:
        ctx.log.info("%s %s", failure, ctx.random.random())
    return int(level_of)


@http_handler
def hello(ctx: HandlerContext[Ctx], request: HttpRequest) -> HttpResponse:
    with ctx.transaction() as tx:
        assert_type(tx.db.player.count(), int)
    return HttpResponse(f"Hello, {request.uri}", status=200, headers={"x-by": request.headers.get("x", "nobody")})


@http_handler(name="bye")
def good_bye(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


http_router(Router().get("/hello", hello).nest("/inner", Router().any("", good_bye)))


@reducer
def elsewhere(ctx: Ctx) -> None:
    assert_type(ctx.within("auth"), ReducerContext)
    assert_type(ctx.within("auth", Ctx), Ctx)


@procedure
def elsewhere_too(ctx: Fetching) -> u64:
    return plain(ctx.within("auth", ProcedureContext))
