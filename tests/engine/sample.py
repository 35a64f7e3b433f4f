"""Modules and stores that the tests of the engine share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

from stdbpy.engine import Caller, Database, Engine
from stdbpy.module.package import ModuleSource, pack
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import ConnectionId, Identity, Timestamp

OWNER = Identity.from_int(1)
STRANGER = Identity.from_int(2)
ME = Caller(OWNER)
CONNECTED = Caller(STRANGER, ConnectionId.from_int(7), '{"sub":"me"}')

HEAD = """
from stdbpy import *

"""

PEOPLE = """
@table(name="person", public=True)
class Person:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str = column(unique=True)
    age: u32 = column(index="btree")


@reducer
def add(ctx: ReducerContext, name: str, age: u32) -> None:
    ctx.db.person.insert(Person(id=0, name=name, age=age))


@reducer
def add_then_refuse(ctx: ReducerContext, name: str) -> None:
    ctx.db.person.insert(Person(id=0, name=name, age=1))
    raise ReducerError("never mind")


@reducer
def add_then_fail(ctx: ReducerContext, name: str) -> None:
    ctx.db.person.insert(Person(id=0, name=name, age=1))
    raise KeyError(name)


@reducer
def remove(ctx: ReducerContext, name: str) -> None:
    ctx.db.person.name.delete(name)
"""


def program(source: str = PEOPLE, *, head: str = HEAD, files: dict[str, str] | None = None) -> bytes:
    """A packed module called ``sample`` with this code."""
    contents = {"sample.py": head + dedent(source), **(files or {})}
    return pack(ModuleSource({path: text.encode() for path, text in contents.items()}, "sample"))


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: int = 1_700_000_000_000_000) -> None:
        self.now = Timestamp(now)

    def __call__(self) -> Timestamp:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now = Timestamp(int(self.now) + round(seconds * 1_000_000))


@contextmanager
def running(source: str = PEOPLE, folder: Path | None = None, clock: Clock | None = None) -> Iterator[Database]:
    """A database ``sample`` with that module; in memory unless there is a folder."""
    with Engine(folder, clock=clock or Timestamp.now) as engine:
        engine.publish(program(source), owner=OWNER, name="sample")
        yield engine.database("sample")


def encoded(database: Database, reducer: str, *args: object) -> bytes:
    """The arguments of a reducer in BSATN."""
    schema = database.schema
    return compile_codec(schema.reducers_by_name[reducer].params, schema.typespace).encode(args)


def call(database: Database, reducer: str, *args: object, caller: Caller = ME) -> Any:
    """Calls a reducer and waits for its outcome."""
    return database.call(reducer, encoded(database, reducer, *args), caller).result()


def rows(database: Database, table: str) -> list[tuple[Any, ...]]:
    """All rows of a table, decoded."""
    schema = database.schema
    codec = compile_codec(schema.row_type(schema.tables_by_name[table]), schema.typespace)

    def read(tx: Any) -> list[tuple[Any, ...]]:
        return [codec.decode(row) for row in tx.scan(tx.table_id(table))]

    return database.transact(read).result()
