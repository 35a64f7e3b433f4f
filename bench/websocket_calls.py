"""Reducer calls over one websocket, one after the other and many at once: the embedded server beside the real one."""

from __future__ import annotations

import asyncio
import os
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from time import perf_counter

import picows

from bench import servers
from stdbpy.api import ApiClient
from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import encode_client_message
from tests import real_servers

SEQUENTIAL, PIPELINED = 2_000, 10_000
ROUNDS = 5
DATABASE = "bench"
_RESULT = b"\0\6"
"""How an answer to a call begins: not compressed, and the number of its kind."""


@dataclass(frozen=True)
class Contender:
    name: str
    running: servers.Running
    program: bytes


class _Caller(picows.WSListener):
    """Counts the answers to calls."""

    def __init__(self) -> None:
        self._missing = 0
        self._done: asyncio.Future[None] | None = None

    def expect(self, count: int) -> asyncio.Future[None]:
        self._missing = count
        self._done = asyncio.get_running_loop().create_future()
        return self._done

    def on_ws_frame(self, _transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.get_payload_as_bytes()[:2] == _RESULT:
            self._missing -= 1
            if not self._missing and self._done is not None:
                self._done.set_result(None)


def main() -> None:
    with ExitStack() as stack:
        contenders = [
            Contender(
                f"embedded, {where}",
                stack.enter_context(servers.embedded(in_memory=in_memory)),
                servers.python_module("sdk_test"),
            )
            for where, in_memory in (("in memory", True), ("on disk", False))
        ]
        if os.environ.get(real_servers.SERVERS):
            running = stack.enter_context(servers.real("2.8.3"))
            compiled = real_servers.wasm("sdk_test-1.2.0")
            contenders.insert(0, Contender("real 2.8.3, in memory", running, compiled))
            embedded = stack.enter_context(servers.embedded(in_memory=True))
            contenders.append(Contender("embedded, compiled", embedded, compiled))
        for contender in contenders:
            with ApiClient(contender.running.url, contender.running.token) as api:
                api.publish(contender.program, DATABASE)
        for name, count, at_once in (("one after the other", SEQUENTIAL, 1), ("at once", PIPELINED, PIPELINED)):
            _compare(name, contenders, count, at_once)


def _compare(name: str, contenders: Sequence[Contender], count: int, at_once: int) -> None:
    rates: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(ROUNDS):
        for contender in contenders:
            rates[contender.name].append(asyncio.run(_rate(contender.running, count, at_once)))
    print(f"calls over a websocket, {name}")
    reference = statistics.median(rates[contenders[0].name])
    for contender in contenders:
        rate = statistics.median(rates[contender.name])
        print(f"  {contender.name:<24} {rate:10.0f} calls/s   {rate / reference:5.2f} ×", flush=True)


async def _rate(running: servers.Running, count: int, at_once: int) -> float:
    caller = _Caller()
    url = f"{running.url.replace('http', 'ws', 1)}/v1/database/{DATABASE}/subscribe?compression=None"
    transport, _ = await picows.ws_connect(
        lambda: caller, url, extra_headers={"Sec-WebSocket-Protocol": "v2.bsatn.spacetimedb"}
    )
    calls = [
        encode_client_message(m.CallReducer(number, m.CallFlags.Default, "insert_one_u8", b"\7"))
        for number in range(count)
    ]
    await _called(caller, transport, calls[:100], at_once)
    started = perf_counter()
    await _called(caller, transport, calls, at_once)
    rate = count / (perf_counter() - started)
    transport.disconnect()
    return rate


async def _called(caller: _Caller, transport: picows.WSTransport, calls: Sequence[bytes], at_once: int) -> None:
    for first in range(0, len(calls), at_once):
        some = calls[first : first + at_once]
        done = caller.expect(len(some))
        for call in some:
            transport.send(picows.WSMsgType.BINARY, call)
        await done
