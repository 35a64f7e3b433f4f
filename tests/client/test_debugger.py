"""An editor's debugger stops in a callback of a client: the server keeps the client nevertheless."""

from __future__ import annotations

from pathlib import Path

from stdbpy.api import ApiClient
from stdbpy.engine import Engine
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer
from stdbpy.server.websocket.connection import WebsocketConnection
from tests.client.live import eventually
from tests.server.debug_adapter import debugger

PEOPLE = b"""
from stdbpy import *

@table(public=True)
class Person:
    name: str

@reducer
def add(ctx: ReducerContext, name: str) -> None:
    ctx.db.person.insert(Person(name))
"""

CLIENT = """
import sys
from stdbpy.client import connect

def heard(ctx, person):
    loud = person.name.upper()
    print(loud, flush=True)

with connect(sys.argv[1], "people") as db:
    db.subscribe("SELECT * FROM person")
    db.person.on_insert(heard)
    db.reducers.add("ann")
"""

LINE = CLIENT.splitlines().index("    print(loud, flush=True)") + 1

PING = b"\x89\x00"


def test_a_breakpoint_in_a_callback_does_not_lose_the_connection(tmp_path: Path) -> None:
    program = tmp_path / "listening.py"
    program.write_text(CLIENT)
    with RunningServer(engine=Engine(None)) as server, ApiClient(server.url, server.owner_token) as api:
        api.publish(pack(ModuleSource({"people.py": PEOPLE}, "people", None)), "people")
        with debugger() as editor:
            launched = editor.send("launch", program=str(program), args=[server.url], console="internalConsole")
            editor.event("initialized")
            editor.ask("setBreakpoints", source={"path": str(program)}, breakpoints=[{"line": LINE}])
            editor.ask("configurationDone")
            editor.answer(launched)
            thread = editor.event("stopped")["threadId"]

            [client] = [
                found
                for found in list(server._server.server_state.connections)
                if isinstance(found, WebsocketConnection)
            ]
            for name in ("bob", "cem"):  # what it is told is for its code; pings alone its library may answer
                api.call("people", "add", [name])
            last_heard = client._heard
            client.loop.call_soon_threadsafe(client.transport.write, PING)
            eventually(lambda: client._heard > last_heard)

            editor.ask("continue", threadId=thread)
            assert editor.event("output", lambda body: "ANN" in body["output"])
