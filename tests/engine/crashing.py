"""A process that calls a reducer without end and says what was confirmed; a test kills it."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from threading import Thread

from stdbpy.engine import Database, Engine
from stdbpy.engine.journal import file_journal
from tests.engine.sample import ME, OWNER, program

SOURCE = """
@table(name="left")
class Left:
    number: u64 = column(primary_key=True)


@table(name="right")
class Right:
    id: u64 = column(primary_key=True, auto_inc=True)
    number: u64 = column(unique=True)


@reducer
def put(ctx: ReducerContext, number: u64) -> None:
    ctx.db.left.insert(Left(number))
    ctx.db.right.insert(Right(id=0, number=number))
    if number % 3 == 0:
        ctx.db.left.number.delete(number)
        ctx.db.right.number.delete(number)
"""

CALLERS = 4


def main(folder: Path, first: int) -> None:
    # Small, so that it is also killed in the middle of snapshots.
    file_journal.SNAPSHOT_AFTER_TRANSACTIONS = 50
    file_journal.CHUNK_BYTES = 1000
    engine = Engine(folder)
    engine.publish(program(SOURCE), owner=OWNER, name="sample")
    database = engine.database("sample")
    for caller in range(CALLERS):
        Thread(target=_call_for_ever, args=(database, first + caller)).start()


def _call_for_ever(database: Database, first: int) -> None:
    for number in itertools.count(first, CALLERS):
        outcome = database.call("put", number.to_bytes(8, "little"), ME).result()
        assert outcome.status == "committed", outcome
        os.write(1, b"%d\n" % number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
