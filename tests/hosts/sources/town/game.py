"""A game loop: rows that run a reducer at a time, every so often, and that keep themselves going."""

from datetime import timedelta

from stdbpy import (
    ReducerContext,
    ReducerError,
    ScheduleAt,
    TimeDuration,
    auto_inc,
    column,
    reducer,
    table,
    u8,
    u32,
    u64,
)


@table(public=True)
class World:
    id: u8 = column(primary_key=True)
    frames: u32 = 0
    steps: u32 = 0


@table(public=True, scheduled="frame")
class Frame:
    """Runs again and again."""

    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt
    last: u32


@table(scheduled="step")
class Step:
    """Runs once, and orders the next one."""

    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt
    left: u32


@table(scheduled="explode")
class Bomb:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt
    name: str


@reducer
def start_loop(ctx: ReducerContext, milliseconds: u32, last: u32) -> None:
    ctx.db.world.clear()
    ctx.db.world.insert(World(id=1))
    every = ScheduleAt.every(timedelta(milliseconds=milliseconds))
    ctx.db.frame.insert(Frame(at=every, last=last))


@reducer
def frame(ctx: ReducerContext, row: Frame) -> None:
    assert ctx.connection_id is None
    assert ctx.sender == ctx.identity
    world = ctx.db.world.id.find(1)
    world.frames += 1
    ctx.db.world.id.update(world)
    if world.frames == row.last:
        ctx.db.frame.id.delete(row.id)
        ctx.log.info("the loop ends with frame %d", world.frames)


@reducer
def start_steps(ctx: ReducerContext, count: u32) -> None:
    ctx.db.world.clear()
    ctx.db.world.insert(World(id=1))
    ctx.db.step.insert(Step(at=ScheduleAt.at(ctx.timestamp), left=count))


@reducer
def step(ctx: ReducerContext, row: Step) -> None:
    world = ctx.db.world.id.find(1)
    world.steps += 1
    ctx.db.world.id.update(world)
    if row.left > 1:
        later = ctx.timestamp + TimeDuration.of(milliseconds=5)
        ctx.db.step.insert(Step(at=ScheduleAt.at(later), left=row.left - 1))
    else:
        ctx.log.info("%d steps, %d rows left", world.steps, ctx.db.step.count() - 1)


@reducer
def place_bombs(ctx: ReducerContext, milliseconds: u32, names: list[str]) -> None:
    ctx.db.bomb.clear()
    for place, name in enumerate(names):
        due = ctx.timestamp + TimeDuration.of(milliseconds=milliseconds * (place + 1))
        ctx.db.bomb.insert(Bomb(at=ScheduleAt.at(due), name=name))


@reducer
def defuse(ctx: ReducerContext, name: str) -> None:
    bombs = [bomb for bomb in ctx.db.bomb if bomb.name == name]
    if not bombs:
        raise ReducerError(f"there is no bomb {name}")
    for bomb in bombs:
        ctx.db.bomb.id.delete(bomb.id)


@reducer
def explode(ctx: ReducerContext, bomb: Bomb) -> None:
    ctx.log.warning("%s explodes", bomb.name)
    if bomb.name == "dud":
        raise ReducerError("it does not")
