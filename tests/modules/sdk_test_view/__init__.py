"""SpacetimeDB's test of views, as a Python module: the schema is that of ``sdk_test_view-2.8.3.wasm``."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stdbpy import (
    AnonymousViewContext,
    Identity,
    ReducerContext,
    ViewContext,
    auto_inc,
    column,
    i32,
    reducer,
    table,
    u64,
    view,
)


@table(public=True)
class Player:
    entity_id: u64 = auto_inc(primary_key=True)
    identity: Identity = column(unique=True)


@table(public=True)
class PlayerLevel:
    entity_id: u64 = column(unique=True)
    level: u64 = column(index="btree")


@table
class PlayerLocation:
    entity_id: u64 = column(unique=True)
    active: bool = column(index="btree")
    x: i32
    y: i32


@dataclass
class PlayerAndLevel:
    entity_id: u64
    identity: Identity
    level: u64


@reducer
def insert_player(ctx: ReducerContext, identity: Identity, level: u64) -> None:
    player = ctx.db.player.insert(Player(identity=identity))
    ctx.db.player_level.insert(PlayerLevel(entity_id=player.entity_id, level=level))


@reducer
def delete_player(ctx: ReducerContext, identity: Identity) -> None:
    player = ctx.db.player.identity.find(identity)
    if player is not None:
        ctx.db.player.entity_id.delete(player.entity_id)
        ctx.db.player_level.entity_id.delete(player.entity_id)


@reducer
def move_player(ctx: ReducerContext, dx: i32, dy: i32) -> None:
    me = ctx.db.player.identity.find(ctx.sender) or ctx.db.player.insert(Player(identity=ctx.sender))
    place = ctx.db.player_location.entity_id.find(me.entity_id)
    if place is None:
        ctx.db.player_location.insert(PlayerLocation(entity_id=me.entity_id, active=True, x=dx, y=dy))
    else:
        # Only by a primary key rows are updated, and the table has none.
        ctx.db.player_location.delete(place)
        ctx.db.player_location.insert(replace(place, x=place.x + dx, y=place.y + dy))


@view(public=True)
def my_player(ctx: ViewContext) -> Player | None:
    player: Player | None = ctx.db.player.identity.find(ctx.sender)
    return player


@view(public=True)
def my_player_and_level(ctx: ViewContext) -> PlayerAndLevel | None:
    player = ctx.db.player.identity.find(ctx.sender)
    level = player and ctx.db.player_level.entity_id.find(player.entity_id)
    return PlayerAndLevel(player.entity_id, player.identity, level.level) if player and level else None


@view(public=True)
def players_at_level_0(ctx: AnonymousViewContext) -> list[Player]:
    found = [ctx.db.player.entity_id.find(level.entity_id) for level in ctx.db.player_level.level.filter(0)]
    return [player for player in found if player is not None]


@view(public=True)
def nearby_players(ctx: ViewContext) -> Iterator[PlayerLocation]:
    me = ctx.db.player.identity.find(ctx.sender)
    mine = me and ctx.db.player_location.entity_id.find(me.entity_id)
    if mine is None:
        return
    for other in ctx.db.player_location.active.filter(True):
        if other.entity_id != mine.entity_id and abs(other.x - mine.x) < 5 and abs(other.y - mine.y) < 5:
            yield other
