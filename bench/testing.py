"""Databases for tests per second: in process with the module loaded once, beside those of a server in this process
that the module is published to, and of an engine that loads it each time.

The module is the chat of SpacetimeDB's quickstart. Each database takes one call and is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from stdbpy.engine import Caller, Engine
from stdbpy.sats.values import Identity
from stdbpy.testing import Module, Servers, load_module

IN_PROCESS = 1_000
ON_A_SERVER = 50
ENGINES = 100

_CHAT = Path(__file__).parent.parent / "tests" / "modules" / "quickstart_chat"
_ME = Identity.from_int(1)
_HELLO = (5).to_bytes(4, "little") + b"hello"


def main() -> None:
    chat = load_module(_CHAT)
    with Servers() as servers:
        embedded = servers.get("embedded")

        def on_a_server() -> None:
            with embedded.publish(chat) as db:
                db.reducers.send_message("hello")

        in_process = _rate(IN_PROCESS, lambda: _in_process(chat))
        _show("in process, module loaded once", in_process)
        _show("engine of its own, module loaded each time", _rate(ENGINES, lambda: _in_an_engine(chat)), in_process)
        _show("published to the embedded server", _rate(ON_A_SERVER, on_a_server), in_process)


def _in_process(chat: Module) -> None:
    with chat.database() as db:
        db.reducers.send_message("hello")


def _in_an_engine(chat: Module) -> None:
    with Engine(None) as engine:
        engine.publish(chat.program, owner=_ME, name="chat")
        engine.database("chat").call("send_message", _HELLO, Caller(_ME)).result()


def _rate(count: int, make: Callable[[], None]) -> float:
    make()
    started = perf_counter()
    for _ in range(count):
        make()
    return count / (perf_counter() - started)


def _show(what: str, rate: float, in_process: float | None = None) -> None:
    ratio = f"   {rate / in_process:5.2f} × in process" if in_process is not None else ""
    print(f"{what:<50} {rate:>8,.0f} databases/s{ratio}")


if __name__ == "__main__":
    main()
