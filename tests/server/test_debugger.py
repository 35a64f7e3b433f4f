"""An editor's debugger stops in a reducer while the server runs: nobody loses the connection by that."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from stdbpy.api import ApiClient
from stdbpy.module.package import pack, source_of_folder
from stdbpy.server.owner import OWNER_TOKEN
from tests.server.debug_adapter import Debugger, Message, debugger

PEOPLE = """
from stdbpy import *

@table(public=True)
class Person:
    name: str

@reducer
def add(ctx: ReducerContext, name: str) -> None:
    loud = name.upper()
    ctx.db.person.insert(Person(loud))
"""

PATIENCE = 15
"""Seconds; the server drops clients that do not answer after twice as many."""

LINE = PEOPLE.splitlines().index("    ctx.db.person.insert(Person(loud))") + 1


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = tmp_path / "people"
    folder.mkdir()
    (folder / "__init__.py").write_text(PEOPLE)
    return folder


@pytest.fixture
def editor(people: Path) -> Iterator[Debugger]:
    """It launches the server as the documentation says, with a breakpoint in the reducer."""
    start = ["start", "--in-memory", "--listen-addr", "127.0.0.1:0", "--data-dir", str(people.parent / "data")]
    with debugger() as editor:
        launched = editor.send("launch", module="stdbpy.cli", args=start, console="internalConsole")
        editor.event("initialized")
        source = {"path": str(people / "__init__.py")}
        editor.ask("setBreakpoints", source=source, breakpoints=[{"line": LINE}])
        editor.ask("configurationDone")
        editor.answer(launched)
        yield editor


@contextmanager
def stopped(editor: Debugger) -> Iterator[Message]:
    """The innermost frame, where the debugger has stopped; it goes on after the block."""
    thread = editor.event("stopped")["threadId"]
    try:
        yield editor.ask("stackTrace", threadId=thread)["stackFrames"][0]
    finally:
        editor.ask("continue", threadId=thread)


def test_a_breakpoint_stops_the_reducer_and_nobody_else(editor: Debugger, people: Path) -> None:
    said = editor.event("output", lambda body: " is ready" in body["output"])["output"]
    url = said[said.index("http://") :].split()[0]
    owner = (people.parent / "data" / OWNER_TOKEN).read_text()
    with ApiClient(url, owner) as api, ThreadPoolExecutor(1) as pool:
        api.publish(pack(source_of_folder(people)), "people")
        address = f"{url.replace('http', 'ws', 1)}/v1/database/people/subscribe"
        with connect(address, subprotocols=[Subprotocol("v2.bsatn.spacetimedb")]) as client:
            api.metrics()  # there are threads for what takes a while
            called = pool.submit(api.call, "people", "add", ["ann"])

            with stopped(editor) as frame:
                assert (frame["name"], frame["line"]) == ("add", LINE)
                assert editor.ask("evaluate", expression="loud", frameId=frame["id"])["result"] == "'ANN'"
                assert client.ping().wait(PATIENCE), "clients hear nothing"
                with ApiClient(url, timeout=PATIENCE) as other:
                    other.schema("people")
                    other.metrics()
                assert not called.done()
            called.result(PATIENCE)
            assert client.ping().wait(PATIENCE)
        assert api.sql("people", "SELECT * FROM person")[0].rows == [["ANN"]]
