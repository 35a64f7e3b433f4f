"""A transaction on its way to a thousand clients, on the embedded server and on the real one.

The server, the clients and the one who calls have a process each. Clients are raw: they note when each update came
and which it was. A transaction sets a row of ``pk_u32``; everybody is subscribed to the same row, or each twenty
clients to a row of their own, and the transactions go round.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import statistics
import struct
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic

import picows

from bench import servers
from stdbpy.api import ApiClient
from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import decode_server_message, encode_client_message
from tests import real_servers

CLIENTS = 1_000
SECONDS = 10.0
CONNECTING_AT_ONCE = 50
PATIENCE = 60.0
"""Seconds that clients may take to connect, and to tell what came."""

LAST_ONES = 15.0
"""Seconds after the last call in which the last updates have to come."""

_SUBPROTOCOL = "v2.bsatn.spacetimedb"
_ROW = struct.Struct("<Ii")
"""``n`` and ``data``, which is the number of the transaction that set it."""

_FIRST = 0x12345600
"""Number of the first transaction: bytes that are nowhere else in an update."""


@dataclass(frozen=True)
class Load:
    """``rooms`` rows that transactions set in turn, ``rate`` of them a second for ``seconds``."""

    clients: int
    rooms: int
    rate: float
    seconds: float

    @property
    def transactions(self) -> int:
        return int(self.rate * self.seconds)


@dataclass(frozen=True)
class Figures:
    dropped: int
    """Clients whose connection ended."""
    missed: int
    """Updates that did not come."""
    disordered: int
    """Updates that came before an earlier one."""
    median: float
    """Seconds from the call until a client has its update; so is the next one."""
    worst: float
    resident: tuple[int, int]
    """Bytes of the server in memory after a tenth of the time, and at the end."""
    cpu: float
    """Seconds of processor time that the server took for a second."""


def measure(server: servers.Running, process_id: int, database: str, load: Load) -> Figures:
    """Runs one load against a database with the module ``sdk_test``."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    clients = spawning.Process(target=_clients, args=(server, database, load, theirs))
    clients.start()
    try:
        _expect(clients, ours)
        assert ours.recv() == "ready"
        sent, resident, cpu = asyncio.run(_call(server, process_id, database, load))
        ours.send(sent)
        _expect(clients, ours)
        dropped, missed, disordered, latencies = ours.recv()
    finally:
        clients.join(PATIENCE)
        clients.kill()
    latencies.sort()
    return Figures(dropped, missed, disordered, statistics.median(latencies), latencies[-1], resident, cpu)


def _expect(process: BaseProcess, answers: Connection) -> None:
    """Raises ``RuntimeError`` if the process ends, or takes too long, instead of saying something."""
    if not answers.poll(PATIENCE) or (process.exitcode or 0) != 0:
        raise RuntimeError("the clients could not be run")


# --- who calls ---------------------------------------------------------------------------------


async def _call(
    server: servers.Running, process_id: int, database: str, load: Load
) -> tuple[array[float], tuple[int, int], float]:
    """When each transaction was called."""
    sent = array("d")
    sizes = [_resident(process_id)]
    answers = _Caller()
    caller = await _connected(answers, server, database)
    started, processor = monotonic(), _processor_seconds(process_id)
    for number in range(load.transactions):
        await asyncio.sleep(started + number / load.rate - monotonic())
        sent.append(monotonic())
        caller.send(
            picows.WSMsgType.BINARY,
            encode_client_message(
                m.CallReducer(
                    number, m.CallFlags.Default, "update_pk_u32", _ROW.pack(number % load.rooms, _FIRST + number)
                )
            ),
        )
        if number == load.transactions // 10:
            sizes[0] = _resident(process_id)
    await answers.until(load.transactions)
    cpu = (_processor_seconds(process_id) - processor) / (monotonic() - started)
    sizes.append(_resident(process_id))
    caller.disconnect()
    return sent, (sizes[0], sizes[1]), cpu


