"""A generated client over HTTP, on the embedded server: what is called arrives, what is read is typed."""

from __future__ import annotations

import asyncio
import importlib
import sys
import uuid
from collections.abc import Iterator
from types import ModuleType

import pytest

from stdbpy.api import ApiClient
from stdbpy.codegen import generate
from stdbpy.errors import EncodeError, NoSuchProcedure, NoSuchReducer, ProcedureFailed, QueryFailed, ReducerFailed
from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource, pack
from stdbpy.sats import ConnectionId, Err, Identity, Interval, Ok, Some, TimeDuration, Timestamp
from stdbpy.server import RunningServer

MODULE = b"""
from dataclasses import dataclass
import enum
import uuid
from stdbpy import *

class Colour(enum.Enum):
    RED = "r"
    DARK_BLUE = "b"

class Shape(TaggedUnion): pass
class Circle(Shape): value: f32
class Nothing(Shape): pass

@dataclass
class Point:
    x: i8
    class_: i256

@table(public=True)
class Sample:
    id: u64 = auto_inc(primary_key=True)
    big: u256
    exact: f64
    text: str
    raw: bytes
    colour: Colour
    shape: Shape
    point: Point
    points: list[Point]
    maybe: u32 | None
    nested: Some[u32 | None] | None
    outcome: Ok[u32] | Err[str]
    who: Identity
    connection: ConnectionId
    at: Timestamp
    span: TimeDuration
    due: ScheduleAt
    number: uuid.UUID

@reducer
def add(
    ctx: ReducerContext, big: u256, exact: f64, text: str, raw: bytes, colour: Colour, shape: Shape, point: Point,
    points: list[Point], maybe: u32 | None, nested: Some[u32 | None] | None, outcome: Ok[u32] | Err[str],
    who: Identity, connection: ConnectionId, at: Timestamp, span: TimeDuration, due: ScheduleAt, number: uuid.UUID,
) -> None:
    ctx.db.sample.insert(Sample(
        0, big, exact, text, raw, colour, shape, point, points, maybe, nested, outcome, who, connection, at, span, due,
        number,
    ))

@reducer
def say_who(ctx: ReducerContext) -> None:
    raise ReducerError(ctx.sender.hex())

@reducer
def refuse(ctx: ReducerContext, why: str) -> None:
    raise ReducerError(why)

@procedure
def echo(ctx: ProcedureContext, point: Point, shape: Shape, colour: Colour, at: Timestamp) -> Ok[Point] | Err[str]:
    return Err("nowhere") if isinstance(shape, Nothing) else Ok(Point(point.x, point.class_ + int(at)))

@procedure
def count(ctx: ProcedureContext) -> u64:
    with ctx.transaction() as tx:
        return tx.db.sample.count()

@procedure
def nothing(ctx: ProcedureContext) -> None: ...

@procedure
def fail(ctx: ProcedureContext) -> u64:
    return {}["key"]
"""

SOURCE = ModuleSource({"samples.py": MODULE}, "samples")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as running:
        with ApiClient(running.url, running.owner_token) as api:
            api.publish(pack(SOURCE), "samples")
        yield running


@pytest.fixture(scope="module")
def bindings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("client")
    (folder / "sample_bindings").mkdir()
    for path, text in generate(load(SOURCE).schema).items():
        (folder / "sample_bindings" / path).write_text(text)
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("sample_bindings")
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == "sample_bindings"]:
            del sys.modules[name]


def arguments(types: ModuleType, *, low: bool) -> tuple[object, ...]:
    """Of ``add``: the smallest and emptiest values, or the largest and fullest."""
    if low:
        return (
            0, -1.5, "", b"", types.Colour.RED, types.ShapeNothing(), types.Point(-128, -(2**255)), [], None, None,
            Ok(0), Identity.from_int(0), ConnectionId.from_int(0), Timestamp(0), TimeDuration(-1),
            Interval(TimeDuration(1)), uuid.UUID(int=0),
        )  # fmt: skip
    point = types.Point(127, 2**255 - 1)
    return (
        2**256 - 1, 2.0**-1074, "Zoë \U0001f600 ' \" \\", b"\x00\xff", types.Colour.DARK_BLUE, types.ShapeCircle(0.5),
        point, [point, point], 2**32 - 1, Some(None), Err("no"), Identity.from_int(2**256 - 1),
        ConnectionId.from_int(2**128 - 1), Timestamp(1_700_000_000_000_001), TimeDuration(2**40),
        Interval(TimeDuration(2**50)), uuid.UUID(int=2**128 - 1),
    )  # fmt: skip


def last(rows):
    return max(rows, key=lambda row: row.id)


@pytest.mark.parametrize("low", [True, False])
def test_values_of_every_type_come_back_as_they_were_sent(server, bindings, low):
    sent = arguments(bindings.types, low=low)
    with bindings.over_http(server.url, "samples") as samples:
        assert samples.reducers.add(*sent) is None
        row = last(samples.query(bindings.tables.sample))
    assert type(row) is bindings.types.Sample
    assert row == bindings.types.Sample(row.id, *sent)


def test_the_same_with_asyncio(server, bindings):
    async def add_and_read():
        async with bindings.over_http_async(server.url, "samples") as samples:
            await samples.reducers.add(*sent)
            return last(await samples.query(bindings.tables.sample))

    sent = arguments(bindings.types, low=False)
    row = asyncio.run(add_and_read())
    assert row == bindings.types.Sample(row.id, *sent)


def test_rows_of_a_query(server, bindings):
    sample = bindings.tables.sample
    with bindings.over_http(server.url, "samples") as samples:
        samples.reducers.add(*arguments(bindings.types, low=True))
        assert samples.query(sample.where(lambda row: row.text == "nobody'; DELETE FROM sample")).rows() == []
        assert {row.text for row in samples.query(sample.where(lambda row: row.text == ""))} == {""}


