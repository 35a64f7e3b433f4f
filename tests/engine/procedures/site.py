"""A web server on this machine, for what procedures request."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass
class Said:
    """An answer. ``until`` is waited for before it is given, ``between`` before each byte of its body."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    until: Event | None = None
    between: Event | None = None


@dataclass
class Heard:
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes


class Site:
    def __init__(self, port: int, scheme: str) -> None:
        self.port = port
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.heard: list[Heard] = []
        self.asked = Event()
        """Set when the first request is there."""


@contextmanager
def site(answer: Callable[[str], Said], tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """``answer`` says what is answered for a path."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_request(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            running.heard.append(Heard(self.command, self.path, self.headers.items(), body))
            running.asked.set()
            said = answer(self.path)
            if said.until is not None:
                said.until.wait(60)
            try:
                self.send_response(said.status)
                for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                for place in range(len(said.body)):
                    if said.between is not None and said.between.wait(0.02):
                        break
                    self.wfile.write(said.body[place : place + 1])
            except OSError:
                self.close_connection = True  # whoever asked has left

        do_GET = do_get = do_POST = do_PUT = do_DELETE = do_HEAD = do_PURGE = handle_request

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        running = Site(server.server_port, "http" if tls is None else "https")
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
            server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who does not trust it hangs up
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()
