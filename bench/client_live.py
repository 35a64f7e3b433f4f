"""The client end to end on the real server, beside the npm ``spacetimedb`` SDK on Node in the same run.

Each measurement is made by a fresh process, ours and theirs in turn, several times; the best is shown. The
module is SpacetimeDB's chat quickstart. What is encoded, is so in memory, without a server.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

from bench import servers
from bench.codec import PEERS, install_peer
from stdbpy.api import ApiClient
from stdbpy.client.options import Settings
from stdbpy.client.transport.socket import Closure, Opening, Receiver, SocketSettings
from stdbpy.protocol.handshake import V3
from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import encode_server_message, encode_server_messages
from stdbpy.sats import ConnectionId, Identity, Timestamp
from tests import real_servers
from tests.golden.quickstart_chat_client import AsyncDbConnection, DbConnection

ROWS = 100_000
CALLS = 1_000
WARM_UP = 500
PIPELINED = 1_000
BATCH, BATCHES, ROUNDS = 1_000, 10, 25
CLIENTS = 200
RUNS = 3

Figures = dict[str, float]


# --- our side, in a process of its own ---------------------------------------------------------


async def subscription(url: str, database: str, token: str) -> Figures:
    """From asking for all rows of a great table until they are applied."""
    async with AsyncDbConnection.connect(url, database, token=token) as db:
        start = perf_counter()
        await db.subscribe("SELECT * FROM message")
        return {"seconds": perf_counter() - start, "rows": len(db.message)}


async def sequential(url: str, database: str, token: str) -> Figures:
    """One call after the other, each of which changes a cached row."""
    latencies = []
    async with AsyncDbConnection.connect(url, database, token=token) as db:
        await db.subscribe("SELECT * FROM user")
        for _ in range(WARM_UP):
            await db.reducers.set_name("Ada")
        start = perf_counter()
        for number in range(CALLS):
            begin = perf_counter()
            await db.reducers.set_name(f"Ada {number}")
            latencies.append(perf_counter() - begin)
        return {"seconds": (perf_counter() - start) / CALLS, "median": statistics.median(latencies)}


def sequential_sync(url: str, database: str, token: str, delivery: Any = "thread") -> Figures:
    """The same over the synchronous connection."""
    latencies = []
    with DbConnection.connect(url, database, token=token, delivery=delivery) as db:
        db.subscribe("SELECT * FROM user")
        for _ in range(WARM_UP):
            db.reducers.set_name("Ada")
        start = perf_counter()
        for number in range(CALLS):
            begin = perf_counter()
            db.reducers.set_name(f"Ada {number}")
            latencies.append(perf_counter() - begin)
        return {"seconds": (perf_counter() - start) / CALLS, "median": statistics.median(latencies)}


def sequential_tick(url: str, database: str, token: str) -> Figures:
    """The same where the caller's thread applies what arrives."""
    return sequential_sync(url, database, token, "tick")


async def pipelined(url: str, database: str, token: str) -> Figures:
    """A thousand calls at once, until all are answered."""
    least = float("inf")
    async with AsyncDbConnection.connect(url, database, token=token) as db:
        await db.subscribe("SELECT * FROM user")
        for _ in range(15):
            start = perf_counter()
            calls = [db.reducers.set_name(f"Ada {number}") for number in range(PIPELINED)]
            for call in calls:
                await call
            least = min(least, perf_counter() - start)
    return {"seconds": least}


async def encoding(url: str, database: str, token: str) -> Figures:  # noqa: ARG001  # as the others
    """A call by the generated method, with the object that is awaited, up to the bytes for the socket.

    Calls are answered and let go after each thousand of them, which is not counted.
    """
    least = float("inf")
    for _ in range(ROUNDS):
        settings = Settings("http://localhost:3000", "bench", {"check_schema": False})
        settings.socket = replace(settings.socket, opener=_open_void)
        db = AsyncDbConnection(settings, _generated())
        db.begin()
        while not db.is_connected:
            await asyncio.sleep(0)
        send_message = db.reducers.send_message
        seconds, before = 0.0, db.stats().bytes_out
        for first in range(0, BATCH * BATCHES, BATCH):
            start = perf_counter()
            calls = [send_message(f"a message of some forty characters {first + number}") for number in range(BATCH)]
            await asyncio.sleep(0)
            seconds += perf_counter() - start
            _Void.last.answer(call.request_id for call in calls)
            for call in calls:
                await call
            del calls, call
        least = min(least, seconds)
        sent = db.stats().bytes_out - before
        await db.close()
    return {"seconds": least / (BATCH * BATCHES), "bytes": sent / (BATCH * BATCHES)}


async def clients(url: str, database: str, token: str) -> Figures:
    """Many connections in one process, all of which hear of one change."""
    async with AsyncDbConnection.connect(url, database, token=token) as first:
        gc.collect()
        before = _resident()
        start = perf_counter()
        connecting = (AsyncDbConnection.connect(url, database, token=token)._made() for _ in range(CLIENTS))
        connections = await asyncio.gather(*connecting)
        await asyncio.gather(*(db.subscribe("SELECT * FROM message")._applied() for db in connections))
        ready = perf_counter()
        gc.collect()
        memory = _resident() - before
        waiting = len(connections)
        all_heard = asyncio.Event()

        def heard(_: object, row: Any) -> None:
            nonlocal waiting
            if row.text == "to all":
                waiting -= 1
                if not waiting:
                    all_heard.set()

        for db in connections:
            db.message.on_insert(heard)
        told = perf_counter()
        await first.reducers.send_message("to all")
        await all_heard.wait()
        hearing = perf_counter() - told
        await asyncio.gather(*(db.close() for db in connections))
    return {"connecting": ready - start, "hearing": hearing, "memory": memory / CLIENTS}


