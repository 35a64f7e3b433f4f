"""Reducer calls per second in the embedded engine, beside what SQLite does bare in the same run.

The reducer inserts one row into a table with an auto-increment primary key and a name. Figures are
calls (or inserts) per second; the ratio is to bare SQLite doing the same kind of commit.
"""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from stdbpy.engine import Caller, Database, Engine
from stdbpy.module.package import ModuleSource, pack
from stdbpy.sats.values import Identity

CALLS = 60_000
AT_ONCE = 2_000
WAITING_CALLS = 4_000
CALLERS = 32

_MODULE = b"""
from stdbpy import ReducerContext, column, reducer, table, u64


@table(name="person", public=True)
class Person:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str


@reducer
def add(ctx: ReducerContext, name: str) -> None:
    ctx.db.person.insert(Person(id=0, name=name))
"""

_ME = Caller(Identity.from_int(1))
_ARGUMENTS = (5).to_bytes(4, "little") + b"Alice"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stdbpy-bench-") as folder:
        bare_one = _bare_sqlite(Path(folder) / "one.sqlite", WAITING_CALLS, group=1)
        bare_group = _bare_sqlite(Path(folder) / "group.sqlite", CALLS, group=1024)
        with _database(Path(folder) / "engine") as database:
            _show(f"reducer calls, {AT_ONCE:,} at once, durable", _grouped(database), bare_group)
            _show("reducer calls, one caller waiting, durable", _waiting(database), bare_one)
            _show(f"reducer calls, {CALLERS} callers waiting, durable", _many_waiting(database), bare_one)
    with _database(None) as database:
        _show(f"reducer calls, {AT_ONCE:,} at once, in memory", _grouped(database))
        _show("reducer calls, one caller waiting, in memory", _waiting(database))
    print(f"{'bare SQLite inserts, groups of 1024, fsync':<50} {bare_group:>10,.0f}/s")
    print(f"{'bare SQLite inserts, one fsync each':<50} {bare_one:>10,.0f}/s")


def _show(what: str, rate: float, bare: float | None = None) -> None:
    ratio = f"   {rate / bare:5.2f} × bare SQLite" if bare is not None else ""
    print(f"{what:<50} {rate:>10,.0f}/s{ratio}")


@contextmanager
def _database(folder: Path | None) -> Iterator[Database]:
    with Engine(folder) as engine:
        program = pack(ModuleSource({"bench_module.py": _MODULE}, "bench_module"))
        engine.publish(program, owner=_ME.identity, name="bench")
        yield engine.database("bench")


def _rate(count: int, work: Callable[[], None]) -> float:
    started = perf_counter()
    work()
    return count / (perf_counter() - started)


def _grouped(database: Database) -> float:
    def work() -> None:
        for _ in range(CALLS // AT_ONCE):
            futures = [database.call("add", _ARGUMENTS, _ME) for _ in range(AT_ONCE)]
            assert all(future.result().status == "committed" for future in futures)

    return _rate(CALLS, work)


def _waiting(database: Database) -> float:
    def work() -> None:
        for _ in range(WAITING_CALLS):
            database.call("add", _ARGUMENTS, _ME).result()

    return _rate(WAITING_CALLS, work)


def _many_waiting(database: Database) -> float:
    def work() -> None:
        for _ in range(WAITING_CALLS // CALLERS):
            database.call("add", _ARGUMENTS, _ME).result()

    def all_together() -> None:
        threads = [threading.Thread(target=work) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return _rate(WAITING_CALLS // CALLERS * CALLERS, all_together)


def _bare_sqlite(path: Path, count: int, *, group: int) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")

    def work() -> None:
        for _ in range(count // group):
            connection.execute("BEGIN")
            for _ in range(group):
                connection.execute("INSERT INTO person (name) VALUES (?)", ("Alice",))
            connection.execute("COMMIT")

    rate = _rate(count // group * group, work)
    connection.close()
    return rate


if __name__ == "__main__":
    main()
