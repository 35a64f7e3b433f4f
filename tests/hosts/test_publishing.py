"""What servers are told of a module, what updates keep, and what its lifecycle reducers refuse."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import ApiError
from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource
from stdbpy.sats.values import Identity
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.abi import AbiLevel, told_at
from tests.contract.websocket import V1, connected
from tests.hosts.town import PATIENCE, Town, on, source

pytestmark = on("native")

Found = Callable[[str], Town]


@pytest.fixture
def found(town: Town) -> Iterator[Found]:
    """Makes databases of this test's own."""
    with ExitStack() as at_the_end:

        def made(code: str) -> Town:
            program = town.made(source_of(code))
            database = town.api.publish(program, None).database_identity.hex()
            at_the_end.callback(town.api.delete, database)
            return replace(town, entry="inn", program=program, database=database)

        yield made


def source_of(code: str) -> ModuleSource:
    head = "from stdbpy import *\n\n"
    return ModuleSource({"inn.py": (head + dedent(code)).encode()}, "inn")


def until_it_answers(inn: Town, query: str) -> list[object]:
    """1.2.0 stops a module for a moment when an update is refused."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return inn.rows(query)
        except ApiError:
            if not inn.is_old or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def in_order(schema: ModuleSchema) -> ModuleSchema:
    """Real servers tell some things in the order of hash tables."""

    def by_name(found: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(sorted(found, key=repr))

    tables = [
        replace(
            table,
            indexes=by_name(table.indexes),
            constraints=by_name(table.constraints),
            sequences=by_name(table.sequences),
        )
        for table in schema.tables
    ]
    inside = tuple(replace(each, schema=in_order(each.schema)) for each in schema.submodules)
    return replace(schema, tables=by_name(tables), types=by_name(schema.types), submodules=inside)


def test_what_servers_are_told(town: Town) -> None:
    """All of the schema, at 10.0 but for default values of columns; names are as they stand in the code."""
    declared = load(source(town.entry)).schema
    if town.entry == "city":
        assert in_order(town.schema) == in_order(declared)
        return
    told, expected = in_order(town.schema), in_order(told_at(declared, AbiLevel.V10_0))
    assert {reducer.name for reducer in told.reducers} == {reducer.name for reducer in expected.reducers}
    if town.is_old:  # which has other names for indexes
        assert {table.name for table in told.tables} == {table.name for table in expected.tables}
    else:
        assert (told.tables, told.types, told.typespace) == (expected.tables, expected.types, expected.typespace)


FIRST = """
    @table(public=True)
    class Guest:
        id: u64 = auto_inc(primary_key=True)
        name: str = column(unique=True)

    @reducer
    def check_in(ctx: ReducerContext, name: str) -> None:
        ctx.db.guest.insert(Guest(name=name))

    @reducer
    def check_out(ctx: ReducerContext, name: str) -> None:
        ctx.db.guest.name.delete(name)
"""

WITH_A_COLUMN = """
    @table(public=True)
    class Guest:
        id: u64 = auto_inc(primary_key=True)
        name: str = column(unique=True)
        nights: u32 = column(default=1)
"""

SECOND = """
    @table(public=True)
    class Room:
        number: u32 = column(primary_key=True)
        guest: u64 = column(index="btree")

    @reducer
    def check_in(ctx: ReducerContext, name: str, number: u32) -> None:
        guest = ctx.db.guest.insert(Guest(name=name))
        ctx.db.room.insert(Room(number=number, guest=guest.id))
"""


def test_an_update_keeps_rows(town: Town, found: Found) -> None:
    inn = found(FIRST)
    for name in ("ann", "bob"):
        inn.call("check_in", name)
    has_defaults = town.entry == "city"
    table = WITH_A_COLUMN if has_defaults else FIRST.partition("@reducer")[0]
    more: tuple[int, ...] = (1,) if has_defaults else ()
    inn.api.publish(town.made(source_of(table + SECOND)), inn.database, break_clients=True)
    inn = replace(inn)  # with the new schema
    assert inn.rows("SELECT * FROM guest") == [(1, "ann", *more), (2, "bob", *more)]
    inn.call("check_in", "eve", 7)
    [(number, guest)] = inn.rows("SELECT * FROM room")
    assert (3, number) == (3, 7)
    assert inn.rows(f"SELECT name FROM guest WHERE id = {guest}") == [("eve",)]
    assert guest > 2
    assert "check_out" not in inn.schema.reducers_by_name
    with pytest.raises(ApiError):
        inn.api.call(inn.database, "check_out", ["ann"])


def test_an_update_that_does_not_fit_is_refused(town: Town, found: Found) -> None:
    inn = found(FIRST)
    inn.call("check_in", "ann")
    for other in (FIRST.replace("name: str = column(unique=True)", "name: u32 = column(unique=True)"), "\n    x: u32"):
        with pytest.raises(ApiError):
            inn.api.publish(town.made(source_of(other)), inn.database)
        assert until_it_answers(inn, "SELECT * FROM guest") == [(1, "ann")]
    inn.call("check_in", "bob")
    assert inn.rows("SELECT name FROM guest") == [("ann",), ("bob",)]


def test_a_start_that_fails_makes_no_database(town: Town) -> None:
    for code in ('raise ReducerError("not today")', "1 / 0"):
        program = town.made(source_of(f"@init\ndef begin(ctx: ReducerContext) -> None:\n    {code}\n"))
        with pytest.raises(ApiError) as refused:
            town.api.publish(program, None)
        assert refused.value.status in (400, 500)


DOOR = """
    @table(public=True)
    class Visit:
        text: str

    @table
    class Unwelcome:
        who: Identity = column(primary_key=True)

    @client_connected
    def come(ctx: ReducerContext) -> None:
        ctx.db.visit.insert(Visit(text="come"))
        if ctx.db.unwelcome.who.find(ctx.sender) is not None:
            raise ReducerError("You are not welcome.")

    @client_disconnected
    def leave(ctx: ReducerContext) -> None:
        ctx.db.visit.insert(Visit(text="leave"))
        raise ValueError("whoever leaves has left")

    @reducer
    def turn_away(ctx: ReducerContext, who: Identity) -> None:
        ctx.db.unwelcome.insert(Unwelcome(who=who))
"""


def test_who_is_not_let_in(town: Town, found: Found) -> None:
    inn = found(DOOR)
    with ApiClient(town.url) as nobody:
        made = nobody.create_identity()
    inn.call("turn_away", made.identity)
    before = inn.rows("SELECT * FROM visit")
    with ApiClient(town.url, made.token) as api, pytest.raises(ApiError) as refused:
        inn.call("turn_away", Identity.from_int(9), api=api)
    assert "You are not welcome." in refused.value.body
    assert inn.rows("SELECT * FROM unwelcome") == [(made.identity,)]
    assert inn.rows("SELECT * FROM visit").count(("come",)) <= before.count(("come",)) + 2  # those of this query
    with pytest.raises(Exception, match=r"."), connected(inn, inn.database, V1, token=made.token) as wire:
        wire.next()
        wire.next()
