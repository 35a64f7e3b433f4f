"""The database `game` of examples in the help: values of more kinds than the chat has."""

from __future__ import annotations

from enum import Enum, auto

from stdbpy import Identity, ReducerContext, column, reducer, table


class Pace(Enum):
    Slow = auto()
    Fast = auto()


@table(public=True)
class Player:
    identity: Identity = column(primary_key=True)
    x: float = 0.0
    y: float = 0.0
    pace: Pace = Pace.Slow


@reducer
def move_to(ctx: ReducerContext, x: float, y: float, pace: Pace) -> None:
    ctx.db.player.identity.delete(ctx.sender)
    ctx.db.player.insert(Player(identity=ctx.sender, x=x, y=y, pace=pace))
