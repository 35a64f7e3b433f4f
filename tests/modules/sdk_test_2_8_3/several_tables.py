"""Reducers that touch several rows or tables."""

from stdbpy import ReducerContext, i32, reducer, u32

from .tables import PK, UNIQUE, BTreeU32, PkU32Two

PkU32, UniqueU32 = PK["U32"], UNIQUE["U32"]


@reducer
def insert_into_btree_u_32(ctx: ReducerContext, rows: list[BTreeU32]) -> None:
    for row in rows:
        ctx.db.btree_u_32.insert(row)


@reducer
def delete_from_btree_u_32(ctx: ReducerContext, rows: list[BTreeU32]) -> None:
    for row in rows:
        ctx.db.btree_u_32.delete(row)


@reducer
def insert_into_pk_btree_u_32(ctx: ReducerContext, pk_u32: list[PkU32], bt_u32: list[BTreeU32]) -> None:
    for pk_row in pk_u32:
        ctx.db.pk_u_32.insert(pk_row)
    for btree_row in bt_u32:
        ctx.db.btree_u_32.insert(btree_row)


@reducer
def insert_unique_u_32_update_pk_u_32(ctx: ReducerContext, n: u32, d_unique: i32, d_pk: i32) -> None:
    ctx.db.unique_u_32.insert(UniqueU32(n=n, data=d_unique))
    ctx.db.pk_u_32.n.update(PkU32(n=n, data=d_pk))


@reducer
def delete_pk_u_32_insert_pk_u_32_two(ctx: ReducerContext, n: u32, data: i32) -> None:
    ctx.db.pk_u_32_two.insert(PkU32Two(n=n, data=data))
    ctx.db.pk_u_32.delete(PkU32(n=n, data=data))
