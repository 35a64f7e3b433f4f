"""Tables of one column that is a list, of every type."""

from stdbpy import (
    ConnectionId,
    Identity,
    ReducerContext,
    Timestamp,
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
    u16,
    u32,
    u64,
    u128,
    u256,
)

from .types import ByteStruct, EnumWithPayload, EveryPrimitiveStruct, EveryVecStruct, SimpleEnum, UnitStruct


@table(public=True)
class VecU8:
    n: bytes


@reducer
def insert_vec_u8(ctx: ReducerContext, n: bytes) -> None:
    ctx.db.vec_u8.insert(VecU8(n=n))


@table(public=True)
class VecU16:
    n: list[u16]


@reducer
def insert_vec_u16(ctx: ReducerContext, n: list[u16]) -> None:
    ctx.db.vec_u16.insert(VecU16(n=n))


@table(public=True)
class VecU32:
    n: list[u32]


@reducer
def insert_vec_u32(ctx: ReducerContext, n: list[u32]) -> None:
    ctx.db.vec_u32.insert(VecU32(n=n))


@table(public=True)
class VecU64:
    n: list[u64]


@reducer
def insert_vec_u64(ctx: ReducerContext, n: list[u64]) -> None:
    ctx.db.vec_u64.insert(VecU64(n=n))


@table(public=True)
class VecU128:
    n: list[u128]


@reducer
def insert_vec_u128(ctx: ReducerContext, n: list[u128]) -> None:
    ctx.db.vec_u128.insert(VecU128(n=n))


@table(public=True)
class VecU256:
    n: list[u256]


@reducer
def insert_vec_u256(ctx: ReducerContext, n: list[u256]) -> None:
    ctx.db.vec_u256.insert(VecU256(n=n))


@table(public=True)
class VecI8:
    n: list[i8]


@reducer
def insert_vec_i8(ctx: ReducerContext, n: list[i8]) -> None:
    ctx.db.vec_i8.insert(VecI8(n=n))


@table(public=True)
class VecI16:
    n: list[i16]


@reducer
def insert_vec_i16(ctx: ReducerContext, n: list[i16]) -> None:
    ctx.db.vec_i16.insert(VecI16(n=n))


@table(public=True)
class VecI32:
    n: list[i32]


@reducer
def insert_vec_i32(ctx: ReducerContext, n: list[i32]) -> None:
    ctx.db.vec_i32.insert(VecI32(n=n))


@table(public=True)
class VecI64:
    n: list[i64]


@reducer
def insert_vec_i64(ctx: ReducerContext, n: list[i64]) -> None:
    ctx.db.vec_i64.insert(VecI64(n=n))


@table(public=True)
class VecI128:
    n: list[i128]


@reducer
def insert_vec_i128(ctx: ReducerContext, n: list[i128]) -> None:
    ctx.db.vec_i128.insert(VecI128(n=n))


@table(public=True)
class VecI256:
    n: list[i256]


@reducer
def insert_vec_i256(ctx: ReducerContext, n: list[i256]) -> None:
    ctx.db.vec_i256.insert(VecI256(n=n))


@table(public=True)
class VecBool:
    b: list[bool]


@reducer
def insert_vec_bool(ctx: ReducerContext, b: list[bool]) -> None:
    ctx.db.vec_bool.insert(VecBool(b=b))


@table(public=True)
class VecF32:
    f: list[f32]


@reducer
def insert_vec_f32(ctx: ReducerContext, f: list[f32]) -> None:
    ctx.db.vec_f32.insert(VecF32(f=f))


@table(public=True)
class VecF64:
    f: list[f64]


@reducer
def insert_vec_f64(ctx: ReducerContext, f: list[f64]) -> None:
    ctx.db.vec_f64.insert(VecF64(f=f))


@table(public=True)
class VecString:
    s: list[str]


@reducer
def insert_vec_string(ctx: ReducerContext, s: list[str]) -> None:
    ctx.db.vec_string.insert(VecString(s=s))


@table(public=True)
class VecIdentity:
    i: list[Identity]


@reducer
def insert_vec_identity(ctx: ReducerContext, i: list[Identity]) -> None:
    ctx.db.vec_identity.insert(VecIdentity(i=i))


@table(public=True)
class VecConnectionId:
    a: list[ConnectionId]


@reducer
def insert_vec_connection_id(ctx: ReducerContext, a: list[ConnectionId]) -> None:
    ctx.db.vec_connection_id.insert(VecConnectionId(a=a))


@table(public=True)
class VecTimestamp:
    t: list[Timestamp]


@reducer
def insert_vec_timestamp(ctx: ReducerContext, t: list[Timestamp]) -> None:
    ctx.db.vec_timestamp.insert(VecTimestamp(t=t))


@table(public=True)
class VecSimpleEnum:
    e: list[SimpleEnum]


@reducer
def insert_vec_simple_enum(ctx: ReducerContext, e: list[SimpleEnum]) -> None:
    ctx.db.vec_simple_enum.insert(VecSimpleEnum(e=e))


@table(public=True)
class VecEnumWithPayload:
    e: list[EnumWithPayload]


@reducer
def insert_vec_enum_with_payload(ctx: ReducerContext, e: list[EnumWithPayload]) -> None:
    ctx.db.vec_enum_with_payload.insert(VecEnumWithPayload(e=e))


@table(public=True)
class VecUnitStruct:
    s: list[UnitStruct]


@reducer
def insert_vec_unit_struct(ctx: ReducerContext, s: list[UnitStruct]) -> None:
    ctx.db.vec_unit_struct.insert(VecUnitStruct(s=s))


@table(public=True)
class VecByteStruct:
    s: list[ByteStruct]


@reducer
def insert_vec_byte_struct(ctx: ReducerContext, s: list[ByteStruct]) -> None:
    ctx.db.vec_byte_struct.insert(VecByteStruct(s=s))


@table(public=True)
class VecEveryPrimitiveStruct:
    s: list[EveryPrimitiveStruct]


@reducer
def insert_vec_every_primitive_struct(ctx: ReducerContext, s: list[EveryPrimitiveStruct]) -> None:
    ctx.db.vec_every_primitive_struct.insert(VecEveryPrimitiveStruct(s=s))


@table(public=True)
class VecEveryVecStruct:
    s: list[EveryVecStruct]


@reducer
def insert_vec_every_vec_struct(ctx: ReducerContext, s: list[EveryVecStruct]) -> None:
    ctx.db.vec_every_vec_struct.insert(VecEveryVecStruct(s=s))
