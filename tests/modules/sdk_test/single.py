"""Tables of one column, of every type."""

from stdbpy import (
    ConnectionId,
    Identity,
    ReducerContext,
    Timestamp,
    client_visibility_filter,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    i128,
    i256,
    reducer,
    table,
    u8,
    u16,
    u32,
    u64,
    u128,
    u256,
)

from .types import ByteStruct, EnumWithPayload, EveryPrimitiveStruct, EveryVecStruct, SimpleEnum, UnitStruct


@table(public=True)
class OneU8:
    n: u8


client_visibility_filter("SELECT * FROM one_u8")


@reducer
def insert_one_u8(ctx: ReducerContext, n: u8) -> None:
    ctx.db.one_u8.insert(OneU8(n=n))


@table(public=True)
class OneU16:
    n: u16


@reducer
def insert_one_u16(ctx: ReducerContext, n: u16) -> None:
    ctx.db.one_u16.insert(OneU16(n=n))


@table(public=True)
class OneU32:
    n: u32


@reducer
def insert_one_u32(ctx: ReducerContext, n: u32) -> None:
    ctx.db.one_u32.insert(OneU32(n=n))


@table(public=True)
class OneU64:
    n: u64


@reducer
def insert_one_u64(ctx: ReducerContext, n: u64) -> None:
    ctx.db.one_u64.insert(OneU64(n=n))


@table(public=True)
class OneU128:
    n: u128


@reducer
def insert_one_u128(ctx: ReducerContext, n: u128) -> None:
    ctx.db.one_u128.insert(OneU128(n=n))


@table(public=True)
class OneU256:
    n: u256


@reducer
def insert_one_u256(ctx: ReducerContext, n: u256) -> None:
    ctx.db.one_u256.insert(OneU256(n=n))


@table(public=True)
class OneI8:
    n: i8


@reducer
def insert_one_i8(ctx: ReducerContext, n: i8) -> None:
    ctx.db.one_i8.insert(OneI8(n=n))


@table(public=True)
class OneI16:
    n: i16


@reducer
def insert_one_i16(ctx: ReducerContext, n: i16) -> None:
    ctx.db.one_i16.insert(OneI16(n=n))


@table(public=True)
class OneI32:
    n: i32


@reducer
def insert_one_i32(ctx: ReducerContext, n: i32) -> None:
    ctx.db.one_i32.insert(OneI32(n=n))


@table(public=True)
class OneI64:
    n: i64


@reducer
def insert_one_i64(ctx: ReducerContext, n: i64) -> None:
    ctx.db.one_i64.insert(OneI64(n=n))


@table(public=True)
class OneI128:
    n: i128


@reducer
def insert_one_i128(ctx: ReducerContext, n: i128) -> None:
    ctx.db.one_i128.insert(OneI128(n=n))


@table(public=True)
class OneI256:
    n: i256


@reducer
def insert_one_i256(ctx: ReducerContext, n: i256) -> None:
    ctx.db.one_i256.insert(OneI256(n=n))


@table(public=True)
class OneBool:
    b: bool


@reducer
def insert_one_bool(ctx: ReducerContext, b: bool) -> None:
    ctx.db.one_bool.insert(OneBool(b=b))


@table(public=True)
class OneF32:
    f: f32


@reducer
def insert_one_f32(ctx: ReducerContext, f: f32) -> None:
    ctx.db.one_f32.insert(OneF32(f=f))


@table(public=True)
class OneF64:
    f: f64


@reducer
def insert_one_f64(ctx: ReducerContext, f: f64) -> None:
    ctx.db.one_f64.insert(OneF64(f=f))


@table(public=True)
class OneString:
    s: str


@reducer
def insert_one_string(ctx: ReducerContext, s: str) -> None:
    ctx.db.one_string.insert(OneString(s=s))


@table(public=True)
class OneIdentity:
    i: Identity


@reducer
def insert_one_identity(ctx: ReducerContext, i: Identity) -> None:
    ctx.db.one_identity.insert(OneIdentity(i=i))


@table(public=True)
class OneConnectionId:
    a: ConnectionId


@reducer
def insert_one_connection_id(ctx: ReducerContext, a: ConnectionId) -> None:
    ctx.db.one_connection_id.insert(OneConnectionId(a=a))


@table(public=True)
class OneTimestamp:
    t: Timestamp


@reducer
def insert_one_timestamp(ctx: ReducerContext, t: Timestamp) -> None:
    ctx.db.one_timestamp.insert(OneTimestamp(t=t))


@table(public=True)
class OneSimpleEnum:
    e: SimpleEnum


@reducer
def insert_one_simple_enum(ctx: ReducerContext, e: SimpleEnum) -> None:
    ctx.db.one_simple_enum.insert(OneSimpleEnum(e=e))


@table(public=True)
class OneEnumWithPayload:
    e: EnumWithPayload


@reducer
def insert_one_enum_with_payload(ctx: ReducerContext, e: EnumWithPayload) -> None:
    ctx.db.one_enum_with_payload.insert(OneEnumWithPayload(e=e))


@table(public=True)
class OneUnitStruct:
    s: UnitStruct


@reducer
def insert_one_unit_struct(ctx: ReducerContext, s: UnitStruct) -> None:
    ctx.db.one_unit_struct.insert(OneUnitStruct(s=s))


@table(public=True)
class OneByteStruct:
    s: ByteStruct


@reducer
def insert_one_byte_struct(ctx: ReducerContext, s: ByteStruct) -> None:
    ctx.db.one_byte_struct.insert(OneByteStruct(s=s))


@table(public=True)
class OneEveryPrimitiveStruct:
    s: EveryPrimitiveStruct


@reducer
def insert_one_every_primitive_struct(ctx: ReducerContext, s: EveryPrimitiveStruct) -> None:
    ctx.db.one_every_primitive_struct.insert(OneEveryPrimitiveStruct(s=s))


@table(public=True)
class OneEveryVecStruct:
    s: EveryVecStruct


@reducer
def insert_one_every_vec_struct(ctx: ReducerContext, s: EveryVecStruct) -> None:
    ctx.db.one_every_vec_struct.insert(OneEveryVecStruct(s=s))
