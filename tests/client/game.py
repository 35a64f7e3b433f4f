"""A client of a small game, as ``stdbpy generate`` writes them: what the tests of this folder query."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from stdbpy.client import (
    AsyncConnection,
    Connection,
    GeneratedClient,
    ModuleBinding,
    Outcome,
    PendingCall,
    ProcedureCalls,
    ReducerCalls,
)
from stdbpy.client import EventContext as ClientContext
from stdbpy.client.query import Column, Columns, IndexedColumn, OpaqueColumn, QueryTable, Source, SqlType
from stdbpy.client.tables import BTreeIndex, EventTableHandle, KeyedTableHandle, TableHandle, TableSource, UniqueIndex
from stdbpy.sats import ConnectionId, Identity, Timestamp, f32, f64, i32, u8, u32
from stdbpy.sats import types as t
from stdbpy.schema import model, schema_to_json


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


class EventContext(ClientContext):
    if TYPE_CHECKING:

        @property
        def db(self) -> Tables: ...


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


class Tables:
    def __init__(self, table: Callable[[str], TableSource]) -> None:
        self.player = PlayerHandle(table("player"))
        self.score = ScoreHandle(table("score"))
        self.scored = ScoredHandle(table("scored"))


class Reducers(ReducerCalls[Outcome]):
    def level_up(self, player_id: int) -> Outcome:
        return self.invoke("level_up", (player_id,))


class Procedures(ProcedureCalls):
    def roll(self, sides: int) -> int:
        found: int = self.invoke("roll", (sides,))
        return found


class PendingProcedures(ProcedureCalls):
    def roll(self, sides: int) -> PendingCall[int]:
        call: PendingCall[int] = self.invoke("roll", (sides,))
        return call


def _columns(type: t.ProductType) -> tuple[model.Column, ...]:
    return tuple(
        model.Column(element.name or "", element.name or "", element.type, position)
        for position, element in enumerate(type.elements)
    )


def _index(table: str, name: str, *columns: int) -> model.Index:
    full = f"{table}_{name}_idx_btree"
    return model.Index(full, full, name, model.IndexAlgorithm.BTREE, columns)


def _unique(table: str, *columns: int) -> model.UniqueConstraint:
    name = f"{table}_{'_'.join(map(str, columns))}_key"
    return model.UniqueConstraint(name, name, columns)


PLAYER = t.product(
    ("id", t.Primitive.U32),
    ("name", t.Primitive.STRING),
    ("level", t.Primitive.U32),
    ("health", t.Primitive.F32),
    ("luck", t.Primitive.F64),
    ("online", t.Primitive.BOOL),
    ("guild", t.option(t.Primitive.U32)),
    ("owner", t.IDENTITY),
    ("connection", t.CONNECTION_ID),
    ("seen", t.TIMESTAMP),
    ("badge", t.BYTES),
    ("token", t.UUID),
    ("x", t.Primitive.I32),
    ("y", t.Primitive.I32),
    ("rank", t.Primitive.U8),
)
SCORE = t.product(("player_id", t.Primitive.U32), ("level", t.Primitive.U32), ("points", t.Primitive.U32))

SCHEMA = model.ModuleSchema(
    typespace=(PLAYER, SCORE),
    source_typespace=(PLAYER, SCORE),
    types=(model.TypeDef("Player", "Player", 0), model.TypeDef("Score", "Score", 1)),
    tables=(
        model.Table(
            "player",
            "player",
            0,
            _columns(PLAYER),
            primary_key=0,
            indexes=(
                _index("player", "id", 0),
                _index("player", "name", 1),
                _index("player", "place", 12, 13),
                _index("player", "level", 2),
                _index("player", "owner", 7),
            ),
            constraints=(_unique("player", 0), _unique("player", 1), _unique("player", 12, 13)),
        ),
        model.Table(
            "score",
            "score",
            1,
            _columns(SCORE),
            indexes=(_index("score", "by_player", 0, 1), _index("score", "player_id", 0)),
        ),
        model.Table("scored", "scored", 1, _columns(SCORE), indexes=(_index("scored", "player_id", 0),), is_event=True),
    ),
    reducers=(model.Reducer("level_up", "level_up", t.product(("player_id", t.Primitive.U32))),),
    procedures=(model.Procedure("roll", "roll", t.product(("sides", t.Primitive.U32)), t.Primitive.U32),),
)

MODULE = ModuleBinding(json.dumps(schema_to_json(SCHEMA, 10)), {0: Player, 1: Score})
GENERATED = GeneratedClient(MODULE, Tables, Reducers, Procedures, PendingProcedures, EventContext)


class DbConnection(Connection, Tables):
    generated = GENERATED
    if TYPE_CHECKING:
        db: Tables
        reducers: Reducers[None]
        procedures: Procedures
        send: Reducers[PendingCall[None]]
        send_procedures: PendingProcedures


class AsyncDbConnection(AsyncConnection, Tables):
    generated = GENERATED
    if TYPE_CHECKING:
        db: Tables
        reducers: Reducers[PendingCall[None]]
        procedures: PendingProcedures


def a_player(id: int, name: str | None = None, *, level: int = 1) -> Player:
    """A player whose other columns are all different from others' where they must be."""
    return Player(
        id=id,
        name=f"player {id}" if name is None else name,
        level=level,
        health=1.0,
        luck=0.5,
        online=True,
        guild=None,
        owner=Identity.from_int(id),
        connection=ConnectionId.from_int(id),
        seen=Timestamp(id),
        badge=b"",
        token=uuid.UUID(int=id),
        x=id,
        y=-id,
        rank=0,
    )
