"""Reducers that write down what they know about their call, or nothing at all."""

import struct
from decimal import Decimal

from stdbpy import ConnectionId, ReducerContext, ReducerError, Timestamp, f32, f64, i32, reducer

from .tables import (
    PK,
    UNIQUE,
    OneConnectionId,
    OneIdentity,
    OneTimestamp,
    OneUuid,
    VecConnectionId,
    VecIdentity,
    VecString,
)
from .types import EveryPrimitiveStruct, SimpleEnum


@reducer
def no_op_succeeds(ctx: ReducerContext) -> None:
    pass


@reducer
def insert_caller_one_identity(ctx: ReducerContext) -> None:
    ctx.db.one_identity.insert(OneIdentity(i=ctx.sender))


@reducer
def insert_caller_vec_identity(ctx: ReducerContext) -> None:
    ctx.db.vec_identity.insert(VecIdentity(i=[ctx.sender]))


@reducer
def insert_caller_unique_identity(ctx: ReducerContext, data: i32) -> None:
    ctx.db.unique_identity.insert(UNIQUE["Identity"](i=ctx.sender, data=data))


@reducer
def insert_caller_pk_identity(ctx: ReducerContext, data: i32) -> None:
    ctx.db.pk_identity.insert(PK["Identity"](i=ctx.sender, data=data))


def connection_of(ctx: ReducerContext) -> ConnectionId:
    if ctx.connection_id is None:
        raise ReducerError("No connection id in reducer context")
    return ctx.connection_id


@reducer
def insert_caller_one_connection_id(ctx: ReducerContext) -> None:
    ctx.db.one_connection_id.insert(OneConnectionId(a=connection_of(ctx)))


@reducer
def insert_caller_vec_connection_id(ctx: ReducerContext) -> None:
    ctx.db.vec_connection_id.insert(VecConnectionId(a=[connection_of(ctx)]))


@reducer
def insert_caller_unique_connection_id(ctx: ReducerContext, data: i32) -> None:
    ctx.db.unique_connection_id.insert(UNIQUE["ConnectionId"](a=connection_of(ctx), data=data))


@reducer
def insert_caller_pk_connection_id(ctx: ReducerContext, data: i32) -> None:
    ctx.db.pk_connection_id.insert(PK["ConnectionId"](a=connection_of(ctx), data=data))


@reducer
def insert_call_timestamp(ctx: ReducerContext) -> None:
    ctx.db.one_timestamp.insert(OneTimestamp(t=ctx.timestamp))


@reducer
def insert_call_uuid_v_4(ctx: ReducerContext) -> None:
    ctx.db.one_uuid.insert(OneUuid(u=ctx.uuid4()))


@reducer
def insert_call_uuid_v_7(ctx: ReducerContext) -> None:
    ctx.db.one_uuid.insert(OneUuid(u=ctx.uuid7()))


@reducer
def sorted_uuids_insert(ctx: ReducerContext) -> None:
    for _ in range(1000):
        ctx.db.pk_uuid.insert(PK["Uuid"](u=ctx.uuid7(), data=0))
    inserted = [row.u for row in ctx.db.pk_uuid]
    if inserted != sorted(inserted):
        raise ReducerError("UUIDs are not sorted correctly")


@reducer
def update_pk_simple_enum(ctx: ReducerContext, a: SimpleEnum, data: i32) -> None:
    row = ctx.db.pk_simple_enum.a.find(a)
    if row is None:
        raise ReducerError("row not found")
    row.data = data
    ctx.db.pk_simple_enum.a.update(row)


@reducer
def insert_primitives_as_strings(ctx: ReducerContext, s: EveryPrimitiveStruct) -> None:
    integers = [s.a, s.b, s.c, s.d, s.e, s.f, s.g, s.h, s.i, s.j, s.k, s.l]
    texts = [str(number) for number in integers]
    texts += [str(s.m).lower(), single_text(s.n), double_text(s.o), s.p]
    texts += [str(s.q), str(s.r), time_text(s.s), str(s.t), str(s.u)]
    ctx.db.vec_string.insert(VecString(s=texts))


# Numbers and times are written as Rust does.


def double_text(number: f64) -> str:
    return f"{Decimal(repr(number)):f}".removesuffix(".0")


def single_text(number: f32) -> str:
    """The shortest text that gives the same number of 32 bits when read back."""
    bits = struct.pack("<f", number)
    shortest = next(text for digits in range(1, 10) if struct.pack("<f", float(text := f"{number:.{digits}g}")) == bits)
    return double_text(float(shortest))


def time_text(moment: Timestamp) -> str:
    micros = int(moment) % 1_000_000
    timespec = "microseconds" if micros % 1000 else "milliseconds" if micros else "seconds"
    return moment.to_datetime().isoformat(timespec=timespec)
