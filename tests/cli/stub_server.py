"""A server that answers whatever a test wants, also what no HTTP server should."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TEXT = "text/plain; charset=utf-8"


def http(status: int, body: bytes = b"", kind: str = TEXT, *, length: int | None = None, headers: str = "") -> bytes:
    """A whole answer; a ``length`` above the body's is one that was cut off."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {size}\r\n{headers}"
    return f"{head}connection: close\r\n\r\n".encode() + body


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """The URL of a server on loopback that gives everybody the same bytes and hangs up."""

    def serve(connection: socket.socket) -> None:
        _read_request(connection)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with _listening(serve) as url:
        yield url


@contextmanager
def never_answering(on_request: Callable[[], None]) -> Iterator[str]:
    """The URL of a server that takes a request, tells of it, and keeps the caller waiting.

    It tells again every few seconds: a signal that comes just before a thread starts to wait is noticed by nobody
    until the next.
    """

    def serve(connection: socket.socket) -> None:
        _read_request(connection)
        on_request()
        connection.settimeout(5)
        while True:
            try:
                if not connection.recv(65536):
                    return
            except TimeoutError:
                on_request()

    with _listening(serve) as url:
        yield url


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopping = threading.Event()
        thread = threading.Thread(target=_accept, args=(listener, serve, stopping), daemon=True)
        thread.start()
        host, port = listener.getsockname()
        try:
            yield f"http://{host}:{port}"
        finally:
            stopping.set()
            # Closing a listener does not wake the thread that accepts; one more caller does.
            socket.create_connection((host, port)).close()
            thread.join()


def _accept(listener: socket.socket, serve: Callable[[socket.socket], None], stopping: threading.Event) -> None:
    while True:
        connection, _ = listener.accept()
        with connection:
            if stopping.is_set():
                return
            try:
                serve(connection)
            except OSError:
                continue


def _read_request(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(65536)
        if not data:
            return
        received += data
        if not received.startswith((b"GET", b"POST", b"PUT", b"DELETE")):
            return  # TLS, say
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        data = connection.recv(65536)
        if not data:
            return
        body += data
