"""Procedures: they wait, ask others, and open transactions."""

from dataclasses import dataclass
from datetime import timedelta

from stdbpy import (
    Err,
    HttpFailed,
    HttpRequest,
    Ok,
    ProcedureContext,
    ReducerContext,
    ScheduleAt,
    TimeDuration,
    auto_inc,
    column,
    procedure,
    reducer,
    table,
    u16,
    u32,
    u64,
)
from stdbpy.errors import HostError


@table(public=True)
class Errand:
    name: str = column(primary_key=True)
    count: u32


@dataclass
class Answer:
    status: u16
    text: str
    headers: list[list[str]]


@table(scheduled="run_errand")
class PlannedErrand:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt
    name: str


class Undone(Exception):
    pass


def _count(tx: ReducerContext, name: str) -> int:
    errand = tx.db.errand.name.find(name) or tx.db.errand.insert(Errand(name=name, count=0))
    errand.count += 1
    tx.db.errand.name.update(errand)
    return errand.count


@procedure
def add(ctx: ProcedureContext, one: u32, other: u32) -> u64:
    return one + other


@procedure
def count_errand(ctx: ProcedureContext, name: str) -> list[u32]:
    """Two transactions are written down, the one between is undone."""
    with ctx.transaction() as tx:
        first = _count(tx, name)
        assert tx.sender == ctx.sender
    try:
        with ctx.transaction() as tx:
            undone = _count(tx, name)
            raise Undone
    except Undone:
        pass
    return [first, undone, ctx.with_tx(lambda tx: _count(tx, name))]


@procedure
def ask(ctx: ProcedureContext, method: str, uri: str, body: str) -> Ok[Answer] | Err[str]:
    try:
        answer = ctx.http.send(HttpRequest(method, uri, body, headers={"X-Errand": "ü", "accept": "text/plain"}))
    except HttpFailed:
        return Err("not answered")
    headers = [[name, value] for name, value in answer.headers.items() if name.startswith("x-")]
    return Ok(Answer(answer.status, answer.text(), headers))


@procedure
def rest(ctx: ProcedureContext, milliseconds: u32) -> bool:
    before = ctx.timestamp
    ctx.sleep(timedelta(milliseconds=milliseconds))
    return ctx.timestamp - before >= TimeDuration.of(milliseconds=milliseconds)


@procedure
def mistakes(ctx: ProcedureContext) -> list[str]:
    """What is refused where it stands."""
    said = []

    def attempt(action) -> None:
        try:
            action()
        except (AttributeError, HostError) as error:
            said.append(f"{type(error).__name__}: {error}")

    attempt(lambda: ctx.db)
    with ctx.transaction() as tx:
        attempt(lambda: ctx.sleep(timedelta(seconds=1)))
        attempt(lambda: ctx.http.get("http://127.0.0.1:1/"))
        attempt(lambda: ctx.transaction().__enter__())
        _count(tx, "mistakes")
    attempt(lambda: tx.db)
    return said


@procedure
def stumble(ctx: ProcedureContext, in_transaction: bool) -> None:
    with ctx.transaction() as tx:
        _count(tx, "before")
    if not in_transaction:
        raise ValueError("stumbled")
    with ctx.transaction() as tx:
        _count(tx, "during")
        raise ValueError("stumbled in a transaction")


@reducer
def plan_errand(ctx: ReducerContext, name: str) -> None:
    ctx.db.planned_errand.insert(PlannedErrand(at=ScheduleAt.at(ctx.timestamp), name=name))


@procedure
def run_errand(ctx: ProcedureContext, row: PlannedErrand) -> None:
    with ctx.transaction() as tx:
        ctx.log.info("%s was run, %d", row.name, _count(tx, row.name))


@reducer
def forget_errands(ctx: ReducerContext) -> None:
    ctx.db.errand.clear()
