"""Chance and time: the same when a call is repeated."""

from stdbpy import Identity, ReducerContext, Timestamp, auto_inc, f64, reducer, table, u32, u64


@table(public=True)
class Roll:
    id: u64 = auto_inc(primary_key=True)
    at: Timestamp
    by: Identity
    dice: list[u32]
    real: f64
    bell: f64
    cards: list[u32]
    uuids: list[str]


@reducer
def roll(ctx: ReducerContext) -> None:
    cards = list(range(10))
    dice = [ctx.random.randint(1, 6) for _ in range(5)]
    real, bell = ctx.random.random(), ctx.random.gauss(0, 1)
    ctx.random.shuffle(cards)
    first, second, third = ctx.uuid4(), ctx.uuid7(), ctx.uuid7()
    assert second < third
    ctx.db.roll.insert(
        Roll(
            at=ctx.timestamp,
            by=ctx.sender,
            dice=dice,
            real=real,
            bell=bell,
            cards=cards,
            uuids=[str(first), str(second), str(third)],
        )
    )


following = 0.0


@reducer
def draw_by_random(ctx: ReducerContext) -> None:
    """From the numbers of ``random``, which only functions know here."""
    global following
    import random

    ctx.log.info("%s", random.random() == following)
    state = random.getstate()
    following = random.random()
    random.setstate(state)
