"""Tables of many columns, and of rows of other tables; reducers that touch several tables."""
# ruff: noqa: E741 - columns are called a, b, c, ...

from stdbpy import (
    ReducerContext,
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

from .indexed import BTreeU32
from .lists import VecU8
from .primary_keys import PkU32, PkU32Two
from .single import OneU8
from .types import ByteStruct, EnumWithPayload, EveryPrimitiveStruct, EveryVecStruct, SimpleEnum, UnitStruct
from .unique import UniqueU32


@table(public=True)
class LargeTable:
    a: u8
    b: u16
    c: u32
    d: u64
    e: u128
    f: u256
    g: i8
    h: i16
    i: i32
    j: i64
    k: i128
    l: i256
    m: bool
    n: f32
    o: f64
    p: str
    q: SimpleEnum
    r: EnumWithPayload
    s: UnitStruct
    t: ByteStruct
    u: EveryPrimitiveStruct
    v: EveryVecStruct


@reducer
def insert_large_table(
    ctx: ReducerContext,
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: u128,
    f: u256,
    g: i8,
    h: i16,
    i: i32,
    j: i64,
    k: i128,
    l: i256,
    m: bool,
    n: f32,
    o: f64,
    p: str,
    q: SimpleEnum,
    r: EnumWithPayload,
    s: UnitStruct,
    t: ByteStruct,
    u: EveryPrimitiveStruct,
    v: EveryVecStruct,
) -> None:
    ctx.db.large_table.insert(
        LargeTable(
            a=a, b=b, c=c, d=d, e=e, f=f, g=g, h=h, i=i, j=j, k=k, l=l, m=m, n=n, o=o, p=p, q=q, r=r, s=s, t=t, u=u, v=v
        )
    )


@reducer
def delete_large_table(
    ctx: ReducerContext,
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: u128,
    f: u256,
    g: i8,
    h: i16,
    i: i32,
    j: i64,
    k: i128,
    l: i256,
    m: bool,
    n: f32,
    o: f64,
    p: str,
    q: SimpleEnum,
    r: EnumWithPayload,
    s: UnitStruct,
    t: ByteStruct,
    u: EveryPrimitiveStruct,
    v: EveryVecStruct,
) -> None:
    ctx.db.large_table.delete(
        LargeTable(
            a=a, b=b, c=c, d=d, e=e, f=f, g=g, h=h, i=i, j=j, k=k, l=l, m=m, n=n, o=o, p=p, q=q, r=r, s=s, t=t, u=u, v=v
        )
    )


@table(public=True)
class TableHoldsTable:
    a: OneU8
    b: VecU8


@reducer
def insert_table_holds_table(ctx: ReducerContext, a: OneU8, b: VecU8) -> None:
    ctx.db.table_holds_table.insert(TableHoldsTable(a=a, b=b))


@reducer
def insert_into_pk_btree_u32(ctx: ReducerContext, pk_u32: list[PkU32], bt_u32: list[BTreeU32]) -> None:
    for pk_row in pk_u32:
        ctx.db.pk_u32.insert(pk_row)
    for btree_row in bt_u32:
        ctx.db.btree_u32.insert(btree_row)


@reducer
def insert_unique_u32_update_pk_u32(ctx: ReducerContext, n: u32, d_unique: i32, d_pk: i32) -> None:
    ctx.db.unique_u32.insert(UniqueU32(n=n, data=d_unique))
    ctx.db.pk_u32.n.update(PkU32(n=n, data=d_pk))


@reducer
def delete_pk_u32_insert_pk_u32_two(ctx: ReducerContext, n: u32, data: i32) -> None:
    ctx.db.pk_u32_two.insert(PkU32Two(n=n, data=data))
    ctx.db.pk_u32.delete(PkU32(n=n, data=data))
