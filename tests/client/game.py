"""A client of a small game, as ``stdbpy generate`` writes them: what the tests of this folder query."""

from __future__ import annotations

import uuid

import msgspec

from stdbpy.client.query import Column, Columns, IndexedColumn, OpaqueColumn, QueryTable, Source, SqlType
from stdbpy.client.tables import BTreeIndex, EventTableHandle, KeyedTableHandle, TableHandle, TableSource, UniqueIndex
from stdbpy.protocol.events import RowEvent
from stdbpy.sats import ConnectionId, Identity, Timestamp, f32, f64, i32, u8, u32


class Player(msgspec.Struct, frozen=True, gc=False):
    id: u32
    name: str
    level: u32
    health: f32
    luck: f64
    online: bool
    guild: u32 | None
    owner: Identity
    connection: ConnectionId
    seen: Timestamp
    badge: bytes
    token: uuid.UUID
    x: i32
    y: i32
    rank: u8


class Score(msgspec.Struct, frozen=True, gc=False):
    player_id: u32
    level: u32
    points: u32


class EventContext:
    event: RowEvent


class PlayerColumns(Columns):
    def __init__(self, source: Source) -> None:
        self.id: IndexedColumn[PlayerColumns, int] = IndexedColumn(source, "id", SqlType.U32)
        self.name: Column[PlayerColumns, str] = Column(source, "name", SqlType.STRING)
        self.level: IndexedColumn[PlayerColumns, int] = IndexedColumn(source, "level", SqlType.U32)
        self.health: Column[PlayerColumns, float] = Column(source, "health", SqlType.F32)
        self.luck: Column[PlayerColumns, float] = Column(source, "luck", SqlType.F64)
        self.online: Column[PlayerColumns, bool] = Column(source, "online", SqlType.BOOL)
        self.guild: OpaqueColumn = OpaqueColumn(source, "guild")
        self.owner: IndexedColumn[PlayerColumns, Identity] = IndexedColumn(source, "owner", SqlType.IDENTITY)
        self.connection: Column[PlayerColumns, ConnectionId] = Column(source, "connection", SqlType.CONNECTION_ID)
        self.seen: Column[PlayerColumns, Timestamp] = Column(source, "seen", SqlType.TIMESTAMP)
        self.badge: Column[PlayerColumns, bytes] = Column(source, "badge", SqlType.BYTES)
        self.token: Column[PlayerColumns, uuid.UUID] = Column(source, "token", SqlType.UUID)
        self.x: Column[PlayerColumns, int] = Column(source, "x", SqlType.I32)
        self.y: Column[PlayerColumns, int] = Column(source, "y", SqlType.I32)
        self.rank: Column[PlayerColumns, int] = Column(source, "rank", SqlType.U8)


class VeteranColumns(Columns):
    """Of another table with the same row type."""

    def __init__(self, source: Source) -> None:
        self.id: IndexedColumn[VeteranColumns, int] = IndexedColumn(source, "id", SqlType.U32)


class ScoreColumns(Columns):
    def __init__(self, source: Source) -> None:
        self.player_id: IndexedColumn[ScoreColumns, int] = IndexedColumn(source, "player_id", SqlType.U32)
        self.level: Column[ScoreColumns, int] = Column(source, "level", SqlType.U32)
        self.points: Column[ScoreColumns, int] = Column(source, "points", SqlType.U32)


class EventColumns(Columns):
    def __init__(self, source: Source) -> None:
        self.player_id: IndexedColumn[EventColumns, int] = IndexedColumn(source, "player_id", SqlType.U32)


player = QueryTable("player", Player, PlayerColumns)
veteran = QueryTable("veteran", Player, VeteranColumns)
score = QueryTable("score", Score, ScoreColumns)
scored = QueryTable("scored", Score, EventColumns, is_event=True)


class PlayerHandle(KeyedTableHandle[Player, EventContext]):
    def __init__(self, source: TableSource) -> None:
        super().__init__(source)
        self.id: UniqueIndex[Player, int] = UniqueIndex(source, "id")
        self.name: UniqueIndex[Player, str] = UniqueIndex(source, "name")
        self.place: UniqueIndex[Player, int, int] = UniqueIndex(source, "x", "y")
        self.level: BTreeIndex[Player, int] = BTreeIndex(source, "level")


class ScoreHandle(TableHandle[Score, EventContext]):
    def __init__(self, source: TableSource) -> None:
        super().__init__(source)
        self.by_player: BTreeIndex[Score, int, int] = BTreeIndex(source, "player_id", "level")


class ScoredHandle(EventTableHandle[Score, EventContext]):
    """Events: nothing is found by an index."""
