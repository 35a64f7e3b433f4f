"""Tables with a unique column that is not the primary key, of every type that can be one."""

from typing import Any

from stdbpy import (
    ConnectionId,
    Identity,
    ReducerContext,
    Table,
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


def replace(rows: Table[Any], key: str, row: Any) -> None:
    """What ``update`` is for a primary key."""
    if not rows[key].delete(getattr(row, key)):
        raise LookupError(f"there is no row with {key} {getattr(row, key)!r}")
    rows.insert(row)


@table(public=True)
class UniqueU8:
    n: u8 = column(unique=True)
    data: i32


@reducer
def insert_unique_u8(ctx: ReducerContext, n: u8, data: i32) -> None:
    ctx.db.unique_u8.insert(UniqueU8(n=n, data=data))


@reducer
def update_unique_u8(ctx: ReducerContext, n: u8, data: i32) -> None:
    replace(ctx.db.unique_u8, "n", UniqueU8(n=n, data=data))


@reducer
def delete_unique_u8(ctx: ReducerContext, n: u8) -> None:
    ctx.db.unique_u8.n.delete(n)


@table(public=True)
class UniqueU16:
    n: u16 = column(unique=True)
    data: i32


@reducer
def insert_unique_u16(ctx: ReducerContext, n: u16, data: i32) -> None:
    ctx.db.unique_u16.insert(UniqueU16(n=n, data=data))


@reducer
def update_unique_u16(ctx: ReducerContext, n: u16, data: i32) -> None:
    replace(ctx.db.unique_u16, "n", UniqueU16(n=n, data=data))


@reducer
def delete_unique_u16(ctx: ReducerContext, n: u16) -> None:
    ctx.db.unique_u16.n.delete(n)


@table(public=True)
class UniqueU32:
    n: u32 = column(unique=True)
    data: i32


@reducer
def insert_unique_u32(ctx: ReducerContext, n: u32, data: i32) -> None:
    ctx.db.unique_u32.insert(UniqueU32(n=n, data=data))


@reducer
def update_unique_u32(ctx: ReducerContext, n: u32, data: i32) -> None:
    replace(ctx.db.unique_u32, "n", UniqueU32(n=n, data=data))


@reducer
def delete_unique_u32(ctx: ReducerContext, n: u32) -> None:
    ctx.db.unique_u32.n.delete(n)


@table(public=True)
class UniqueU64:
    n: u64 = column(unique=True)
    data: i32


@reducer
def insert_unique_u64(ctx: ReducerContext, n: u64, data: i32) -> None:
    ctx.db.unique_u64.insert(UniqueU64(n=n, data=data))


@reducer
def update_unique_u64(ctx: ReducerContext, n: u64, data: i32) -> None:
    replace(ctx.db.unique_u64, "n", UniqueU64(n=n, data=data))


@reducer
def delete_unique_u64(ctx: ReducerContext, n: u64) -> None:
    ctx.db.unique_u64.n.delete(n)


@table(public=True)
class UniqueU128:
    n: u128 = column(unique=True)
    data: i32


@reducer
def insert_unique_u128(ctx: ReducerContext, n: u128, data: i32) -> None:
    ctx.db.unique_u128.insert(UniqueU128(n=n, data=data))


@reducer
def update_unique_u128(ctx: ReducerContext, n: u128, data: i32) -> None:
    replace(ctx.db.unique_u128, "n", UniqueU128(n=n, data=data))


@reducer
def delete_unique_u128(ctx: ReducerContext, n: u128) -> None:
    ctx.db.unique_u128.n.delete(n)


@table(public=True)
class UniqueU256:
    n: u256 = column(unique=True)
    data: i32


@reducer
def insert_unique_u256(ctx: ReducerContext, n: u256, data: i32) -> None:
    ctx.db.unique_u256.insert(UniqueU256(n=n, data=data))


@reducer
def update_unique_u256(ctx: ReducerContext, n: u256, data: i32) -> None:
    replace(ctx.db.unique_u256, "n", UniqueU256(n=n, data=data))


@reducer
def delete_unique_u256(ctx: ReducerContext, n: u256) -> None:
    ctx.db.unique_u256.n.delete(n)


@table(public=True)
class UniqueI8:
    n: i8 = column(unique=True)
    data: i32


@reducer
def insert_unique_i8(ctx: ReducerContext, n: i8, data: i32) -> None:
    ctx.db.unique_i8.insert(UniqueI8(n=n, data=data))


@reducer
def update_unique_i8(ctx: ReducerContext, n: i8, data: i32) -> None:
    replace(ctx.db.unique_i8, "n", UniqueI8(n=n, data=data))


@reducer
def delete_unique_i8(ctx: ReducerContext, n: i8) -> None:
    ctx.db.unique_i8.n.delete(n)


@table(public=True)
class UniqueI16:
    n: i16 = column(unique=True)
    data: i32


@reducer
def insert_unique_i16(ctx: ReducerContext, n: i16, data: i32) -> None:
    ctx.db.unique_i16.insert(UniqueI16(n=n, data=data))


@reducer
def update_unique_i16(ctx: ReducerContext, n: i16, data: i32) -> None:
    replace(ctx.db.unique_i16, "n", UniqueI16(n=n, data=data))


@reducer
def delete_unique_i16(ctx: ReducerContext, n: i16) -> None:
    ctx.db.unique_i16.n.delete(n)


@table(public=True)
class UniqueI32:
    n: i32 = column(unique=True)
    data: i32


@reducer
def insert_unique_i32(ctx: ReducerContext, n: i32, data: i32) -> None:
    ctx.db.unique_i32.insert(UniqueI32(n=n, data=data))


@reducer
def update_unique_i32(ctx: ReducerContext, n: i32, data: i32) -> None:
    replace(ctx.db.unique_i32, "n", UniqueI32(n=n, data=data))


@reducer
def delete_unique_i32(ctx: ReducerContext, n: i32) -> None:
    ctx.db.unique_i32.n.delete(n)


@table(public=True)
class UniqueI64:
    n: i64 = column(unique=True)
    data: i32


@reducer
def insert_unique_i64(ctx: ReducerContext, n: i64, data: i32) -> None:
    ctx.db.unique_i64.insert(UniqueI64(n=n, data=data))


@reducer
def update_unique_i64(ctx: ReducerContext, n: i64, data: i32) -> None:
    replace(ctx.db.unique_i64, "n", UniqueI64(n=n, data=data))


@reducer
def delete_unique_i64(ctx: ReducerContext, n: i64) -> None:
    ctx.db.unique_i64.n.delete(n)


@table(public=True)
class UniqueI128:
    n: i128 = column(unique=True)
    data: i32


@reducer
def insert_unique_i128(ctx: ReducerContext, n: i128, data: i32) -> None:
    ctx.db.unique_i128.insert(UniqueI128(n=n, data=data))


@reducer
def update_unique_i128(ctx: ReducerContext, n: i128, data: i32) -> None:
    replace(ctx.db.unique_i128, "n", UniqueI128(n=n, data=data))


@reducer
def delete_unique_i128(ctx: ReducerContext, n: i128) -> None:
    ctx.db.unique_i128.n.delete(n)


@table(public=True)
class UniqueI256:
    n: i256 = column(unique=True)
    data: i32


@reducer
def insert_unique_i256(ctx: ReducerContext, n: i256, data: i32) -> None:
    ctx.db.unique_i256.insert(UniqueI256(n=n, data=data))


@reducer
def update_unique_i256(ctx: ReducerContext, n: i256, data: i32) -> None:
    replace(ctx.db.unique_i256, "n", UniqueI256(n=n, data=data))


@reducer
def delete_unique_i256(ctx: ReducerContext, n: i256) -> None:
    ctx.db.unique_i256.n.delete(n)


@table(public=True)
class UniqueBool:
    b: bool = column(unique=True)
    data: i32


@reducer
def insert_unique_bool(ctx: ReducerContext, b: bool, data: i32) -> None:
    ctx.db.unique_bool.insert(UniqueBool(b=b, data=data))


@reducer
def update_unique_bool(ctx: ReducerContext, b: bool, data: i32) -> None:
    replace(ctx.db.unique_bool, "b", UniqueBool(b=b, data=data))


@reducer
def delete_unique_bool(ctx: ReducerContext, b: bool) -> None:
    ctx.db.unique_bool.b.delete(b)


@table(public=True)
class UniqueString:
    s: str = column(unique=True)
    data: i32


@reducer
def insert_unique_string(ctx: ReducerContext, s: str, data: i32) -> None:
    ctx.db.unique_string.insert(UniqueString(s=s, data=data))


@reducer
def update_unique_string(ctx: ReducerContext, s: str, data: i32) -> None:
    replace(ctx.db.unique_string, "s", UniqueString(s=s, data=data))


@reducer
def delete_unique_string(ctx: ReducerContext, s: str) -> None:
    ctx.db.unique_string.s.delete(s)


@table(public=True)
class UniqueIdentity:
    i: Identity = column(unique=True)
    data: i32


@reducer
def insert_unique_identity(ctx: ReducerContext, i: Identity, data: i32) -> None:
    ctx.db.unique_identity.insert(UniqueIdentity(i=i, data=data))


@reducer
def update_unique_identity(ctx: ReducerContext, i: Identity, data: i32) -> None:
    replace(ctx.db.unique_identity, "i", UniqueIdentity(i=i, data=data))


@reducer
def delete_unique_identity(ctx: ReducerContext, i: Identity) -> None:
    ctx.db.unique_identity.i.delete(i)


@table(public=True)
class UniqueConnectionId:
    a: ConnectionId = column(unique=True)
    data: i32


@reducer
def insert_unique_connection_id(ctx: ReducerContext, a: ConnectionId, data: i32) -> None:
    ctx.db.unique_connection_id.insert(UniqueConnectionId(a=a, data=data))


@reducer
def update_unique_connection_id(ctx: ReducerContext, a: ConnectionId, data: i32) -> None:
    replace(ctx.db.unique_connection_id, "a", UniqueConnectionId(a=a, data=data))


@reducer
def delete_unique_connection_id(ctx: ReducerContext, a: ConnectionId) -> None:
    ctx.db.unique_connection_id.a.delete(a)
