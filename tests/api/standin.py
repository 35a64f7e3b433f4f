"""A stand-in for a server that answers each connection with bytes from a script, however wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class StandIn:
    url: str
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def answering(*answers: bytes, hang_up: bool = True) -> Iterator[StandIn]:
    """Answers one connection after the other; ``hang_up=False`` leaves each open after its answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        standin = StandIn(f"http://127.0.0.1:{listener.getsockname()[1]}")
        open_ones: list[socket.socket] = []

        def serve() -> None:
            for answer in answers:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                standin.requests.append(connection.recv(65536))
                connection.sendall(answer)
                if hang_up:
                    connection.close()
                else:
                    open_ones.append(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield standin
        finally:
            listener.close()
            for connection in open_ones:
                connection.close()


def http(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A response; ``length`` may lie."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body
