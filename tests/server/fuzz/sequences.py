"""Valid conversations on several connections at a time, with frames harmed, dropped, doubled and moved.

Where :mod:`tests.server.fuzz.firing` looks at single frames, here much of what comes is in order: what a server does
wrong may take several things that were right. The server runs in this process, so that one can see what is left.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from bench.servers import Running, python_module
from stdbpy.api import ApiClient
from stdbpy.engine import Engine
from stdbpy.engine.database import Database
from stdbpy.protocol.v2 import messages as m
from stdbpy.server import RunningServer
from tests.contract.side_by_side.conversations.scripts import script
from tests.contract.side_by_side.conversations.words import Comes, Says, Step
from tests.contract.side_by_side.conversations.worlds import CLIENTS, SDK_TEST
from tests.contract.side_by_side.conversations.writing import Writer
from tests.contract.websocket import V1_JSON, V2, Wire, connected
from tests.server.fuzz.frames import BINARY, FAILED, TEXT, frame, has_closed
from tests.server.fuzz.mutation import mutated
from tests.server.fuzz.requests import PATIENCE

CONNECTIONS = 8
"""At a time."""

STEPS = 30
"""Of a conversation, which gives a connection some twenty frames."""

MOST_GROWTH = 256 * 1024 * 1024
"""Bytes that this process may take more in memory than after the first salvo."""

DATABASE = "target"
MARK = SDK_TEST.mark
PING, CLOSE = 9, 8


@dataclass
class Sequence:
    """What one connection says."""

    protocol: str
    query: str
    frames: list[bytes]
    ending: str
    """``politely``, ``without a word`` or ``in the middle`` of a frame."""
    reads: bool
    """Whether it takes notice of what it is told before it has said all."""


@dataclass
class Report:
    frames: int = 0
    failed: list[Sequence] = field(default_factory=list)
    """Those at which the server failed itself."""
    logged: list[str] = field(default_factory=list)
    """What the server's own log has of errors."""
    left: list[str] = field(default_factory=list)
    """Connections, tasks and subscriptions that should have gone with their clients."""
    resident: list[int] = field(default_factory=list)
    """Bytes in memory after each salvo."""

    @property
    def is_fine(self) -> bool:
        return not (self.failed or self.logged or self.left)

    def __str__(self) -> str:
        memory = f"{self.resident[0] >> 20} → {self.resident[-1] >> 20} MiB" if self.resident else ""
        found = [*map(str, self.failed[:5]), *self.logged[:5], *self.left[:5]]
        return "".join([f"{self.frames} frames, {memory}", *(f"\n  {one[:2000]}" for one in found)])


def sequences(seed: int, writer: Writer) -> Iterator[Sequence]:
    """Without end, the same for the same seed."""
    random = Random(seed)
    while True:
        steps = script(random.getrandbits(32), SDK_TEST, STEPS)
        said = {who: _sequence(who, steps, writer, random) for who in CLIENTS[:2]}
        if random.random() < 0.2:
            # What somebody else would say, who has other subscriptions.
            one, other = said.values()
            one.frames, other.frames = other.frames, one.frames
        yield from said.values()


def _sequence(who: str, steps: list[Step], writer: Writer, random: Random) -> Sequence:
    comes = next(step for step in steps if isinstance(step, Comes) and step.who == who)
    words = [word for step in steps if isinstance(step, Says) and step.who == who for word in step.words]
    payloads = [writer.payload(word, comes.protocol) for word in words if _fits(word, comes.protocol)]
    opcode = TEXT if comes.protocol == V1_JSON else BINARY
    frames = [frame(payload, opcode) for payload in _harmed(payloads, random)]
    if random.random() < 0.3:
        frames.insert(random.randrange(len(frames) + 1), frame(b"are you there", PING))
    if random.random() < 0.1 and frames:
        place = random.randrange(len(frames))
        frames[place] = mutated(frames[place], random)
    ending = random.choice(("politely", "politely", "without a word", "in the middle"))
    return Sequence(comes.protocol, comes.query, frames, ending, reads=random.random() < 0.7)


def _fits(word: object, protocol: str) -> bool:
    """A client that comes again may speak another protocol."""
    is_first = type(word).__module__.endswith("v1.messages")
    is_second = type(word).__module__.endswith("v2.messages")
    return not (is_second if protocol.startswith("v1.") else is_first)


def _harmed(payloads: list[bytes], random: Random) -> list[bytes]:
    """With few harms to whole messages, so that connections live."""
    found = list(payloads)
    for _ in range(random.choice((0, 1, 2, 4))):
        if not found:
            break
        place, other = random.randrange(len(found)), random.randrange(len(found))
        match random.randrange(6):
            case 0:
                del found[place]
            case 1:
                found[place:place] = [found[place]] * random.choice((1, 2, 20))
            case 2:
                found[place], found[other] = found[other], found[place]
            case 3:
                found[place:] = random.sample(found[place:], len(found) - place)
            case 4:
                found.insert(other, found.pop(place))
            case _:
                # Only the last ones, most often: it may end the connection.
                place = random.randrange(max(0, len(found) - 5), len(found)) if random.random() < 0.8 else place
                found[place] = mutated(found[place], random, found)
    return found


