"""A stand-in for a server that answers each connection with bytes from a script, however wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

HangUp = Literal["at once", "at the next request", "never"]


@dataclass
class StandIn:
    url: str
    requests: list[bytes] = field(default_factory=list)
    """The first of each connection."""


@contextmanager
def answering(*answers: bytes, hang_up: HangUp = "at once") -> Iterator[StandIn]:
    """Answers the first request of one connection after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        standin = StandIn(f"http://127.0.0.1:{listener.getsockname()[1]}")
        connections: list[socket.socket] = []

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                connections.append(connection)
                standin.requests.append(connection.recv(65536))
                connection.sendall(answer)
                if hang_up == "at the next request":
                    connection.recv(65536)
                if hang_up != "never":
                    connection.close()

        def serve_until_closed() -> None:
            with suppress(OSError):
                serve()

        thread = threading.Thread(target=serve_until_closed)
        thread.start()
        try:
            yield standin
        finally:
            # Wakes the thread if it still waits for a client.
            listener.shutdown(socket.SHUT_RDWR)
            for connection in connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in connections:
                connection.close()


def http(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A response; ``length`` may lie."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body
