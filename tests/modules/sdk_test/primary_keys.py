"""Tables with a primary key, of every type that can be one."""

from stdbpy import (
    ConnectionId,
    Identity,
    ReducerContext,
    column,
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

from .types import SimpleEnum


@table(public=True)
class PkU8:
    n: u8 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_u8(ctx: ReducerContext, n: u8, data: i32) -> None:
    ctx.db.pk_u8.insert(PkU8(n=n, data=data))


@reducer
def update_pk_u8(ctx: ReducerContext, n: u8, data: i32) -> None:
    ctx.db.pk_u8.n.update(PkU8(n=n, data=data))


@reducer
def delete_pk_u8(ctx: ReducerContext, n: u8) -> None:
    ctx.db.pk_u8.n.delete(n)


@table(public=True)
class PkU16:
    n: u16 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_u16(ctx: ReducerContext, n: u16, data: i32) -> None:
    ctx.db.pk_u16.insert(PkU16(n=n, data=data))


@reducer
def update_pk_u16(ctx: ReducerContext, n: u16, data: i32) -> None:
    ctx.db.pk_u16.n.update(PkU16(n=n, data=data))


@reducer
def delete_pk_u16(ctx: ReducerContext, n: u16) -> None:
    ctx.db.pk_u16.n.delete(n)


@table(public=True)
class PkU32:
    n: u32 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_u32(ctx: ReducerContext, n: u32, data: i32) -> None:
    ctx.db.pk_u32.insert(PkU32(n=n, data=data))


@reducer
def update_pk_u32(ctx: ReducerContext, n: u32, data: i32) -> None:
    ctx.db.pk_u32.n.update(PkU32(n=n, data=data))


@reducer
def delete_pk_u32(ctx: ReducerContext, n: u32) -> None:
    ctx.db.pk_u32.n.delete(n)


@table(public=True)
class PkU32Two:
    n: u32 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_u32_two(ctx: ReducerContext, n: u32, data: i32) -> None:
    ctx.db.pk_u32_two.insert(PkU32Two(n=n, data=data))


@reducer
def update_pk_u32_two(ctx: ReducerContext, n: u32, data: i32) -> None:
    ctx.db.pk_u32_two.n.update(PkU32Two(n=n, data=data))


@reducer
def delete_pk_u32_two(ctx: ReducerContext, n: u32) -> None:
    ctx.db.pk_u32_two.n.delete(n)


@table(public=True)
class PkU64:
    n: u64 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_u64(ctx: ReducerContext, n: u64, data: i32) -> None:
    ctx.db.pk_u64.insert(PkU64(n=n, data=data))


@reducer
def update_pk_u64(ctx: ReducerContext, n: u64, data: i32) -> None:
    ctx.db.pk_u64.n.update(PkU64(n=n, data=data))


@reducer
def delete_pk_u64(ctx: ReducerContext, n: u64) -> None:
    ctx.db.pk_u64.n.delete(n)


@table(public=True)
class PkU128:
    n: u128 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_u128(ctx: ReducerContext, n: u128, data: i32) -> None:
    ctx.db.pk_u128.insert(PkU128(n=n, data=data))


@reducer
def update_pk_u128(ctx: ReducerContext, n: u128, data: i32) -> None:
    ctx.db.pk_u128.n.update(PkU128(n=n, data=data))


@reducer
def delete_pk_u128(ctx: ReducerContext, n: u128) -> None:
    ctx.db.pk_u128.n.delete(n)


@table(public=True)
class PkU256:
    n: u256 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_u256(ctx: ReducerContext, n: u256, data: i32) -> None:
    ctx.db.pk_u256.insert(PkU256(n=n, data=data))


@reducer
def update_pk_u256(ctx: ReducerContext, n: u256, data: i32) -> None:
    ctx.db.pk_u256.n.update(PkU256(n=n, data=data))


@reducer
def delete_pk_u256(ctx: ReducerContext, n: u256) -> None:
    ctx.db.pk_u256.n.delete(n)


@table(public=True)
class PkI8:
    n: i8 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_i8(ctx: ReducerContext, n: i8, data: i32) -> None:
    ctx.db.pk_i8.insert(PkI8(n=n, data=data))


@reducer
def update_pk_i8(ctx: ReducerContext, n: i8, data: i32) -> None:
    ctx.db.pk_i8.n.update(PkI8(n=n, data=data))


@reducer
def delete_pk_i8(ctx: ReducerContext, n: i8) -> None:
    ctx.db.pk_i8.n.delete(n)


@table(public=True)
class PkI16:
    n: i16 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_i16(ctx: ReducerContext, n: i16, data: i32) -> None:
    ctx.db.pk_i16.insert(PkI16(n=n, data=data))


@reducer
def update_pk_i16(ctx: ReducerContext, n: i16, data: i32) -> None:
    ctx.db.pk_i16.n.update(PkI16(n=n, data=data))


@reducer
def delete_pk_i16(ctx: ReducerContext, n: i16) -> None:
    ctx.db.pk_i16.n.delete(n)


@table(public=True)
class PkI32:
    n: i32 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_i32(ctx: ReducerContext, n: i32, data: i32) -> None:
    ctx.db.pk_i32.insert(PkI32(n=n, data=data))


@reducer
def update_pk_i32(ctx: ReducerContext, n: i32, data: i32) -> None:
    ctx.db.pk_i32.n.update(PkI32(n=n, data=data))


@reducer
def delete_pk_i32(ctx: ReducerContext, n: i32) -> None:
    ctx.db.pk_i32.n.delete(n)


@table(public=True)
class PkI64:
    n: i64 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_i64(ctx: ReducerContext, n: i64, data: i32) -> None:
    ctx.db.pk_i64.insert(PkI64(n=n, data=data))


@reducer
def update_pk_i64(ctx: ReducerContext, n: i64, data: i32) -> None:
    ctx.db.pk_i64.n.update(PkI64(n=n, data=data))


@reducer
def delete_pk_i64(ctx: ReducerContext, n: i64) -> None:
    ctx.db.pk_i64.n.delete(n)


@table(public=True)
class PkI128:
    n: i128 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_i128(ctx: ReducerContext, n: i128, data: i32) -> None:
    ctx.db.pk_i128.insert(PkI128(n=n, data=data))


@reducer
def update_pk_i128(ctx: ReducerContext, n: i128, data: i32) -> None:
    ctx.db.pk_i128.n.update(PkI128(n=n, data=data))


@reducer
def delete_pk_i128(ctx: ReducerContext, n: i128) -> None:
    ctx.db.pk_i128.n.delete(n)


@table(public=True)
class PkI256:
    n: i256 = column(primary_key=True)
    data: i32


@reducer
def insert_pk_i256(ctx: ReducerContext, n: i256, data: i32) -> None:
    ctx.db.pk_i256.insert(PkI256(n=n, data=data))


@reducer
def update_pk_i256(ctx: ReducerContext, n: i256, data: i32) -> None:
    ctx.db.pk_i256.n.update(PkI256(n=n, data=data))


@reducer
def delete_pk_i256(ctx: ReducerContext, n: i256) -> None:
    ctx.db.pk_i256.n.delete(n)


@table(public=True)
class PkBool:
    b: bool = column(primary_key=True)
    data: i32


@reducer
def insert_pk_bool(ctx: ReducerContext, b: bool, data: i32) -> None:
    ctx.db.pk_bool.insert(PkBool(b=b, data=data))


@reducer
def update_pk_bool(ctx: ReducerContext, b: bool, data: i32) -> None:
    ctx.db.pk_bool.b.update(PkBool(b=b, data=data))


@reducer
def delete_pk_bool(ctx: ReducerContext, b: bool) -> None:
    ctx.db.pk_bool.b.delete(b)


@table(public=True)
class PkString:
    s: str = column(primary_key=True)
    data: i32


@reducer
def insert_pk_string(ctx: ReducerContext, s: str, data: i32) -> None:
    ctx.db.pk_string.insert(PkString(s=s, data=data))


@reducer
def update_pk_string(ctx: ReducerContext, s: str, data: i32) -> None:
    ctx.db.pk_string.s.update(PkString(s=s, data=data))


@reducer
def delete_pk_string(ctx: ReducerContext, s: str) -> None:
    ctx.db.pk_string.s.delete(s)


@table(public=True)
class PkIdentity:
    i: Identity = column(primary_key=True)
    data: i32


@reducer
def insert_pk_identity(ctx: ReducerContext, i: Identity, data: i32) -> None:
    ctx.db.pk_identity.insert(PkIdentity(i=i, data=data))


@reducer
def update_pk_identity(ctx: ReducerContext, i: Identity, data: i32) -> None:
    ctx.db.pk_identity.i.update(PkIdentity(i=i, data=data))


@reducer
def delete_pk_identity(ctx: ReducerContext, i: Identity) -> None:
    ctx.db.pk_identity.i.delete(i)


@table(public=True)
class PkConnectionId:
    a: ConnectionId = column(primary_key=True)
    data: i32


@reducer
def insert_pk_connection_id(ctx: ReducerContext, a: ConnectionId, data: i32) -> None:
    ctx.db.pk_connection_id.insert(PkConnectionId(a=a, data=data))


@reducer
def update_pk_connection_id(ctx: ReducerContext, a: ConnectionId, data: i32) -> None:
    ctx.db.pk_connection_id.a.update(PkConnectionId(a=a, data=data))


@reducer
def delete_pk_connection_id(ctx: ReducerContext, a: ConnectionId) -> None:
    ctx.db.pk_connection_id.a.delete(a)


@table(public=True)
class PkSimpleEnum:
    a: SimpleEnum = column(primary_key=True)
    data: i32


@reducer
def insert_pk_simple_enum(ctx: ReducerContext, a: SimpleEnum, data: i32) -> None:
    ctx.db.pk_simple_enum.insert(PkSimpleEnum(a=a, data=data))
