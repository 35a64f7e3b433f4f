"""Procedures, schedules and reducers of databases that are updated, cleared and deleted meanwhile: nothing hangs,
and what was confirmed is there."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import pytest

from stdbpy.engine import Engine
from stdbpy.errors import DatabaseNotFound, EngineError
from tests.engine.sample import ME, OWNER, program, rows

SOURCE = """
@table(name="item", public=True)
class Item:
    id: u64 = column(primary_key=True, auto_inc=True)
    round: u32


@table(name="tick", scheduled="on_tick")
class Tick:
    id: u64 = column(primary_key=True, auto_inc=True)
    at: ScheduleAt


@procedure
def on_tick(ctx: ProcedureContext, tick: Tick) -> None:
    with ctx.transaction() as tx:
        tx.db.item.insert(Item(id=0, round=0))


@init
def start(ctx: ReducerContext) -> None:
    ctx.db.tick.insert(Tick(id=0, at=ScheduleAt.every(TimeDuration(2000))))


@procedure
def work(ctx: ProcedureContext, rounds: u32) -> u32:
    for round in range(1, rounds + 1):
        with ctx.transaction() as tx:
            tx.db.item.insert(Item(id=0, round=round))
        ctx.sleep(TimeDuration(300))
    return rounds


@reducer
def add(ctx: ReducerContext, round: u32) -> None:
    ctx.db.item.insert(Item(id=0, round=round))
"""


def version(number: int) -> bytes:
    """Each third has another table."""
    more = f'\n@table(name="more{number}")\nclass More{number}:\n    id: u64\n' if number % 3 == 0 else ""
    return program(f"{SOURCE}{more}\n# {number}\n")


@pytest.mark.parametrize("seed", range(2))
def test_databases_come_and_go_under_their_procedures(tmp_path, seed):
    chance = random.Random(seed)
    over = Event()
    confirmed = 0

    def calls(seed: int) -> int:
        chance, done = random.Random(seed), 0
        while not over.is_set():
            name = chance.choice(["kept", "deleted"])
            try:
                database = engine.database(name)
                if chance.random() < 0.5:
                    args = (3).to_bytes(4, "little")
                    worked = database.call_procedure("work", args, ME).result(60).error is None
                    made = 3
                else:
                    worked = database.call("add", b"\1\0\0\0", ME).result(60).error is None
                    made = 1
            except (DatabaseNotFound, EngineError):
                continue
            done += made if worked and name == "kept" else 0
        return done

    with Engine(tmp_path) as engine, ThreadPoolExecutor(12) as threads:
        engine.publish(version(1), owner=OWNER, name="kept")
        engine.publish(version(1), owner=OWNER, name="deleted")
        callers = [threads.submit(calls, seed * 100 + number) for number in range(12)]
        try:
            for number in range(2, 12):
                engine.publish(version(number), owner=OWNER, name="kept")
                if chance.random() < 0.5:
                    engine.delete(engine.database("deleted").identity, OWNER)
                engine.publish(version(number), owner=OWNER, name="deleted", clear=True)
        finally:
            over.set()
        assert not wait(callers, 60).not_done
        confirmed = sum(caller.result() for caller in callers)
        before = rows(engine.database("kept"), "item")
    with Engine(tmp_path) as engine:
        after = rows(engine.database("kept"), "item")
        assert set(before) <= set(after)
    assert sum(round > 0 for _, round in before) >= confirmed > 0
