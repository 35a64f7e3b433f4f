"""A process that keeps a database busy without end and says what was confirmed; whoever started it kills it.

Threads call reducers and a procedure; another one updates the module again and again, and clears the data.
Each line that it writes is one word about one thing:

- ``put N E``, ``stepped N E``: the call with number N was confirmed, in the database's life number E;
- ``updating V``, ``updated V``: the module will be, or is, version V;
- ``clearing E V``, ``cleared E V``: the data will be cleared, or are, with which life E begins.
"""

from __future__ import annotations

import itertools
import os
import random
import sys
import time
from pathlib import Path
from threading import Thread

from stdbpy.engine import Database, Engine
from stdbpy.engine.journal import file_journal
from stdbpy.errors import EngineError
from tests.engine.sample import ME, OWNER, program

_SOURCE = """
LIFE = {life}


@table(name="left")
class Left:
    number: u64 = column(primary_key=True)
    life: u64{index}


@table(name="right")
class Right:
    id: u64 = column(primary_key=True, auto_inc=True)
    number: u64 = column(unique=True)


@table(name="step")
class Step:
    number: u64 = column(primary_key=True)
    done: u8


def both(ctx: ReducerContext, number: u64) -> None:
    ctx.db.left.insert(Left(number, LIFE))
    ctx.db.right.insert(Right(id=0, number=number))


@reducer
def put(ctx: ReducerContext, number: u64) -> None:
    both(ctx, number)
    if number % 3 == 0:
        ctx.db.left.number.delete(number)
        ctx.db.right.number.delete(number)
    if number % 7 == 0:
        raise ReducerError("never mind")


@procedure
def step(ctx: ProcedureContext, number: u64) -> None:
    with ctx.transaction() as tx:
        both(tx, number)
        tx.db.step.insert(Step(number, 1))
    with ctx.transaction() as tx:
        tx.db.step.number.update(Step(number, 2))
{more}"""

_MORE = """
@table(name="more")
class More:
    number: u64
"""

CALLERS = 4
FIRST_LIFE = 1


def source(life: int, version: int) -> str:
    """The module: odd versions have an index and a table more."""
    is_odd = version % 2 == 1
    return _SOURCE.format(life=life, index=' = column(index="btree")' if is_odd else "", more=_MORE if is_odd else "")


def is_put(number: int) -> bool:
    """Whether the reducer leaves something behind."""
    return number % 3 != 0 and number % 7 != 0


class Busy:
    """``now`` is the database with the number of its life."""

    now: tuple[Database, int]

    def __init__(self, folder: Path, life: int, version: int) -> None:
        self._engine = Engine(folder)
        self._life, self._version = life, version
        if not self._engine.databases():
            self._publish()
        self.now = self._engine.database("sample"), life

    def call_for_ever(self, first: int, *, procedures: bool) -> None:
        for number in itertools.count(first, CALLERS):
            database, life = self.now
            args = number.to_bytes(8, "little")
            try:
                if procedures:
                    returned = database.call_procedure("step", args, ME).result()
                    # An update between its two transactions ends it, and so does the end of its life.
                    reason = returned.error
                    assert reason is None or "has been updated since" in reason or "was closed" in reason, reason
                    if returned.error is None:
                        _say(f"stepped {number} {life}")
                else:
                    outcome = database.call("put", args, ME).result()
                    assert (outcome.status == "committed") == (number % 7 != 0), outcome
                    if outcome.status == "committed":
                        _say(f"put {number} {life}")
            except EngineError:  # its life has ended
                time.sleep(0.001)

    def publish_for_ever(self, seed: int) -> None:
        chance = random.Random(seed)
        while True:
            time.sleep(chance.uniform(0, 0.05))
            self._version += 1
            if chance.random() < 0.2:
                self._life += 1
                _say(f"clearing {self._life} {self._version}")
                self._publish(clear=True)
                self.now = self._engine.database("sample"), self._life
                _say(f"cleared {self._life} {self._version}")
            else:
                _say(f"updating {self._version}")
                self._publish()
                _say(f"updated {self._version}")

    def _publish(self, *, clear: bool = False) -> None:
        self._engine.publish(program(source(self._life, self._version)), owner=OWNER, name="sample", clear=clear)


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def main(folder: Path, first: int, life: int, version: int) -> None:
    """Calls have numbers from ``first`` on; the database is in its ``life`` and has that ``version``."""
    # Small, so that it is also killed in the middle of snapshots.
    file_journal.SNAPSHOT_AFTER_TRANSACTIONS = 50
    file_journal.CHUNK_BYTES = 1000
    busy = Busy(folder, life, version)
    for caller in range(CALLERS):
        Thread(target=busy.call_for_ever, args=(first + caller,), kwargs={"procedures": caller == 0}).start()
    Thread(target=busy.publish_for_ever, args=(first,)).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
