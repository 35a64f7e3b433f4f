"""What a large database costs: a million rows and a million transactions.

Beside it stands what bare SQLite does with the same rows in the same run.
"""

from __future__ import annotations

import gc
import resource
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter

from stdbpy.engine import Caller, Database, Engine
from stdbpy.engine.journal import file_journal
from stdbpy.module.package import ModuleSource, pack
from stdbpy.sats.values import Identity

ROWS = 1_000_000
AT_ONCE = 2_000
LOOKUPS = 20_000

_MODULE = b"""
from stdbpy import ReducerContext, column, reducer, table, u32, u64


@table(name="person", public=True)
class Person:
    id: u64 = column(primary_key=True, auto_inc=True)
    age: u32 = column(index="btree")
    name: str


@reducer
def add(ctx: ReducerContext, name: str) -> None:
    ctx.db.person.insert(Person(id=0, age=7, name=name))


@reducer
def fill(ctx: ReducerContext, count: u32) -> None:
    for number in range(count):
        ctx.db.person.insert(Person(id=0, age=number % 1000, name=f"person {number}"))


@reducer
def points(ctx: ReducerContext, count: u32) -> None:
    for number in range(count):
        assert ctx.db.person.id.find(1 + number * 7919 % 1_000_000) is not None


@reducer
def ranges(ctx: ReducerContext, count: u32) -> None:
    for number in range(count):
        assert sum(1 for _ in ctx.db.person.age.filter(number % 1000)) == 1000
"""

_ME = Caller(Identity.from_int(1))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stdbpy-bench-") as folder:
        _million_rows(Path(folder) / "rows")
        _bare_sqlite(Path(folder) / "bare.sqlite")
        _million_transactions(Path(folder) / "transactions")


def _show(what: str, figure: float, unit: str) -> None:
    text = f"{figure:,.2f}" if figure < 100 else f"{figure:,.0f}"
    print(f"{what:<54} {text:>12} {unit}", flush=True)


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


# --- a million rows ------------------------------------------------------------------------------


def _million_rows(folder: Path) -> None:
    with _database(folder) as database:
        before = _memory()
        seconds = _seconds(lambda: [_call(database, "fill", ROWS // 10) for _ in range(10)])
        _show("a million rows with two indexes: insert, durable", ROWS / seconds, "rows/s")
        _show("memory", (_memory() - before) / ROWS, "bytes/row")
        _show("point look-up in a reducer", LOOKUPS / _seconds(lambda: _call(database, "points", LOOKUPS)), "/s")
        ranges = LOOKUPS // 100
        _show(
            "1000 rows by an index in a reducer",
            1000 * ranges / _seconds(lambda: _call(database, "ranges", ranges)),
            "rows/s",
        )
        for what, sql in {
            "SQL: one row by its key": "SELECT * FROM person WHERE id = 500000",
            "SQL: 1000 rows by an index": "SELECT * FROM person WHERE age = 7",
            "SQL: one row without an index": "SELECT * FROM person WHERE name = 'person 77777'",
            "SQL: count": "SELECT COUNT(*) AS n FROM person",
        }.items():
            _show(what, 1000 * _seconds(lambda sql=sql: database.sql(sql, _ME, is_owner=True).result()), "ms")
    with _opened(folder) as (_, seconds):
        _show("a million rows: start", ROWS / seconds, "rows/s")


def _bare_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        execute = connection.execute
        execute("PRAGMA journal_mode = WAL")
        execute("CREATE TABLE person (id INTEGER PRIMARY KEY, age INTEGER NOT NULL, name TEXT NOT NULL)")
        execute("CREATE INDEX by_age ON person (age)")

        def fill() -> None:
            for _ in range(10):
                execute("BEGIN")
                for number in range(ROWS // 10):
                    execute("INSERT INTO person (age, name) VALUES (?, ?)", (number % 1000, f"person {number}"))
                execute("COMMIT")

        def points() -> None:
            for number in range(LOOKUPS):
                assert execute("SELECT * FROM person WHERE id = ?", (1 + number * 7919 % ROWS,)).fetchone()

        def ranges() -> None:
            for number in range(LOOKUPS // 100):
                assert len(execute("SELECT * FROM person WHERE age = ?", (number % 1000,)).fetchall()) == 1000

        _show("bare SQLite: insert", ROWS / _seconds(fill), "rows/s")
        _show("bare SQLite: point look-up", LOOKUPS / _seconds(points), "/s")
        _show("bare SQLite: 1000 rows by an index", LOOKUPS * 10 / _seconds(ranges), "rows/s")


def _memory() -> int:
    gc.collect()
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def _call(database: Database, reducer: str, count: int) -> None:
    outcome = database.call(reducer, count.to_bytes(4, "little"), _ME).result()
    assert outcome.status == "committed", outcome


# --- a million transactions ----------------------------------------------------------------------


def _million_transactions(folder: Path) -> None:
    file_journal.SNAPSHOT_AFTER_TRANSACTIONS = 10 * ROWS
    file_journal.SNAPSHOT_AFTER_BYTES = 1 << 40
    arguments = (5).to_bytes(4, "little") + b"Alice"

    def work() -> None:
        for _ in range(ROWS // AT_ONCE):
            futures = [database.call("add", arguments, _ME) for _ in range(AT_ONCE)]
            assert futures[-1].result().status == "committed"

    with _database(folder) as database:
        _show("a million transactions, durable", ROWS / _seconds(work), "/s")
    with _opened(folder) as (database, seconds):
        _show("a million transactions: replay", ROWS / seconds, "/s")
        _call(database, "points", 1)


@contextmanager
def _database(folder: Path) -> Iterator[Database]:
    with Engine(folder) as engine:
        program = pack(ModuleSource({"bench_module.py": _MODULE}, "bench_module"))
        engine.publish(program, owner=_ME.identity, name="bench")
        yield engine.database("bench")


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[Database, float]]:
    """The database after another start, and the seconds until it could be used."""
    started = perf_counter()
    with Engine(folder) as engine:
        database = engine.database("bench")
        assert database.failure() is None
        yield database, perf_counter() - started


if __name__ == "__main__":
    main()
