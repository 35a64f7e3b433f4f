"""Outboxes that type checkers have nothing to say about, however strict they are."""

from typing import assert_never, assert_type

from stdbpy import (
    Err,
    Identity,
    Ok,
    ReducerContext,
    RemoteReducer,
    RemoteResult,
    Table,
    Tables,
    auto_inc,
    column,
    reducer,
    remote_reducer,
    table,
    u64,
)


@remote_reducer
def receive(body: str) -> None: ...


@remote_reducer(name="wire_ping")
def receive_too(body: str) -> None: ...


assert_type(receive, RemoteReducer)
assert_type(receive_too, RemoteReducer)


@table(outbox=receive, on_result="heard")
class Ping:
    id: u64 = auto_inc(primary_key=True)
    to: Identity = column(target=True)
    text: str = column(param="body", default="hello")


@table(outbox="arrive")
class Departure:
    id: u64 = auto_inc(primary_key=True)
    to: Identity = column(target=True)


class Db(Tables):
    ping: Table[Ping]


class Ctx(ReducerContext):
    db: Db


@reducer
def arrive(ctx: ReducerContext) -> None: ...


@reducer
def send(ctx: Ctx, to: Identity) -> None:
    assert_type(ctx.db.ping.insert(Ping(to=to)), Ping)


@reducer
def heard(ctx: Ctx, ping: Ping, result: RemoteResult) -> None:
    match result:
        case Ok():
            pass
        case Err(reason):
            assert_type(reason, str)
        case _:
            assert_never(result)
