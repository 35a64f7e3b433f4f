"""Bugs of modules in Python that are tested as the WebAssembly that they become."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from stdbpy.engine.logs import LogStore
from stdbpy.errors import ReducerCrashed, ReducerError, ReducerFailed
from stdbpy.module.host import LogLevel
from stdbpy.module.package import ModuleSource
from stdbpy.testing import Module, ModuleDatabase, load_module
from stdbpy.testing.compiled_bugs import BugLines
from stdbpy.wasm.build import build_wasm

SOURCE = b"""
from stdbpy import ReducerContext, ReducerError, ScheduleAt, TimeDuration, auto_inc, column, i32, reducer, table, u64


@table
class Named:
    name: str = column(unique=True)
    by: i32


@table(scheduled="due")
class Due:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt
    by: i32


@reducer
def divide(ctx: ReducerContext, by: i32) -> None:
    if by < 0:
        raise ReducerError(f"not by {by}")
    1 / by


@reducer
def due(ctx: ReducerContext, row: Due) -> None:
    divide(ctx, row.by)


@reducer
def divide_in(ctx: ReducerContext, seconds: i32, by: i32) -> None:
    ctx.db.due.insert(Due(at=ScheduleAt.at(ctx.timestamp + TimeDuration.of(seconds=seconds)), by=by))


@reducer
def name(ctx: ReducerContext, name: str, by: i32) -> None:
    ctx.db.named.insert(Named(name=name, by=by))
"""

A_BUG = r"has a bug: ZeroDivisionError: .* \(clocks.py:\d+\)"
REFUSED = ReducerError("ValueError: no")


def test_a_refusal_is_none() -> None:
    logs = LogStore()
    lines = BugLines(logs)
    logs.write(LogLevel.ERROR, '{"level":"Panic"')
    assert lines.bug_of(REFUSED) is None


def test_a_bug_has_its_line_and_traceback() -> None:
    logs = LogStore()
    lines = BugLines(logs)
    logs.write(LogLevel.PANIC, "Traceback …", filename="chat.py", line_number=7)
    bug = lines.bug_of(REFUSED)
    assert str(bug) == "ValueError: no (chat.py:7)"
    assert bug is not None
    assert bug.__notes__ == ["Traceback …"]
    assert lines.bug_of(REFUSED) is None, "each is told once"


def test_it_is_that_of_the_call() -> None:
    logs = LogStore()
    lines = BugLines(logs)
    other = Thread(target=logs.write, args=(LogLevel.PANIC, "of a procedure"))
    other.start()
    other.join()
    assert lines.bug_of(REFUSED) is None
    logs.write(LogLevel.PANIC, "of an earlier call, which has trapped")
    lines.forget()
    assert lines.bug_of(REFUSED) is None


@pytest.fixture(scope="module")
def compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Module:
    cache = request.config.cache
    assert cache is not None
    path = tmp_path_factory.mktemp("compiled") / "clocks.wasm"
    source = ModuleSource({"clocks.py": SOURCE}, "clocks")
    path.write_bytes(build_wasm(source, cache=Path(cache.mkdir("wasm"))).program)
    return load_module(path)


@pytest.fixture
def db(compiled: Module) -> Iterator[ModuleDatabase]:
    with compiled.database() as database:
        yield database


@pytest.mark.long
def test_of_a_call(db: ModuleDatabase) -> None:
    with pytest.raises(ReducerCrashed, match=rf"'divide' {A_BUG}") as crash:
        db.call("divide", 0)
    assert "in divide" in str(getattr(crash.value.__cause__, "__notes__", ""))
    with db.refused("^not by -1$"):
        db.call("divide", -1)


@pytest.mark.long
def test_of_a_schedule(db: ModuleDatabase) -> None:
    db.call("divide_in", 5, 0)
    db.advance(4)
    with pytest.raises(ReducerCrashed, match=rf"'due' {A_BUG}"):
        db.advance(1)
    db.call("divide_in", 5, -1)
    db.advance(5)
    assert "not by -1" in [record.message for record in db.logs][-1]


@pytest.mark.long
def test_but_not_a_row_that_is_not_let_in(db: ModuleDatabase) -> None:
    db.call("name", "a", 1)
    with db.refused("UniqueConstraintViolation"):
        db.call("name", "a", 2)
    with pytest.raises(ReducerFailed):
        db.call("name", "a", 2)
