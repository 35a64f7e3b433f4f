"""What uses up what there is: stack, memory, time, numbers."""

import copy
import json
import pickle
import re

from stdbpy import ReducerContext, auto_inc, column, i8, reducer, table, u8, u32

visits = 0


@table(public=True)
class Trail:
    """Says how far a call came."""

    text: str = column(primary_key=True)


@table(public=True)
class Locker:
    number: u8 = auto_inc(primary_key=True)
    owner: str


@table(public=True)
class Cellar:
    depth: i8 = auto_inc(unique=True)
    number: u32


class Echo:
    def __getattr__(self, name: str) -> object:
        return getattr(self, f"{name}_")


def _nested(depth: int) -> list[object]:
    made: list[object] = []
    for _ in range(depth):
        made = [made]
    return made


def _down(depth: int) -> int:
    return _down(depth + 1) + 1


def _with_default(depth: int, step: int = 1) -> int:
    return _with_default(depth + step) + step


def _all_the_way(depth: int):
    yield depth
    yield from _all_the_way(depth + 1)


DEEP = {
    "functions": lambda: _down(0),
    "defaults": lambda: _with_default(0),
    "attributes": lambda: Echo().a,
    "generators": lambda: sum(_all_the_way(0)),
    "repr": lambda: repr(_nested(100_000)),
    "equality": lambda: _nested(100_000) == _nested(100_000),
    "copies": lambda: copy.deepcopy(_nested(100_000)),
    "JSON written": lambda: json.dumps(_nested(100_000)),
    "JSON read": lambda: json.loads("[" * 100_000),
    "pickle": lambda: pickle.dumps(_nested(100_000)),
    "patterns": lambda: re.compile("(" * 5_000 + ")" * 5_000),
}


@reducer
def dig(ctx: ReducerContext, kinds: list[str], is_caught: bool) -> None:
    for kind in kinds:
        ctx.db.trail.insert(Trail(text=kind))
        if not is_caught:
            DEEP[kind]()
        try:
            DEEP[kind]()
        except RecursionError as error:
            ctx.log.info("%s: %s", kind, type(error).__name__)


def _blocks() -> None:
    kept = []
    while True:
        kept.append(bytearray(1 << 24))


def _texts() -> None:
    kept = []
    while True:
        kept.append(f"{len(kept):08}" * 1000)


def _one_text() -> None:
    text = "text"
    while True:
        text += text


ENDLESS = {"blocks": _blocks, "texts": _texts, "one text": _one_text}


@reducer
def hoard(ctx: ReducerContext, kind: str, is_caught: bool) -> None:
    ctx.db.trail.insert(Trail(text=kind))
    if not is_caught:
        ENDLESS[kind]()
    try:
        ENDLESS[kind]()
    except MemoryError:
        ctx.log.info("%s: there is none left", kind)


@reducer
def spin(ctx: ReducerContext) -> None:
    ctx.db.trail.insert(Trail(text="spinning"))
    while True:
        pass


@reducer
def leave_trail(ctx: ReducerContext, text: str) -> None:
    ctx.db.trail.insert(Trail(text=text))


@reducer
def forget_trails(ctx: ReducerContext) -> None:
    ctx.db.trail.clear()
    ctx.db.locker.clear()
    ctx.db.cellar.clear()


@reducer
def visit_again(ctx: ReducerContext, fails: bool) -> None:
    """Remembers what it should not."""
    global visits
    visits += 1
    ctx.log.info("visit %d", visits)
    if fails:
        raise LookupError("lost")


@reducer
def use_lockers(ctx: ReducerContext, owner: str, count: u32) -> None:
    for _ in range(count):
        locker = ctx.db.locker.insert(Locker(owner=owner))
    ctx.log.info("%d", locker.number)


@reducer
def dig_cellars(ctx: ReducerContext, count: u32) -> None:
    ctx.log.info("%s", [ctx.db.cellar.insert(Cellar(number=place)).depth for place in range(count)])


@table(public=True)
class Crate:
    number: u32 = column(primary_key=True)
    content: str


@reducer
def stack_crates(ctx: ReducerContext, count: u32) -> None:
    ctx.db.crate.clear()
    for number in range(count):
        ctx.db.crate.insert(Crate(number=number, content="x" * 65_536))


looking: list[object] = []


@reducer
def begin_to_look_into_crates(ctx: ReducerContext, is_global: bool) -> None:
    """And never ends: what it looks with outlives the call."""
    crates = iter(ctx.db.crate.iter())
    next(crates)
    if is_global:
        looking[:] = [crates]
    else:
        cycle: list[object] = [crates]
        cycle.append(cycle)
