"""Every kind of index that servers of version 1 have."""

from collections.abc import Callable, Iterable

from stdbpy import (
    ReducerContext,
    above,
    at_least,
    at_most,
    auto_inc,
    below,
    between,
    column,
    i16,
    index,
    reducer,
    table,
    u8,
    u32,
)


@table(
    public=True,
    indexes=[index("by_player_and_level", "player", "level", "points"), index("by_place", "map", "seat", unique=True)],
)
class Score:
    id: u32 = auto_inc(primary_key=True)
    player: str = column(index="btree")
    level: u8
    points: i16 = column(index="btree")
    map: str
    seat: u32
    slot: u32 = column(unique=True, index="direct")


SCORES = [("ann", 1, -5), ("ann", 2, 10), ("ann", 2, 30), ("bob", 1, 10), ("bob", 3, 0), ("eve", 2, 300)]

QUERIES: dict[str, Callable[[ReducerContext], Iterable[Score]]] = {
    "player = ann": lambda ctx: ctx.db.score.player.filter("ann"),
    "player = nobody": lambda ctx: ctx.db.score.player.filter("nobody"),
    "player > ann": lambda ctx: ctx.db.score.player.filter(above("ann")),
    "points = 10": lambda ctx: ctx.db.score.points.filter(10),
    "points < 0": lambda ctx: ctx.db.score.points.filter(below(0)),
    "points <= 0": lambda ctx: ctx.db.score.points.filter(at_most(0)),
    "points >= 30": lambda ctx: ctx.db.score.points.filter(at_least(30)),
    "0 <= points <= 30": lambda ctx: ctx.db.score.points.filter(between(0, 30)),
    "0 < points < 30": lambda ctx: ctx.db.score.points.filter(above(0) & below(30)),
    "points in range(0, 30)": lambda ctx: ctx.db.score.points.filter(range(30)),
    "points in range(30, 0)": lambda ctx: ctx.db.score.points.filter(range(30, 0)),
    "ann": lambda ctx: ctx.db.score.by_player_and_level.filter("ann"),
    "ann, 2": lambda ctx: ctx.db.score.by_player_and_level.filter("ann", 2),
    "ann, 2, 30": lambda ctx: ctx.db.score.by_player_and_level.filter("ann", 2, 30),
    "ann, level >= 2": lambda ctx: ctx.db.score.by_player_and_level.filter("ann", at_least(2)),
    "ann, 2, points > 10": lambda ctx: ctx.db.score.by_player_and_level.filter("ann", 2, above(10)),
    "players b to d": lambda ctx: ctx.db.score.by_player_and_level.filter(between("b", "d")),
    "map m2": lambda ctx: ctx.db.score.by_place.filter("m2"),
    "slot 4": lambda ctx: ctx.db.score.slot.filter(4),
    "id 3": lambda ctx: ctx.db.score.id.filter(3),
}


def _fill(ctx: ReducerContext) -> None:
    ctx.db.score.clear()
    for place, (player, level, points) in enumerate(SCORES, 1):
        ctx.db.score.insert(
            Score(id=place, player=player, level=level, points=points, map=f"m{place % 3}", seat=place, slot=place)
        )


@reducer
def ask_indexes(ctx: ReducerContext) -> None:
    _fill(ctx)
    for name, query in QUERIES.items():
        ctx.log.info("%s: %s", name, [score.id for score in query(ctx)])
    found = ctx.db.score.by_place.find("m2", 5), ctx.db.score.slot.find(6), ctx.db.score.slot.find(7)
    ctx.log.info("found: %s", [row and row.id for row in found])


@reducer
def delete_by_indexes(ctx: ReducerContext) -> None:
    score = ctx.db.score
    for name, delete in {
        "points = 10": lambda: score.points.delete(10),
        "points = 11": lambda: score.points.delete(11),
        "points > 0": lambda: score.points.delete(above(0)),
        "ann, level <= 1": lambda: score.by_player_and_level.delete("ann", at_most(1)),
        "ann, 2": lambda: score.by_player_and_level.delete("ann", 2),
        "slot 4": lambda: score.slot.delete(4),
        "slot 9": lambda: score.slot.delete(9),
        "m2, 2": lambda: score.by_place.delete("m2", 2),
    }.items():
        _fill(ctx)
        ctx.log.info("%s: %s, %s", name, delete(), sorted(row.id for row in score))


@reducer
def many_rows(ctx: ReducerContext, count: u32) -> None:
    """More than what one chunk of a scan holds."""
    ctx.db.score.clear()
    for place in range(1, count + 1):
        row = Score(player="p" * (place % 50), level=1, points=place % 7, map="m", seat=place, slot=place)
        ctx.db.score.insert(row)
    slots = sorted(row.slot for row in ctx.db.score)
    few = [row.slot for row in ctx.db.score.points.filter(3)]
    changed_meanwhile = [ctx.db.score.slot.delete(row.slot) for row in ctx.db.score.points.filter(4)]
    ctx.log.info("%d, %s, %d, %d", len(slots), slots == [*range(1, count + 1)], len(few), sum(changed_meanwhile))
    ctx.db.score.clear()
