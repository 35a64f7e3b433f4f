"""A module with something of everything, for tests of the tests' tools."""

from datetime import timedelta
from enum import Enum, auto

from stdbpy import (
    HandlerContext,
    HttpRequest,
    HttpResponse,
    ProcedureContext,
    ReducerContext,
    ReducerError,
    Router,
    ScheduleAt,
    ViewContext,
    auto_inc,
    client_connected,
    client_disconnected,
    column,
    http_handler,
    http_router,
    init,
    procedure,
    reducer,
    table,
    u32,
    u64,
    view,
)

LONGEST_NAME = 10


class Team(Enum):
    RED = auto()
    BLUE = auto()


@table(public=True)
class Player:
    id: u64 = auto_inc(primary_key=True)
    name: str = column(unique=True)
    team: Team = Team.RED
    score: u32 = 0


@table
class Note:
    """Nobody but the owner sees these."""

    text: str


@table(scheduled="tick")
class Timer:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt


@table(scheduled="collect")
class Job:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt


@table(scheduled="break_down")
class Bomb:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt


@init
def start(ctx: ReducerContext) -> None:
    ctx.db.note.insert(Note(text="begun"))


@client_connected
def greet(ctx: ReducerContext) -> None:
    jwt = ctx.sender_auth.jwt
    if jwt is not None and jwt.claims.get("banned"):
        raise ReducerError("Go away.")
    print("hello", jwt.subject if jwt is not None else "stranger")


@client_disconnected
def part(ctx: ReducerContext) -> None:
    print("goodbye")


@reducer
def join(ctx: ReducerContext, name: str, team: Team) -> None:
    player = ctx.db.player.insert(Player(name=name, team=team))
    if not name or len(name) > LONGEST_NAME:
        raise ReducerError(f"A player needs a name of at most {LONGEST_NAME} letters.")
    ctx.log.info("%s has number %d", name, player.id)


@reducer
def note(ctx: ReducerContext, text: str) -> None:
    ctx.db.note.insert(Note(text=text))


@reducer
def roll(ctx: ReducerContext) -> None:
    ctx.db.note.insert(Note(text=f"{ctx.random.random()}"))


@reducer
def fail(ctx: ReducerContext) -> None:
    ctx.db.note.insert(Note(text="never there"))
    print(1 // 0)


@reducer
def fail_later(ctx: ReducerContext) -> None:
    ctx.db.bomb.insert(Bomb(at=ScheduleAt.at(ctx.timestamp + timedelta(seconds=1))))


@reducer
def break_down(ctx: ReducerContext, bomb: Bomb) -> None:
    raise LookupError("out of luck")


@reducer
def tick_every(ctx: ReducerContext, seconds: u32) -> None:
    ctx.db.timer.insert(Timer(at=ScheduleAt.every(timedelta(seconds=seconds))))


@reducer
def tick(ctx: ReducerContext, timer: Timer) -> None:
    ctx.db.note.insert(Note(text=f"{ctx.timestamp.to_datetime():%M:%S} tick"))


@reducer
def collect_in(ctx: ReducerContext, seconds: u32) -> None:
    ctx.db.job.insert(Job(at=ScheduleAt.at(ctx.timestamp + timedelta(seconds=seconds))))


@procedure
def collect(ctx: ProcedureContext, job: Job) -> None:
    began = ctx.timestamp
    for _ in range(2):
        ctx.sleep(timedelta(seconds=10))
        with ctx.transaction() as tx:
            text = f"{tx.timestamp.to_datetime():%M:%S} collected, begun {began.to_datetime():%M:%S}"
            tx.db.note.insert(Note(text=text))


@procedure
def nap(ctx: ProcedureContext, seconds: u32) -> str:
    ctx.sleep(timedelta(seconds=seconds))
    return f"slept for {seconds}"


@procedure
def ask(ctx: ProcedureContext, uri: str) -> str:
    return ctx.http.get(uri).text()


@procedure
def fail_at_once(ctx: ProcedureContext) -> str:
    return [][0]


@view(public=True)
def namesake(ctx: ViewContext) -> Player | None:
    """The player that is called as the note says."""
    return ctx.db.player.name.find("Ada") if ctx.db.player.count() < 9 else 1 / 0


@http_handler
def hello(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"hello {request.text()}", headers={"x-kind": request.headers["kind"]})


@http_handler
def oops(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    raise ValueError("no answer")


http_router(Router().post("/hello", hello).get("/oops", oops))
