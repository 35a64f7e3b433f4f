"""Mistakes that type checkers must find: each line with one says so at its end."""

from stdbpy import (
    Index,
    PrimaryKey,
    ReducerContext,
    Table,
    Tables,
    Unique,
    at_least,
    auto_inc,
    between,
    client_connected,
    column,
    index,
    reducer,
    table,
    u32,
    u64,
)


@table(public=True, indexes=[index("place", "x", "name")])
class Player:
    id: u64 = auto_inc(primary_key=True)
    name: str = column(unique=True)
    level: u32 = column(index="btree", default=1)
    x: u32 = 0


@table(pubilc=True)  # error
class Misspelt:
    id: u64 = 0


@table
class Columns:
    a: u32 = column(index="tree")  # error
    b: u32 = column(default="text")  # error
    c: str = auto_inc()  # error


class PlayerTable(Table[Player]):
    id: PrimaryKey[Player, u64]
    name: Unique[Player, str]
    level: Index[Player, u32]
    place: Index[Player, u32, str]


class Db(Tables):
    player: PlayerTable
    other: Table[Player]


class Ctx(ReducerContext):
    db: Db


@reducer
def rows(ctx: Ctx) -> None:
    Player()  # error
    Player(name="Ann", levle=3)  # error
    Player(name=3)  # error
    ctx.db.player.insert("Ann")  # error
    ctx.db.player.insert(Misspelt(id=3))  # error
    ctx.db.player.delete(3)  # error
    print(ctx.db.player.insert(Player(name="Ann")).nmae)  # error
    ctx.db = Db()  # error
    ctx.sender = None  # error


@reducer
def keys(ctx: Ctx) -> None:
    players = ctx.db.player
    players.id.find("Ann")  # error
    players.id.find(1, 2)  # error
    print(players.id.find(3).name)  # error
    players.name.delete(3)  # error
    players.level.filter("Ann")  # error
    players.level.filter(between("a", "b"))  # error
    players.level.find(3)  # error
    players.name.update(Player(name="Ann"))  # error
    players.id.update("Ann")  # error
    players.place.filter("Ann")  # error
    players.place.filter(1, 2)  # error
    players.place.filter(1, at_least(2))  # error
    players.place.filter(at_least(1), "Ann")  # error
    players.place.filter(1, "Ann", 3)  # error
    print(ctx.db.other.anything.find(3).name)  # error


@reducer
def add(ctx: Ctx, name: str) -> None:
    add(ctx, 3)  # error
    add("Ann")  # error


@reducer  # error
def no_context(name: str) -> None: ...


@reducer  # error
def answers(ctx: Ctx) -> int:
    return 3


@reducer  # error
async def waits(ctx: Ctx) -> None: ...


@client_connected  # error
def came(ctx: Ctx, name: str) -> None: ...
