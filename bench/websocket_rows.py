"""Rows on their way to subscribers over websockets, on the embedded server and on the real one: from a transaction
to somebody else's client, to 200 clients, and 100,000 rows at once.

Servers have a process each. All clients are raw ones in this process, which look at no more of a frame than its
first bytes: what is measured is the server.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import struct
from array import array
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

import picows

from bench import servers
from stdbpy.api import ApiClient
from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import encode_client_message
from tests import real_servers

TRANSACTIONS = 300
CLIENTS = 200
ROWS, ROWS_OF_A_CALL = 100_000, 10_000
SUBSCRIPTIONS = 3
ROUNDS = 3
DATABASE = "bench"

_APPLIED, _FAILED, _UPDATE = b"\0\1", b"\0\3", b"\0\4"
"""How messages begin: not compressed, and the number of their kind."""

_OF_MESSAGES = (picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION)

_NUMBERS = itertools.count(1)
"""Of transactions, and what each sets the row to: what changes nothing is not told."""

_ROW = struct.Struct("<Ii").pack
_ROW_SIZE = 8


@dataclass(frozen=True)
class Contender:
    name: str
    running: servers.Running
    program: bytes


class _Client(picows.WSListener):
    """Says when a message of a kind has come whole: SpacetimeDB sends a message in frames of 4,096 bytes."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes of the latest message, as far as it has come."""
        self._came: Callable[[], None] | None = None
        self._kind = b""
        self._coming = b""

    def expect(self, kind: bytes, came: Callable[[], None]) -> None:
        """Calls ``came`` for each message of that kind from now on."""
        self._kind, self._came = kind, came

    def next(self, kind: bytes) -> Awaitable[None]:
        future = asyncio.get_running_loop().create_future()
        self.expect(kind, lambda: future.done() or future.set_result(None))
        return future

    def on_ws_frame(self, _transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type not in _OF_MESSAGES:
            return  # a ping, which may come in the middle of a message
        payload = frame.get_payload_as_memoryview()
        if frame.msg_type == picows.WSMsgType.BINARY:
            self.size, self._coming = 0, bytes(payload[:2])
            if self._coming == _FAILED:
                raise RuntimeError(frame.get_payload_as_bytes().decode(errors="replace"))
        self.size += len(payload)
        if frame.fin and self._coming == self._kind and self._came is not None:
            self._came()


def main() -> None:
    with ExitStack() as stack:
        embedded = [stack.enter_context(servers.embedded(in_memory=True)) for _ in range(2)]
        contenders = [Contender("embedded", embedded[0], servers.python_module("sdk_test"))]
        if os.environ.get(real_servers.SERVERS):
            compiled = real_servers.wasm("sdk_test-1.2.0")
            real = stack.enter_context(servers.real("2.8.3"))
            contenders.insert(0, Contender("real 2.8.3", real, compiled))
            contenders.append(Contender("embedded, compiled module", embedded[1], compiled))
        for contender in contenders:
            _prepare(contender)
        _compare("a transaction until another client is told", contenders, lambda at: _latency(at, 1))
        _compare(f"a transaction until {CLIENTS} clients are told", contenders, lambda at: _latency(at, CLIENTS))
        _compare(f"a subscription to {ROWS:,} rows until they are there", contenders, _subscription)


def _prepare(contender: Contender) -> None:
    with ApiClient(contender.running.url, contender.running.token) as api:
        api.publish(contender.program, DATABASE)
        api.call(DATABASE, "insert_pk_u32", [0, 0])
        for first in range(0, ROWS, ROWS_OF_A_CALL):
            api.call(
                DATABASE,
                "insert_into_pk_btree_u32",
                [[], [[number, number] for number in range(first, first + ROWS_OF_A_CALL)]],
            )


def _compare(
    name: str, contenders: Sequence[Contender], measure: Callable[[servers.Running], Awaitable[Sequence[float]]]
) -> None:
    """Each has its turn several times, so that the machine's moods meet all alike."""
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(ROUNDS):
        for contender in contenders:
            seconds[contender.name] += asyncio.run(_measured(measure, contender.running))
    print(name)
    reference = statistics.median(seconds[contenders[0].name])
    for contender in contenders:
        ordered = sorted(seconds[contender.name])
        median, slow = statistics.median(ordered), ordered[len(ordered) * 95 // 100]
        print(
            f"  {contender.name:<28} median {median * 1e3:8.2f} ms   95 of 100 within {slow * 1e3:8.2f} ms"
            f"   {reference / median:5.2f} × as quick",
            flush=True,
        )


async def _measured(
    measure: Callable[[servers.Running], Awaitable[Sequence[float]]], running: servers.Running
) -> Sequence[float]:
    return await measure(running)


async def _latency(running: servers.Running, count: int) -> Sequence[float]:
    """Seconds from a call until the last of ``count`` other clients has its update."""
    clients = [await _connected(running) for _ in range(count)]
    for client, transport in clients:
        await _subscribed(client, transport, "SELECT * FROM pk_u32")
    _, caller = await _connected(running)
    loop = asyncio.get_running_loop()
    missing = 0
    told: asyncio.Future[None] = loop.create_future()

    def came() -> None:
        nonlocal missing
        missing -= 1
        if not missing:
            told.set_result(None)

    for client, _ in clients:
        client.expect(_UPDATE, came)
    taken = array("d")
    for number in islice(_NUMBERS, TRANSACTIONS):
        told, missing = loop.create_future(), count
        call = m.CallReducer(number, m.CallFlags.Default, "update_pk_u32", _ROW(0, number))
        frame = encode_client_message(call)
        started = perf_counter()
        caller.send(picows.WSMsgType.BINARY, frame)
        await told
        taken.append(perf_counter() - started)
    for transport in (caller, *(transport for _, transport in clients)):
        transport.disconnect()
    return taken


async def _subscription(running: servers.Running) -> Sequence[float]:
    taken = array("d")
    for _ in range(SUBSCRIPTIONS):
        client, transport = await _connected(running)
        started = perf_counter()
        await _subscribed(client, transport, "SELECT * FROM btree_u32")
        taken.append(perf_counter() - started)
        assert client.size > ROWS * _ROW_SIZE
        transport.disconnect()
    return taken


async def _subscribed(client: _Client, transport: picows.WSTransport, query: str) -> None:
    applied = client.next(_APPLIED)
    transport.send(picows.WSMsgType.BINARY, encode_client_message(m.Subscribe(1, 1, [query])))
    await applied


async def _connected(running: servers.Running) -> tuple[_Client, picows.WSTransport]:
    client = _Client()
    url = f"{running.url.replace('http', 'ws', 1)}/v1/database/{DATABASE}/subscribe?compression=None"
    transport, _ = await picows.ws_connect(
        lambda: client, url, extra_headers={"Sec-WebSocket-Protocol": "v2.bsatn.spacetimedb"}, enable_auto_pong=True
    )
    return client, transport
