"""A module that type checkers have nothing to say about, however strict they are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, auto
from typing import assert_type

from stdbpy import (
    Identity,
    Index,
    PrimaryKey,
    ReducerContext,
    ReducerError,
    ScheduleAt,
    Table,
    Tables,
    TaggedUnion,
    Timestamp,
    Unique,
    UniqueConstraintViolation,
    at_least,
    at_most,
    auto_inc,
    below,
    between,
    client_connected,
    client_disconnected,
    client_visibility_filter,
    column,
    f32,
    index,
    init,
    reducer,
    table,
    u8,
    u32,
    u64,
)

client_visibility_filter("SELECT * FROM player WHERE identity = :sender")


class Team(Enum):
    RED = auto()
    BLUE = auto()


class Effect(TaggedUnion):
    """What happens to a player."""


class Poison(Effect):
    value: u8


class Sleep(Effect):
    pass


@dataclass
class Place:
    x: f32
    y: f32


@table(public=True, indexes=[index("by_team_and_level", "team", "level")])
class Player:
    id: u64 = auto_inc(primary_key=True)
    identity: Identity = column(unique=True)
    name: str = column(unique=True)
    team: Team
    level: u32 = column(index="btree", default=1)
    place: Place | None = None
    effects: list[Effect] = column(default=[])

    @property
    def title(self) -> str:
        return f"{self.name} ({self.level})"


@table(scheduled="sweep")
class Sweep:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt


@table(name="archive")
@table
class Message:
    sender: Identity
    sent: Timestamp = column(index="btree")
    text: str


class PlayerTable(Table[Player]):
    id: PrimaryKey[Player, u64]
    identity: Unique[Player, Identity]
    name: Unique[Player, str]
    level: Index[Player, u32]
    by_team_and_level: Index[Player, Team, u32]

    def veterans(self) -> Iterator[Player]:
        return self.level.filter(at_least(50))


class MessageTable(Table[Message]):
    sent: Index[Message, Timestamp]


class Db(Tables):
    player: PlayerTable
    message: MessageTable
    archive: Table[Message]
    sweep: Table[Sweep]


class Ctx(ReducerContext):
    db: Db

    @property
    def player(self) -> Player:
        player = self.db.player.identity.find(self.sender)
        if player is None:
            raise ReducerError("join first", hint="call join")
        return player


@init
def start(ctx: Ctx) -> None:
    ctx.db.sweep.insert(Sweep(at=ScheduleAt.every(timedelta(hours=1))))


@client_connected
def came(ctx: Ctx) -> None:
    ctx.log.info("%s came through %s", ctx.sender, ctx.connection_id)


@client_disconnected(name="client_went")
def went(ctx: ReducerContext) -> None:
    ctx.db.whatever.anything.find(3)


@reducer
def join(ctx: Ctx, name: str, team: Team) -> None:
    try:
        player = ctx.db.player.insert(Player(identity=ctx.sender, name=name, team=team))
    except UniqueConstraintViolation as error:
        raise ReducerError(error.message) from error
    assert_type(player, Player)
    assert_type(player.id, int)
    ctx.log.info("%s is number %d", player.title, player.id)


@reducer(name="level_up")
def rise(ctx: Ctx, levels: u32) -> None:
    player = ctx.player
    player.level += levels
    assert_type(ctx.db.player.id.update(player), Player)
    assert_type(ctx.db.player.name.delete("Bob"), bool)


@reducer
def look(ctx: Ctx, effect: Effect) -> None:
    players = ctx.db.player
    assert_type(players.id.find(3), Player | None)
    assert_type(players.level.filter(3), Iterator[Player])
    for key in (between(1, 5), at_least(1) & below(5)):
        assert_type(list(players.level.filter(key)), list[Player])
    assert_type(list(players.level.filter(range(1, 5))), list[Player])
    assert_type(list(players.by_team_and_level.filter(Team.RED)), list[Player])
    assert_type(list(players.by_team_and_level.filter(Team.RED, 3)), list[Player])
    assert_type(list(players.by_team_and_level.filter(Team.RED, at_least(3))), list[Player])
    assert_type(players.by_team_and_level.delete(Team.RED, between(3, 5)), int)
    assert_type([player.name for player in players.veterans()], list[str])
    assert_type([player.name for player in players], list[str])
    assert_type(ctx.db.archive.sent.find(3), Message | None)
    match effect:
        case Poison(value=strength):
            assert_type(strength, int)
        case Sleep():
            pass
        case _:
            raise ReducerError("no such effect")


@reducer
def sweep(ctx: Ctx, row: Sweep) -> None:
    yesterday = ctx.timestamp - timedelta(days=1)
    for message in ctx.db.message.sent.filter(at_most(yesterday)):
        ctx.db.archive.insert(replace(message, text=""))
    deleted = ctx.db.message.sent.delete(at_most(yesterday))
    ctx.log.info("sweep %d: %d messages, dice: %d, %s", row.id, deleted, ctx.random.randint(1, 6), ctx.uuid7())
