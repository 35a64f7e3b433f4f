"""What a generated client lets its users write, with the types that it has."""

from __future__ import annotations

import uuid
from typing import assert_type

from stdbpy import Identity, Timestamp, at_least, between
from stdbpy.client.query import SENDER, Condition, Query, Semijoin, TableQuery
from stdbpy.client.tables import Change, Changes, Deleted, Inserted, Updated
from tests.client import game as tables
from tests.client.game import (
    EventContext,
    Player,
    PlayerColumns,
    PlayerHandle,
    Score,
    ScoreColumns,
    ScoredHandle,
    ScoreHandle,
)


def rows_of(*queries: Query[Player]) -> None: ...


def queries(me: Identity, when: Timestamp, token: uuid.UUID) -> None:
    rows_of(tables.player, tables.veteran)
    grown = tables.player.where(lambda p: p.level > 10)
    assert_type(grown, TableQuery[Player, PlayerColumns])
    rows_of(grown)
    rows_of(tables.player.where(lambda p: p.online))
    rows_of(tables.player.where(lambda p: ~p.online & (p.level >= 10) | (p.name == "Ada")))
    rows_of(tables.player.where(lambda p: (p.owner == me) | (p.owner == SENDER) | (p.badge != SENDER)))
    rows_of(tables.player.where(lambda p: (p.seen < when) & (p.token == token) & (p.health > 1) & (p.luck <= 0.5)))
    rows_of(tables.player.where(lambda p: p.x == p.y).where(lambda p: p.id == p.level))
    rows_of(tables.player.where(lambda p: p.id.is_in(1, 2, 3) | p.name.between("a", "b")))
    rows_of(tables.player.where(is_strong))

    left = tables.player.left_semijoin(tables.score, lambda p, s: p.id == s.player_id)
    assert_type(left, Semijoin[Player, PlayerColumns])
    rows_of(left.where(lambda p: p.level > 3))
    rows_of(grown.left_semijoin(tables.score.where(lambda s: s.points > 3), lambda p, s: s.player_id == p.id))
    rows_of(tables.player.left_semijoin(tables.player, lambda mentor, pupil: mentor.id == pupil.level))
    rows_of(tables.player.left_semijoin(tables.veteran, lambda p, v: p.id == v.id))
    right = tables.player.right_semijoin(tables.score, lambda p, s: p.id == s.player_id)
    assert_type(right, Semijoin[Score, ScoreColumns])


def is_strong(columns: PlayerColumns) -> Condition[PlayerColumns]:
    return (columns.level > 3) & (columns.health > 0.5)


def handles(players: PlayerHandle, scores: ScoreHandle, scored: ScoredHandle) -> None:
    assert_type(players.id.find(3), Player | None)
    assert_type(players.name.find("Ada"), Player | None)
    assert_type(players.place.find(1, 2), Player | None)
    assert_type(players.level.filter(3), list[Player])
    players.level.filter(between(3, 4))
    players.level.filter(range(3, 5))
    assert_type(scores.by_player.filter(3), list[Score])
    scores.by_player.filter(3, 4)
    scores.by_player.filter(3, at_least(4))
    assert_type([player.level for player in players], list[int])
    assert_type(len(players) + players.count(), int)

    @players.on_update
    def updated(ctx: EventContext, old: Player, new: Player) -> None:
        print(ctx.event, old.level, new.level)

    players.remove_on_update(updated)
    players.on_insert(lambda ctx, row: print(ctx.event, row.level))
    scored.on_insert(lambda ctx, row: print(ctx.event, row.points))

    assert_type(players.changes(timeout=5), Changes[Player])
    for change in players.changes():
        match change:
            case Inserted(row, event) | Deleted(row, event):
                assert_type(row, Player)
                print(event)
            case Updated(old, new):
                assert_type((old, new), tuple[Player, Player])


async def streams(players: PlayerHandle) -> Change[Player] | None:
    async for change in players.changes(timeout=0.5):
        return change
    return None
