"""From the bytes of messages to the client cache, beside the npm ``spacetimedb`` SDK on Node.

Both sides read the same frames of protocol v3, in a fresh process for each case, and do all that
they do with them: decode the message, apply it, call callbacks. What is left out is the socket.
Times are the best of several runs, each with a new connection; where runs are short, both sides
have their turns by turns.
"""

from __future__ import annotations

import gc
import json
import random
import struct
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from bench.codec import PEERS, SHAPES, RowShape, install_peer
from stdbpy.client.connection_log import ConnectionLog
from stdbpy.client.contexts import EventContext
from stdbpy.client.deliveries import Deliveries
from stdbpy.client.delivery_steps import DeliverySteps, Hooks
from stdbpy.client.event_bus import EventBus
from stdbpy.client.stats import Counters
from stdbpy.protocol.cache import TableCache
from stdbpy.protocol.catalog import Catalog, TableLayout
from stdbpy.protocol.options import SessionOptions
from stdbpy.protocol.row_list import NO_ROWS, RowList
from stdbpy.protocol.session import Session
from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import encode_server_message
from stdbpy.sats import ConnectionId, Identity
from stdbpy.sats.types import TypeRef

SIZES = (100_000, 1_000_000)
REPEATS = {100_000: 5, 1_000_000: 2}
"""Runs within a process."""
TURNS = {100_000: 3, 1_000_000: 1}
"""Processes on each side."""
TRANSACTIONS = 50_000
WITHOUT_KEY = "_without_key"
QUERY_SET = slice(6, 10)
"""Where a frame of SubscribeApplied says the number that its client gave to the query set."""
GOALS = {"subscribe": 3.0, "update": 2.5, "delete": 5.0, "transactions": 1.5}
"""How many times as fast as the peer."""
MEMORY_GOALS = {"rss": 0.5, "heap": 1.2}
"""At most so many times as much memory as the peer: of the process, and of live objects."""


@dataclass(frozen=True)
class Case:
    what: str
    shape: str
    listening: bool

    @property
    def key(self) -> int | None:
        return None if self.shape.endswith(WITHOUT_KEY) else 0

    @property
    def layout(self) -> TableLayout:
        shape = shape_called(self.shape.removesuffix(WITHOUT_KEY))
        [(_, row_class)] = [named for named in shape.classes if named[0] == "msgspec.Struct"]
        assert row_class is not None
        return TableLayout("rows", TypeRef(0), (shape.type,), {0: row_class}, self.key)


def shape_called(name: str) -> RowShape:
    return next(shape for shape in SHAPES if shape.name == name)


# --- the frames --------------------------------------------------------------------------------


def write_frames(shape: RowShape, size: int, folder: Path) -> None:
    """The messages of all cases: rows arrive, all are updated, all are deleted, or one after the other changes."""
    chance = random.Random(size)
    codec = shape.codec(None)
    old = [codec.encode(shape.make(index, chance)) for index in range(size)]
    new = [codec.encode(shape.make(index, chance)) for index in range(size)]
    identity = m.InitialConnection(Identity(bytes(32)), ConnectionId(bytes(16)), "token")
    applied = m.SubscribeApplied(0, 0, m.QueryRows([m.SingleTableRows("rows", RowList.of(old))]))
    (folder / "identity").write_bytes(encode_server_message(identity))
    (folder / "subscribe").write_bytes(encode_server_message(applied))
    (folder / "update").write_bytes(_transaction(new, old))
    (folder / "delete").write_bytes(_transaction([], old))
    changed = chance.sample(range(size), min(TRANSACTIONS, size))
    frames = [_transaction([new[index]], [old[index]]) for index in changed]
    (folder / "transactions").write_bytes(b"".join(struct.pack("<I", len(frame)) + frame for frame in frames))