def _generated() -> Any:
    assert AsyncDbConnection.generated is not None
    return AsyncDbConnection.generated


def _resident() -> int:
    """Bytes of the process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class _Void:
    """A socket whose other end says who the client is, takes everything, and answers calls when it is told to."""

    subprotocol: str | None = V3
    last: ClassVar[_Void]

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        _Void.last = self

    def answer(self, numbers: Iterable[int]) -> None:
        results = [m.ReducerResult(number, Timestamp(0), m.OkEmpty()) for number in numbers]
        self._receiver.message(encode_server_messages(results))
        self._receiver.caught_up()

    def send(self, data: bytes | str) -> None:
        """It is gone."""

    def close(self, code: int = 1000, reason: str = "") -> None:  # noqa: ARG002  # as sockets have it
        self._receiver.closed(Closure())

    async def wait_closed(self) -> None:
        """It is closed at once."""


async def _open_void(_opening: Opening, receiver: Receiver, _settings: SocketSettings) -> None:
    receiver.opened(_Void(receiver))
    receiver.message(encode_server_message(m.InitialConnection(Identity(bytes(32)), ConnectionId(bytes(16)), "t")))


CASES: dict[str, Callable[[str, str, str], Awaitable[Figures] | Figures]] = {
    case.__name__: case
    for case in (subscription, sequential, sequential_sync, sequential_tick, pipelined, encoding, clients)
}


# --- both sides --------------------------------------------------------------------------------


def main() -> None:
    peer = bool(install_peer())
    if not os.environ.get(real_servers.SERVERS):
        print(f"(no real server to measure against: {real_servers.SERVERS} is not set)")
        return
    with servers.real("2.8.3") as running, ApiClient(running.url, running.token) as api:
        for database in ("small", "great"):
            api.publish(real_servers.wasm("quickstart_chat-1.2.0"), database)
        asyncio.run(_fill(running, "great"))
        comparison = Comparison(running, peer=peer)
        comparison.show("subscription", "great", f"{ROWS:,} rows to applied", "seconds", _milliseconds)
        comparison.latency("sequential", "one call after the other")
        comparison.latency("sequential_sync", "the same, synchronous")
        comparison.latency("sequential_tick", "the same, synchronous with ticks")
        comparison.show("pipelined", "small", f"{PIPELINED:,} calls at once", "seconds", _milliseconds)
        comparison.show("encoding", "small", "a call encoded, in memory", "seconds", _microseconds, goal=1.2)
        for key, name, shown in (
            ("connecting", "connected and subscribed", _milliseconds),
            ("hearing", "from a call until all have heard of it", _milliseconds),
            ("memory", "resident memory of each", _kibibytes),
        ):
            comparison.show("clients", "small", f"{CLIENTS} clients: {name}", key, shown)


async def _fill(running: servers.Running, database: str) -> None:
    async with AsyncDbConnection.connect(running.url, database, token=running.token) as db:
        for first in range(0, ROWS, BATCH):
            texts = (f"a message of some forty characters {number}" for number in range(first, first + BATCH))
            await asyncio.gather(*[db.reducers.send_message(text) for text in texts])


class Comparison:
    """Runs both sides in turn, and shows the best of each."""

    def __init__(self, running: servers.Running, *, peer: bool) -> None:
        self._running = running
        self._peer = peer
        self._best: dict[tuple[str, str], Figures] = {}

    def show(
        self, case: str, database: str, name: str, key: str, shown: Callable[[float], str], goal: float = 0.0
    ) -> None:
        ours, theirs = self._figures(case, case, database)
        ratio = ""
        if theirs:
            assert ours.get("rows") == theirs.get("rows"), (ours, theirs)
            ratio = f"   npm {shown(theirs[key])}   {theirs[key] / ours[key]:5.2f}×"
        print(f"  {name:<58} {shown(ours[key])}{ratio}{f' (goal {goal}×)' if goal else ''}", flush=True)

    def latency(self, case: str, name: str) -> None:
        ours, theirs = self._figures(case, "sequential", "small")
        compared = ""
        if theirs:
            more = (ours["median"] - theirs["median"]) * 1e3
            compared = f"   npm {_milliseconds(theirs['median'])}   {more:+.3f} ms (goal: at most +0.2)"
        print(f"  {name:<58} {_milliseconds(ours['median'])}{compared}", flush=True)

    def _figures(self, case: str, theirs: str, database: str) -> tuple[Figures, Figures]:
        where = [self._running.url, database, self._running.token]
        commands = {("ours", case): [sys.executable, "-m", "bench.client_live", case, *where]}
        if self._peer:
            node = ["node", "--expose-gc", "--max-old-space-size=4096", str(PEERS / "client_live.mjs")]
            commands["theirs", theirs] = [*node, theirs, *where]
        wanted = [side for side in commands if side not in self._best]
        for _ in range(RUNS):
            for side in wanted:
                figures = _answer(commands[side])
                best = self._best.setdefault(side, figures)
                self._best[side] = {key: min(figures[key], best[key]) for key in figures}
        return self._best["ours", case], self._best.get(("theirs", theirs), {})


def _answer(command: list[str]) -> Figures:
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: Figures = json.loads(answer.stdout.splitlines()[-1])
    return figures


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:9.3f} ms"


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:9.3f} µs"


def _kibibytes(size: float) -> str:
    return f"{size / 1024:8.0f} KiB"


def measure(case: str, url: str, database: str, token: str) -> Figures:
    figures = CASES[case](url, database, token)
    return asyncio.run(_awaited(figures)) if isinstance(figures, Awaitable) else figures


async def _awaited(figures: Awaitable[Figures]) -> Figures:
    return await figures


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