def play(count: int, seed: int, *, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Says ``count`` frames or a few more. Raises if the server does not answer, or grows without bound."""
    report = Report()
    with RunningServer(engine=Engine(None)) as server, _errors_of("stdbpy", report.logged):
        running = Running(server.url, server.owner_token)
        with ApiClient(server.url, server.owner_token) as api:
            api.publish(python_module("sdk_test_2_8_3"), DATABASE)
            identities = {who: api.create_identity().identity.hex() for who in CLIENTS}
            writer = Writer(api.schema(DATABASE), identities)
        database = server.backend.engine.database(DATABASE)
        coming = sequences(seed, writer)
        witness = _Witness(running)
        with witness.connected():
            before = _left(server, database)
            while report.frames < count:
                salvo = list(itertools.islice(coming, CONNECTIONS))
                outcomes = asyncio.run(_salvo(running, salvo, Random(seed + report.frames)))
                report.failed += [one for one, said in zip(salvo, outcomes, strict=True) if FAILED in said]
                report.frames += sum(len(one.frames) for one in salvo)
                witness.expect_to_be_served()
                report.left += _expected(before, lambda: _left(server, database))
                report.resident.append(_resident())
                progress(str(report))
                if report.resident[-1] > report.resident[0] + MOST_GROWTH:
                    raise MemoryError(f"the server has grown too much: {report}")
                if report.left:
                    break
    return report


# --- those who attack ----------------------------------------------------------------------------


async def _salvo(server: Running, salvo: list[Sequence], random: Random) -> list[bytes]:
    """The last of what each was told."""
    return await asyncio.gather(*(_said(server, one, Random(random.getrandbits(64))) for one in salvo))


async def _said(server: Running, sequence: Sequence, random: Random) -> bytes:
    address = urlsplit(server.url)
    opening = (
        f"GET /v1/database/{DATABASE}/subscribe?{sequence.query} HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\n"
        "connection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"sec-websocket-protocol: {sequence.protocol}\r\n\r\n"
    )
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(opening.encode())
            await reader.readuntil(b"\r\n\r\n")
            reading = asyncio.ensure_future(_heard(reader)) if sequence.reads else None
            with suppress(ConnectionError):
                for one in sequence.frames:
                    writer.write(one)
                    # In pieces, so that those of several connections are mixed.
                    if random.random() < 0.4:
                        await asyncio.sleep(0)
                    if reading is not None:
                        await writer.drain()
                if sequence.ending == "in the middle":
                    writer.write(frame(bytes(200), BINARY)[:-100])
                if sequence.ending != "politely":
                    if reading is not None:
                        reading.cancel()
                    return b""
                # The last word may have become part of a harmed frame, whose rest the server would wait for.
                writer.write(frame((1000).to_bytes(2, "big"), CLOSE))
                writer.write_eof()
            return await (reading or _heard(reader))
        finally:
            writer.transport.abort()


async def _heard(reader: asyncio.StreamReader) -> bytes:
    """The end of all that comes until the server hangs up."""
    said = b""
    with suppress(ConnectionError):
        while part := await reader.read(65536):
            said = said[-1024:] + part
            if has_closed(said):
                break
    return said


# --- those who are to notice nothing -------------------------------------------------------------


class _Witness:
    """A client who is told of each mark, in their order, whatever others do."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._marks = itertools.count(1)
        self._wire: Wire | None = None

    @contextmanager
    def connected(self) -> Iterator[None]:
        with connected(self._running, DATABASE, V2) as self._wire:
            self._wire.next()
            self._wire.ask(m.Subscribe(1, 1, [f"SELECT * FROM {MARK}"]))
            yield

    def expect_to_be_served(self) -> None:
        assert self._wire is not None
        mark = next(self._marks) % 65536
        with ApiClient(self._running.url, self._running.token, timeout=PATIENCE) as api:
            api.sql(DATABASE, f"INSERT INTO {MARK} (n) VALUES ({mark})")
        update = self._wire.next()
        assert isinstance(update, m.TransactionUpdate), update
        [rows] = update.query_sets[0].tables[0].rows
        assert isinstance(rows, m.PersistentTable)
        assert rows.value.inserts.slices() == [mark.to_bytes(2, "little")]


# --- what is looked at ---------------------------------------------------------------------------


def _left(server: RunningServer, database: Database) -> dict[str, int]:
    """What clients bring with them, and should take away."""
    figures = database.figures()
    loop = server._server.servers[0].get_loop()
    tasks = asyncio.run_coroutine_threadsafe(_tasks(), loop).result(PATIENCE)
    return {
        "clients": figures.clients,
        "sets": figures.subscription_sets,
        "live queries": figures.live_queries,
        "websockets": sum("Websocket" in type(one).__name__ for one in list(server._server.server_state.connections)),
        "tasks": tasks,
    }


async def _tasks() -> int:
    return len(asyncio.all_tasks())


def _expected(before: dict[str, int], now: Callable[[], dict[str, int]]) -> list[str]:
    """What is left more than before, after some time for ends to be noticed."""
    deadline = time.monotonic() + PATIENCE
    while True:
        more = [f"{number - before[name]} more {name}" for name, number in now().items() if number > before[name]]
        if not more or time.monotonic() > deadline:
            return more
        time.sleep(0.005)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def _errors_of(name: str, found: list[str]) -> Iterator[None]:
    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    handler = Keeping(logging.ERROR)
    logging.getLogger(name).addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger(name).removeHandler(handler)
