"""SpacetimeDB's test of procedures, as a Python module: the schema is that of ``sdk_test_procedure-2.8.3.wasm``."""

from dataclasses import dataclass
from uuid import UUID

from stdbpy import (
    HttpFailed,
    ProcedureContext,
    ReducerContext,
    ScheduleAt,
    TaggedUnion,
    TimeDuration,
    Timestamp,
    auto_inc,
    procedure,
    reducer,
    table,
    u8,
    u32,
    u64,
)


@dataclass
class ReturnStruct:
    a: u32
    b: str


class ReturnEnum(TaggedUnion):
    pass


class A(ReturnEnum, variant="a"):
    value: u32


class B(ReturnEnum, variant="b"):
    value: str


@procedure
def return_primitive(ctx: ProcedureContext, lhs: u32, rhs: u32) -> u32:
    return lhs + rhs


@procedure
def return_struct(ctx: ProcedureContext, a: u32, b: str) -> ReturnStruct:
    return ReturnStruct(a, b)


@procedure
def return_enum_a(ctx: ProcedureContext, a: u32) -> ReturnEnum:
    return A(a)


@procedure
def return_enum_b(ctx: ProcedureContext, b: str) -> ReturnEnum:
    return B(b)


@procedure
def will_panic(ctx: ProcedureContext) -> None:
    raise RuntimeError("This procedure is expected to panic")


@procedure
def read_my_schema(ctx: ProcedureContext, server_url: str) -> str:
    return ctx.http.get(f"{server_url}/v1/database/{ctx.identity}/schema?version=9").text()


@procedure
def invalid_request(ctx: ProcedureContext) -> str:
    try:
        answer = ctx.http.get("http://foo.invalid/")
    except HttpFailed as failure:
        return str(failure)
    raise AssertionError(f"Got result from requesting `http://foo.invalid`... huh?\n{answer.text()}")


@table(public=True)
class MyTable:
    field: ReturnStruct


@table(public=True)
class PkUuid:
    u: UUID
    data: u8


@table(public=True)
class ProcInsertsInto:
    reducer_ts: Timestamp
    procedure_ts: Timestamp
    x: u8
    y: u8


@table(scheduled="scheduled_proc")
class ScheduledProcTable:
    scheduled_id: u64 = auto_inc(primary_key=True)
    scheduled_at: ScheduleAt
    reducer_ts: Timestamp
    x: u8
    y: u8


def assert_row_count(ctx: ProcedureContext, count: int) -> None:
    with ctx.transaction() as tx:
        assert tx.db.my_table.count() == count


@procedure
def insert_with_tx_commit(ctx: ProcedureContext) -> None:
    ctx.with_tx(lambda tx: tx.db.my_table.insert(MyTable(field=ReturnStruct(42, "magic"))))
    assert_row_count(ctx, 1)


class Undone(Exception):
    pass


@procedure
def insert_with_tx_rollback(ctx: ProcedureContext) -> None:
    try:
        with ctx.transaction() as tx:
            tx.db.my_table.insert(MyTable(field=ReturnStruct(42, "magic")))
            raise Undone
    except Undone:
        assert_row_count(ctx, 0)


@reducer
def schedule_proc(ctx: ReducerContext) -> None:
    row = ScheduledProcTable(
        scheduled_at=ScheduleAt.every(TimeDuration.of(seconds=1)), reducer_ts=ctx.timestamp, x=42, y=24
    )
    ctx.db.scheduled_proc_table.insert(row)


@procedure
def scheduled_proc(ctx: ProcedureContext, data: ScheduledProcTable) -> None:
    with ctx.transaction() as tx:
        row = ProcInsertsInto(reducer_ts=data.reducer_ts, procedure_ts=ctx.timestamp, x=data.x, y=data.y)
        tx.db.proc_inserts_into.insert(row)


@procedure
def sorted_uuids_insert(ctx: ProcedureContext) -> None:
    with ctx.transaction() as tx:
        for _ in range(1000):
            tx.db.pk_uuid.insert(PkUuid(u=tx.uuid7(), data=0))
        uuids = [row.u for row in tx.db.pk_uuid]
        assert uuids == sorted(uuids), "UUIDs are not sorted correctly"
