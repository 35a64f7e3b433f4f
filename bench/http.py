"""Reducer calls per second over HTTP, on connections that wait for each answer: the embedded server
beside the real one, in the same run."""

from __future__ import annotations

import json
import os
import selectors
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from bench import servers
from stdbpy.api import ApiClient
from tests import real_servers

CALLS = 200
ROUNDS = {1: 60, 32: 20}
"""How often for so many connections."""

WARM_UP = 500

CASES: dict[str, tuple[str, str, list[object]]] = {
    "chat: set_name, with connect and disconnect reducers": ("quickstart_chat", "set_name", ["Ada"]),
    "sdk_test: insert_one_u8, a row that is there": ("sdk_test", "insert_one_u8", [7]),
}


@dataclass(frozen=True)
class Contender:
    name: str
    url: str
    token: str
    programs: dict[str, bytes]


def main() -> None:
    with ExitStack() as stack:
        contenders = [
            stack.enter_context(_embedded("stdbpy, in memory", in_memory=True)),
            stack.enter_context(_embedded("stdbpy, each call on disk before its answer", in_memory=False)),
        ]
        if os.environ.get(real_servers.SERVERS):
            contenders.insert(0, stack.enter_context(_real("2.8.3")))
        else:
            print(f"(no real server to compare with: {real_servers.SERVERS} is not set)")
        for case, (module, reducer, arguments) in CASES.items():
            for contender in contenders:
                with ApiClient(contender.url, contender.token) as api:
                    api.publish(contender.programs[module], "bench", clear=True)
            for connections in ROUNDS:
                print(f"HTTP calls, connections: {connections}, {case}")
                _compare(contenders, connections, reducer, arguments)


def _compare(contenders: list[Contender], connections: int, reducer: str, arguments: list[object]) -> None:
    prepared = [Callers(each.url, each.token, "bench", reducer, arguments, connections) for each in contenders]
    for callers in prepared:
        callers.seconds(WARM_UP)
    # Short rounds, one contender after the other, so that the machine's moods meet all of them alike.
    rounds = [[callers.seconds(CALLS) for callers in prepared] for _ in range(ROUNDS[connections])]
    for place, contender in enumerate(contenders):
        rate = CALLS / statistics.median(seconds[place] for seconds in rounds)
        ratio = statistics.median(seconds[0] / seconds[place] for seconds in rounds)
        print(f"  {contender.name:<46} {rate:8.0f} calls/s" + (f"  {ratio:5.2f} ×" if place else ""))
    for callers in prepared:
        callers.close()


class Callers:
    """The least that clients can do, so that the server is what is measured."""

    def __init__(
        self, url: str, token: str, database: str, reducer: str, arguments: list[object], connections: int
    ) -> None:
        address = urlsplit(url)
        body = json.dumps(arguments).encode()
        head = (
            f"POST /v1/database/{database}/call/{reducer} HTTP/1.1\r\nhost: {address.netloc}\r\n"
            f"authorization: Bearer {token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body
        self._sockets = [socket.create_connection((address.hostname, address.port)) for _ in range(connections)]
        self._waiting = selectors.DefaultSelector()
        for connection in self._sockets:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._waiting.register(connection, selectors.EVENT_READ)

    def seconds(self, calls: int) -> float:
        """How long so many calls take, as many at once as there are connections."""
        begin = time.perf_counter()
        if len(self._sockets) == 1:
            [connection] = self._sockets
            for _ in range(calls):
                connection.sendall(self._request)
                _read_answer(connection)
            return time.perf_counter() - begin
        for connection in self._sockets:
            connection.sendall(self._request)
        sent, answered = len(self._sockets), 0
        while answered < sent:
            for key, _ in self._waiting.select():
                connection = cast("socket.socket", key.fileobj)
                _read_answer(connection)
                answered += 1
                if sent < calls:
                    sent += 1
                    connection.sendall(self._request)
        return time.perf_counter() - begin

    def close(self) -> None:
        self._waiting.close()
        for connection in self._sockets:
            connection.close()


def _read_answer(connection: socket.socket) -> None:
    answer = connection.recv(65536)
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(answer.decode("latin-1"))


@contextmanager
def _real(version: str) -> Iterator[Contender]:
    programs = {module: real_servers.wasm(f"{module}-1.2.0") for module, _, _ in CASES.values()}
    with servers.real(version) as running:
        yield Contender(f"SpacetimeDB {version} (our build), in memory", running.url, running.token, programs)


@contextmanager
def _embedded(name: str, *, in_memory: bool) -> Iterator[Contender]:
    programs = {module: servers.python_module(module) for module, _, _ in CASES.values()}
    with servers.embedded(in_memory=in_memory) as running:
        yield Contender(name, running.url, running.token, programs)


if __name__ == "__main__":
    main()