def test_rows_of_sql_are_those_of_the_table(server, bindings):
    with bindings.over_http(server.url, "samples") as samples:
        samples.reducers.add(*arguments(bindings.types, low=False))
        everything = samples.query("SELECT * FROM sample WHERE id > 0")
        assert everything.table == "sample"
        assert everything.rows() == samples.query(bindings.tables.sample).rows()
        assert type(everything[0]) is bindings.types.Sample
        assert everything.to_arrow() == samples.query(bindings.tables.sample).to_arrow()


def test_columns_that_sql_puts_together(server, bindings):
    with bindings.over_http(server.url, "samples") as samples:
        samples.reducers.add(*arguments(bindings.types, low=True))
        counted = samples.query("SELECT COUNT(*) AS sampleCount FROM sample")
        [row] = counted
        assert row.sample_count == len(samples.query(bindings.tables.sample)) > 0
        assert counted.table == ""
        assert repr(counted) == "<QueryRows of sampleCount: 1>"
        assert counted.to_arrow().to_pylist() == [{"sampleCount": row.sample_count}]
        chosen = samples.query("SELECT colour, point, who FROM sample WHERE text = ''")
        # What is inside of columns has the classes that it has in rows.
        assert chosen[0].colour is bindings.types.Colour.RED
        assert chosen[0].point == bindings.types.Point(-128, -(2**255))
        assert chosen[0].who == Identity.from_int(0)
        assert chosen.to_pandas()["colour"].tolist() == ["RED"] * len(chosen)


def test_statements_that_change_rows_give_none(server, bindings):
    with bindings.over_http(server.url, "samples", token=server.owner_token) as samples:
        samples.reducers.add(*arguments(bindings.types, low=True))
        gone = samples.query("DELETE FROM sample")
        assert gone.rows() == []
        assert repr(gone) == "<QueryRows of nothing: 0>"
        assert samples.query(bindings.tables.sample).rows() == []


def test_refused_queries_are_those_of_connections(server, bindings):
    with (
        bindings.over_http(server.url, "samples") as samples,
        bindings.connect(server.url, "samples") as live,
    ):
        for client in (samples, live):
            with pytest.raises(QueryFailed, match="nope"):
                client.query("SELECT * FROM nope")

    async def main() -> None:
        async with bindings.over_http_async(server.url, "samples") as samples:
            assert len(await samples.query("SELECT * FROM sample")) == len(await samples.query(bindings.tables.sample))
            with pytest.raises(QueryFailed, match="nope"):
                await samples.query("SELECT * FROM nope")

    asyncio.run(main())


def test_addresses_are_those_of_connections(server, bindings):
    with bindings.over_http(server.url.replace("http://", "ws://"), "samples") as samples:
        assert samples.query(bindings.tables.sample) is not None
        assert samples.uri == server.url
        assert repr(samples) == f"<HttpDatabase samples on {server.url}>"


def test_what_a_reducer_says_comes_back(server, bindings):
    with bindings.over_http(server.url, "samples") as samples, pytest.raises(ReducerFailed, match="not today"):
        samples.reducers.refuse("not today")


def test_procedures_give_back_typed_values(server, bindings):
    types = bindings.types
    point, at = types.Point(x=-1, class_=2**200), Timestamp(5)
    circle, nothing = types.ShapeCircle(1.5), types.ShapeNothing()
    moved = Ok(types.Point(x=-1, class_=2**200 + 5))
    with (
        bindings.over_http(server.url, "samples") as samples,
        bindings.connect(server.url, "samples") as live,
    ):
        for client in (samples, live):
            procedures = client.procedures
            assert procedures.echo(point, circle, types.Colour.DARK_BLUE, at) == moved
            assert procedures.echo(point, nothing, types.Colour.RED, at) == Err("nowhere")
            assert procedures.count() == len(client.query(bindings.tables.sample).rows())
            assert procedures.nothing() is None
            with pytest.raises(ProcedureFailed, match="KeyError: 'key'"):
                procedures.fail()

    async def main() -> None:
        async with bindings.over_http_async(server.url, "samples") as samples:
            assert await samples.procedures.echo(point, circle, types.Colour.RED, at) == moved
            assert await samples.procedures.nothing() is None
            with pytest.raises(ProcedureFailed, match="KeyError: 'key'"):
                await samples.procedures.fail()

    asyncio.run(main())


def test_calls_are_those_of_the_token_or_of_nobody_in_particular(server, bindings):
    def caller(token: str | None) -> str:
        with bindings.over_http(server.url, "samples", token=token) as samples, pytest.raises(ReducerFailed) as caught:
            samples.reducers.say_who()
        return caught.value.message

    with ApiClient(server.url) as api:
        known = api.create_identity()
    assert caller(known.token) == caller(known.token) == known.identity.hex()
    assert caller(None) != caller(None)


def test_values_that_do_not_fit_are_not_sent(bindings):
    # Nothing listens there.
    with bindings.over_http("http://127.0.0.1:1", "samples") as samples:
        with pytest.raises(EncodeError, match=r"why: .*str"):
            samples.reducers.refuse(3)
        with pytest.raises(EncodeError, match=r"^big: .*u256"):
            samples.reducers.add(-1, *arguments(bindings.types, low=True)[1:])


def test_a_reducer_that_is_not_there(bindings):
    with pytest.raises(NoSuchReducer) as caught:
        bindings.MODULE.reducer("refused")
    assert caught.value.hint == "Did you mean 'refuse'?"
    with pytest.raises(NoSuchProcedure) as caught:
        bindings.MODULE.procedure("ecko")
    assert caught.value.hint == "Did you mean 'echo'?"