class _Caller(picows.WSListener):
    """Counts the answers to calls."""

    def __init__(self) -> None:
        self._answered = 0
        self._wanted = -1
        self._done = asyncio.Event()

    async def until(self, count: int) -> None:
        self._wanted = count
        if self._answered < count:
            await asyncio.wait_for(self._done.wait(), LAST_ONES)

    def on_ws_frame(self, _transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if isinstance(decode_server_message(frame.get_payload_as_bytes()), m.ReducerResult):
            self._answered += 1
            if self._answered == self._wanted:
                self._done.set()


def _resident(process_id: int) -> int:
    return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _processor_seconds(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- the clients, in a process of their own ----------------------------------------------------


class _Listener(picows.WSListener):
    """A client: what came, and when."""

    def __init__(self) -> None:
        self.numbers = array("l")
        self.times = array("d")
        self.is_subscribed = asyncio.Event()
        self.is_dropped = False
        self._place = 0

    def on_ws_frame(self, _transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        now = monotonic()
        payload = frame.get_payload_as_bytes()
        if not self.is_subscribed.is_set():
            self._begin(payload)
        elif payload[:2] == b"\0\4":
            if not self._place:
                self._place = _place_of_row(payload)
            _, number = _ROW.unpack_from(payload, self._place)
            self.numbers.append(number - _FIRST)
            self.times.append(now)

    def on_ws_disconnected(self, _transport: picows.WSTransport) -> None:
        self.is_dropped = True

    def _begin(self, payload: bytes) -> None:
        match decode_server_message(payload):
            case m.SubscribeApplied():
                self.is_subscribed.set()
            case m.SubscriptionError() as refusal:
                raise RuntimeError(refusal.error)


def _place_of_row(payload: bytes) -> int:
    """Where in an update the new row is: always there, as long as the rows have one size."""
    message = decode_server_message(payload)
    assert isinstance(message, m.TransactionUpdate)
    [rows] = message.query_sets[0].tables[0].rows
    assert isinstance(rows, m.PersistentTable)
    [row] = rows.value.inserts.slices()
    place = payload.index(row)
    assert payload.count(row) == 1
    return place


def _clients(server: servers.Running, database: str, load: Load, parent: Connection) -> None:
    asyncio.run(_listen(server, database, load, parent))


async def _listen(server: servers.Running, database: str, load: Load, parent: Connection) -> None:
    clients: list[_Listener] = []
    turn = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def begin(room: int) -> None:
        async with turn:
            client = _Listener()
            clients.append(client)
            transport = await _connected(client, server, database)
            query = f"SELECT * FROM pk_u32 WHERE n = {room}"
            message = m.Subscribe(1, 1, [query])
            transport.send(picows.WSMsgType.BINARY, encode_client_message(message))
            await client.is_subscribed.wait()

    await asyncio.gather(*(begin(number % load.rooms) for number in range(load.clients)))
    parent.send("ready")
    loop = asyncio.get_running_loop()
    sent: array[float] = await loop.run_in_executor(None, parent.recv)
    wanted = sum(len(range(number % load.rooms, load.transactions, load.rooms)) for number in range(load.clients))
    deadline = monotonic() + LAST_ONES
    while (came := sum(len(client.numbers) for client in clients)) < wanted and monotonic() < deadline:
        await asyncio.sleep(0.05)
    latencies = array("d")
    disordered = 0
    for client in clients:
        latencies.extend(time - sent[number] for number, time in zip(client.numbers, client.times, strict=True))
        disordered += list(client.numbers) != sorted(set(client.numbers))
    parent.send((sum(client.is_dropped for client in clients), wanted - came, disordered, list(latencies)))


async def _connected(client: picows.WSListener, server: servers.Running, database: str) -> picows.WSTransport:
    url = f"{server.url.replace('http', 'ws', 1)}/v1/database/{database}/subscribe?compression=None"
    transport, _ = await picows.ws_connect(
        lambda: client, url, extra_headers={"Sec-WebSocket-Protocol": _SUBPROTOCOL}, enable_auto_pong=True
    )
    return transport


# --- both servers ------------------------------------------------------------------------------


def main() -> None:
    loads = {
        "20 transactions a second that all see": Load(CLIENTS, 1, 20, SECONDS),
        "100 transactions a second that 20 see each": Load(CLIENTS, CLIENTS // 20, 100, SECONDS),
    }
    with servers.embedded_process(in_memory=True) as (running, process_id):
        _show("embedded", running, process_id, servers.python_module("sdk_test"), loads)
    if os.environ.get(real_servers.SERVERS):
        with real_servers.running("2.8.3") as server, ApiClient(server.url) as api:
            running = servers.Running(server.url, api.create_identity().token)
            _show("real 2.8.3", running, server.process_id, real_servers.wasm("sdk_test-1.2.0"), loads)


def _show(name: str, running: servers.Running, process_id: int, program: bytes, loads: dict[str, Load]) -> None:
    for what, load in loads.items():
        with prepared(running, program, load) as database:
            figures = measure(running, process_id, database, load)
        before, after = (size / 2**20 for size in figures.resident)
        print(
            f"  {name:<10} {load.clients} clients, {what:<44} dropped {figures.dropped}, missed {figures.missed}"
            f"   median {figures.median * 1e3:6.1f} ms   worst {figures.worst * 1e3:6.1f} ms"
            f"   {figures.cpu:4.0%} of a core   {before:.0f} → {after:.0f} MiB",
            flush=True,
        )


@contextmanager
def prepared(running: servers.Running, program: bytes, load: Load) -> Iterator[str]:
    """A database with the rows of the load."""
    with ApiClient(running.url, running.token) as api:
        database = f"fan-out-{load.rooms}"
        api.publish(program, database)
        for room in range(load.rooms):
            api.call(database, "insert_pk_u32", [room, -1])
        yield database
        api.delete(database)