def _transaction(inserts: list[bytes], deletes: list[bytes]) -> bytes:
    rows = m.PersistentTableRows(
        RowList.of(inserts) if inserts else NO_ROWS, RowList.of(deletes) if deletes else NO_ROWS
    )
    update = m.TableUpdate("rows", [m.PersistentTable(rows)])
    return encode_server_message(m.TransactionUpdate([m.QuerySetUpdate(0, [update])]))


def _frames_of(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        yield data[at + 4 : at + 4 + length]
        at += 4 + length


# --- our side, in a process of its own ---------------------------------------------------------


class Client:
    """A session with one subscription, and a connection's part of it: callbacks are called."""

    def __init__(self, case: Case, folder: Path) -> None:
        catalog = Catalog({"rows": case.layout}, {}, {})
        options = SessionOptions("http://localhost:3000", "bench")
        self.session = Session(catalog, options, clock=perf_counter, random=random.random)
        self.session.opened("v3.bsatn.spacetimedb")
        self.session.receive((folder / "identity").read_bytes())
        self.number = self.session.subscribe(["SELECT * FROM rows"]).query_set_id
        self.session.take_outgoing()
        self.session.take_deliveries()
        log = ConnectionLog("bench")
        bus = EventBus(log)
        nobody: Any = None  # whom only other callbacks than those of rows need
        steps = DeliverySteps(nobody, nobody, self.session, Hooks(), Counters(), EventContext, bus, log)
        self._deliveries = Deliveries(steps.of, log, bus, None)
        self.told = 0
        if case.listening:
            listeners = self.rows.listeners
            listeners.on_insert.add(self._on_row)
            listeners.on_delete.add(self._on_row)
            listeners.on_update.add(self._on_update)

    @property
    def rows(self) -> TableCache:
        return self.session.cache.tables["rows"]

    def _on_row(self, _context: EventContext, _row: object) -> None:
        self.told += 1

    def _on_update(self, _context: EventContext, _old: object, _new: object) -> None:
        self.told += 1

    def addressed(self, frame: bytes) -> bytes:
        """The frame with this client's number of the subscription."""
        data = bytearray(frame)
        data[QUERY_SET] = self.number.to_bytes(4, "little")
        return bytes(data)

    def receive(self, frame: bytes) -> None:
        session = self.session
        session.receive(frame)
        self._deliveries.add(session.take_deliveries())
        self._deliveries.run()
        assert session.hang_up is None, session.hang_up


def run_case(case: Case, folder: Path, repeats: int) -> dict[str, float]:
    if case.what in ("rss", "heap"):
        return _memory(case, folder)
    if case.what == "find":
        return _find(case, folder)
    least = float("inf")
    told = 0
    for _ in range(repeats):
        client = Client(case, folder)
        subscribe = client.addressed((folder / "subscribe").read_bytes())
        if case.what == "subscribe":
            frames = [subscribe]
        else:
            client.receive(subscribe)
            data = (folder / case.what).read_bytes()
            frames = list(_frames_of(data)) if case.what == "transactions" else [data]
            del data
        del subscribe
        client.told = 0
        gc.collect()
        start = perf_counter()
        for frame in frames:
            client.receive(frame)
        least = min(least, perf_counter() - start)
        told, rows = client.told, len(client.rows)
        del client, frames, frame
    return {"seconds": least, "told": told, "rows": rows}


def _memory(case: Case, folder: Path) -> dict[str, float]:
    client = Client(case, folder)
    gc.collect()
    if case.what == "heap":
        tracemalloc.start()
    before = _memory_used(case.what)
    client.receive(client.addressed((folder / "subscribe").read_bytes()))
    gc.collect()
    return {"used": _memory_used(case.what) - before, "rows": len(client.rows)}


def _memory_used(what: str) -> int:
    if what == "heap":
        return tracemalloc.get_traced_memory()[0]
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def _find(case: Case, folder: Path) -> dict[str, float]:
    """Seconds for as many look-ups by primary key, and in a dictionary of the same rows."""
    client = Client(case, folder)
    client.receive(client.addressed((folder / "subscribe").read_bytes()))
    keys = [row.id for row in client.rows]
    random.Random(1).shuffle(keys)
    rows = {row.id: row for row in client.rows}
    find = client.rows.unique((0,)).find
    seconds = {"find": float("inf"), "dict": float("inf")}
    for _ in range(5):
        for name, get in (("find", find), ("dict", rows.__getitem__)):
            start = perf_counter()
            for key in keys:
                get(key)
            seconds[name] = min(seconds[name], perf_counter() - start)
    return {**seconds, "rows": len(keys)}


# --- both sides --------------------------------------------------------------------------------


def main() -> None:
    peer = install_peer()
    with tempfile.TemporaryDirectory(prefix="stdbpy-bench-") as name:
        folder = Path(name)
        for shape in SHAPES:
            for size in SIZES:
                print(f"{shape.text}, {size:,} rows", flush=True)
                write_frames(shape, size, folder)
                for key in ("", WITHOUT_KEY) if size == SIZES[0] else ("",):
                    _compare_times(shape.name + key, size, folder, peer=bool(peer))
                _compare_memory(shape.name, folder, peer=bool(peer))
                find = _ours(Case("find", shape.name, listening=False), folder, 1)
                print(f"  find by key {find['find'] / find['dict']:.2f}× a look into a dictionary", flush=True)


def _compare_times(shape: str, size: int, folder: Path, *, peer: bool) -> None:
    for what, goal in GOALS.items():
        for listening in (False, True):
            case = Case(what, shape, listening)
            ours = theirs = float("inf")
            for _ in range(TURNS[size]):
                mine = _ours(case, folder, REPEATS[size])
                ours = min(ours, mine["seconds"])
                if peer:
                    other = _theirs(case, folder, REPEATS[size])
                    theirs = min(theirs, other["seconds"])
                    assert other["rows"] == mine["rows"], "the two caches hold different numbers of rows"
            done = min(TRANSACTIONS, size) if what == "transactions" else size
            name = f"{what}{' without key' if case.key is None else ''}{', with a callback' if listening else ''}"
            ratio = f"   npm {done / theirs:>10,.0f}/s   {theirs / ours:5.2f}× (goal {goal}×)" if peer else ""
            print(f"  {name:<42} {done / ours:>11,.0f}/s{ratio}", flush=True)


def _compare_memory(shape: str, folder: Path, *, peer: bool) -> None:
    theirs = _theirs(Case("memory", shape, listening=False), folder, 1) if peer else None
    for what, goal in MEMORY_GOALS.items():
        ours = _ours(Case(what, shape, listening=False), folder, 1)
        ratio = ""
        if theirs is not None:
            each = theirs[what] / theirs["rows"]
            ratio = f"   npm {each:6.0f}   {ours['used'] / theirs[what]:5.2f}× (goal {goal}×)"
        print(f"  {what}: bytes per cached row {ours['used'] / ours['rows']:6.0f}{ratio}", flush=True)


def _ours(case: Case, folder: Path, repeats: int) -> dict[str, float]:
    request = json.dumps({"case": msgspec.to_builtins(case), "folder": str(folder), "repeats": repeats})
    command = [sys.executable, "-m", "bench.client_cache", request]
    return _answer(command)


def _theirs(case: Case, folder: Path, repeats: int) -> dict[str, float]:
    command = ["node", "--expose-gc", "--max-old-space-size=6000", str(PEERS / "client_cache.mjs")]
    return _answer([*command, case.what, case.shape, str(folder), str(repeats), str(int(case.listening))])


def _answer(command: Iterable[str]) -> dict[str, float]:
    run = subprocess.run([*command], check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    [text] = sys.argv[1:]
    asked = json.loads(text)
    print(json.dumps(run_case(Case(**asked["case"]), Path(asked["folder"]), asked["repeats"])))
