"""Types that modules declare of columns, in ``Columns`` and of the keys of indexes."""

from __future__ import annotations

from tests.module.marked_problems import expect_problems

DECLARATIONS = """
from dataclasses import dataclass
from typing import Any, NewType, Self
PlayerId = NewType("PlayerId", u64)
@dataclass
class Place:
    x: u8
@table(indexes=[index("team_level", "team", "level")])
class Player:
    id: PlayerId = auto_inc(primary_key=True)
    owner: Identity = column(unique=True)
    name: str | None
    team: Place = column(index="btree")
    level: u32 = column(index="btree")
    score: u64 | None
    path: list[u32 | None]
@dataclass
class Other:
    x: u8
class PlayerColumns(Columns):
    id: IndexedColumn[Self, PlayerId]
    owner: Column[Self, u256]  # E: PlayerColumns.owner is declared with u256 | Rows hold Identity there
    name: Column[Self, str]  # E: PlayerColumns.name is declared with str | Rows hold str . None there
    team: OpaqueColumn
    score: Column[Self, u32 | None]  # E: PlayerColumns.score is declared with u32 . None | Rows hold u64 . None there
    path: Column[Self, list[u32 | None]]
    level: IndexedColumn[Self, u64]  # E: PlayerColumns.level is declared with u64 | Rows hold u32 there
class MoreColumns(Columns):
    id: IndexedColumn[Self, u64]
    owner: Column[Self, Any]
    name: Column[Self, None | str]
    team: Column[Self, Other]  # E: MoreColumns.team is declared with Other | Rows hold Place there
    level: Column[Self, int]
    score: Column[Self, int | None]
    path: Column[Self, list[int | None]]
class Q(Queries):
    player: QueryTable[Player, PlayerColumns]
class More(Queries):
    player: QueryTable[Player, MoreColumns]
class PlayerTable(Table[Player]):
    id: PrimaryKey[Player, i64]  # E: PlayerTable.id is declared with i64 for 'id' | Rows hold .*PlayerId there
    owner: Unique[Other, Identity]  # E: PlayerTable.owner is declared with Other | Rows are Player
    team: Index["Player", "Place"]
    level: Index
    team_level: Index[Player, Place, i32]  # E: .*level is declared with i32 for 'level' | Rows hold u32 there
class Db(Tables):
    player: PlayerTable
class Ctx(ViewContext):
    query: Q
class OtherCtx(ViewContext):
    query: More
    db: Db
@view
def one(ctx: Ctx) -> Query[Player]: return ctx.query.player
@view
def two(ctx: OtherCtx) -> Query[Player]: return ctx.query.player
"""


def test_that_are_others_than_those_of_the_rows() -> None:
    expect_problems(DECLARATIONS)
