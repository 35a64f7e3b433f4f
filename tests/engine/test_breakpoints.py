"""Debuggers stop in the functions of a native module: in the author's own files, at their lines."""

from __future__ import annotations

import io
import pdb
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from stdbpy.engine import Database, Engine
from stdbpy.module.package import pack, source_of_folder
from stdbpy.schema.http import HttpRequestHead
from tests.engine.sample import ME, OWNER, call, rows

MODULE = """
from stdbpy import *
from . import more

@table(public=True)
class Person:
    name: str = column(primary_key=True)

@reducer
def add(ctx: ReducerContext, name: str) -> None:
    loud = more.shout(name)  # here
    ctx.db.person.insert(Person(name=loud))

@view(public=True)
def all_of_them(ctx: AnonymousViewContext) -> list[Person]:
    found = list(ctx.db.person)
    return found  # here

@procedure
def count(ctx: ProcedureContext) -> u64:
    with ctx.transaction() as tx:
        number = tx.db.person.count()
    return number  # here

@http_handler
def hello(ctx: HandlerContext, request: HttpRequest) -> HttpResponse:
    text = request.text()
    return HttpResponse(text)  # here

http_router(Router().any("/hello", hello))
"""

MORE = """
def shout(name):
    louder = name.upper()
    return louder  # here
"""

Stop = tuple[str, int, dict[str, Any]]
"""File, line, and local variables."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "people"
    folder.mkdir()
    (folder / "__init__.py").write_text(MODULE)
    (folder / "more.py").write_text(MORE)
    return folder


@pytest.fixture(params=[False, True], ids=["", "strict"])
def published(folder: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[], Database]]:
    """Starts a database with the module, once the debugger is there; also one that imports it anew for each call."""
    with Engine(None, strict=request.param) as engine:

        def publish() -> Database:
            engine.publish(pack(source_of_folder(folder)), owner=OWNER, name="people")
            return engine.database("people")

        yield publish


@pytest.fixture
def stops(folder: Path) -> Iterator[list[Stop]]:
    """Where a debugger, which traces threads as all of them do, stopped: lines that say `here`."""
    stops: list[Stop] = []

    def at_line(frame: FrameType, event: str, _: object) -> Any:
        path = Path(frame.f_code.co_filename)
        if event == "line" and "# here" in path.read_text().splitlines()[frame.f_lineno - 1]:
            stops.append((str(path.relative_to(folder)), frame.f_lineno, dict(frame.f_locals)))
        return at_line

    def trace(frame: FrameType, event: str, _: object) -> Any:
        is_own = frame.f_code.co_filename.startswith(str(folder))
        return at_line if is_own and event == "call" else None

    before = threading.gettrace()
    threading.settrace(trace)
    yield stops
    threading.settrace(before)


def line_of(text: str, number: int) -> int:
    """The line of the comment of that number."""
    return [line for line, code in enumerate(text.splitlines(), start=1) if "# here" in code][number]


def test_a_debugger_stops_in_reducers(stops, published):
    people = published()
    call(people, "add", "ann")
    [(file, line, names), (inner_file, inner_line, inner_names)] = stops
    assert (file, line, names["name"]) == ("__init__.py", line_of(MODULE, 0), "ann")
    assert (inner_file, inner_line, inner_names) == (
        "more.py",
        line_of(MORE, 0),
        {"name": "ann", "louder": "ANN"},
    )


def test_a_debugger_stops_in_views(stops, published):
    people = published()
    call(people, "add", "ann")
    stops.clear()
    people.sql("SELECT * FROM all_of_them", ME, is_owner=True).result()
    [(file, line, names)] = stops
    assert (file, line, len(names["found"])) == ("__init__.py", line_of(MODULE, 1), 1)


def test_a_debugger_stops_in_procedures(stops, published):
    people = published()
    people.call_procedure("count", b"", ME).result()
    [(file, line, names)] = stops
    assert (file, line, names["number"]) == ("__init__.py", line_of(MODULE, 2), 0)


def test_a_debugger_stops_in_http_handlers(stops, published):
    answer = published().http_handler("GET", "/hello")
    assert answer is not None
    answer(HttpRequestHead("GET", "/hello"), b"hi").result()
    [(file, line, names)] = stops
    assert (file, line, names["text"]) == ("__init__.py", line_of(MODULE, 3), "hi")


def test_breakpoint(folder, published, monkeypatch):
    """The builtin, which stops whatever debugger there is."""
    (folder / "more.py").write_text("def shout(name):\n    breakpoint()\n    return name\n")
    stopped = []

    def hook() -> None:
        frame = sys._getframe(1)
        stopped.append((frame.f_code.co_filename, frame.f_lineno, frame.f_locals["name"], threading.current_thread()))

    monkeypatch.setattr(sys, "breakpointhook", hook)
    call(published(), "add", "ann")
    [(file, line, name, thread)] = stopped
    assert (file, line, name) == (str(folder / "more.py"), 2, "ann")
    assert thread is not threading.main_thread()


def test_a_call_that_is_ended_in_the_debugger_is_no_bug(folder, published, monkeypatch):
    monkeypatch.delenv("PYTHONBREAKPOINT", raising=False)
    monkeypatch.setattr(
        sys,
        "breakpointhook",
        lambda: pdb.Pdb(stdin=io.StringIO("quit\n"), stdout=io.StringIO()).set_trace(sys._getframe(1)),
    )
    (folder / "more.py").write_text("def shout(name):\n    breakpoint()\n    return name\n")
    people = published()
    outcome = call(people, "add", "ann")
    assert (outcome.status, outcome.error, outcome.is_bug) == ("failed", "the call was ended in the debugger", False)
    assert not any('"Panic"' in line for line in people.logs.tail())
    assert rows(people, "person") == []
