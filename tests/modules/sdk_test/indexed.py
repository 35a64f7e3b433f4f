"""Tables with indexes that are not unique, a table of users, and one with a schedule."""

from stdbpy import (
    Identity,
    ReducerContext,
    ScheduleAt,
    auto_inc,
    client_visibility_filter,
    column,
    f32,
    i32,
    index,
    reducer,
    table,
    u32,
    u64,
)

from .types import SimpleEnum


@table
class IndexedTable:
    player_id: u32 = column(index="btree")


@table(name="indexed_table_2", indexes=[index("player_id_snazz_index", "player_id", "player_snazz")])
class IndexedTable2:
    player_id: u32
    player_snazz: f32


@table(name="btree_u32", public=True)
class BTreeU32:
    n: u32 = column(index="btree")
    data: i32


@reducer
def insert_into_btree_u32(ctx: ReducerContext, rows: list[BTreeU32]) -> None:
    for row in rows:
        ctx.db.btree_u32.insert(row)


@reducer
def delete_from_btree_u32(ctx: ReducerContext, rows: list[BTreeU32]) -> None:
    for row in rows:
        ctx.db.btree_u32.delete(row)


@table(public=True)
class IndexedSimpleEnum:
    n: SimpleEnum = column(index="btree")


@reducer
def insert_into_indexed_simple_enum(ctx: ReducerContext, n: SimpleEnum) -> None:
    ctx.db.indexed_simple_enum.insert(IndexedSimpleEnum(n=n))


@reducer
def update_indexed_simple_enum(ctx: ReducerContext, a: SimpleEnum, b: SimpleEnum) -> None:
    if ctx.db.indexed_simple_enum.n.delete(a):
        ctx.db.indexed_simple_enum.insert(IndexedSimpleEnum(n=b))


client_visibility_filter("SELECT * FROM users WHERE identity = :sender")


@table(public=True)
class Users:
    identity: Identity = column(primary_key=True)
    name: str


@reducer
def insert_user(ctx: ReducerContext, name: str, identity: Identity) -> None:
    ctx.db.users.insert(Users(name=name, identity=identity))


@table(public=True, scheduled="send_scheduled_message")
class ScheduledTable:
    scheduled_id: u64 = auto_inc(primary_key=True)
    scheduled_at: ScheduleAt
    text: str


@reducer
def send_scheduled_message(ctx: ReducerContext, arg: ScheduledTable) -> None:
    pass
