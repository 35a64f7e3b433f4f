"""A stand-in for the login host: its routes as SpacetimeDB's own program 2.8.3 calls them, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REQUEST_TOKEN = "request/token"
SESSION = "the-session"


@dataclass
class LoginHostStandIn:
    url: str = ""
    token: str = "eyJ.web.token"
    """What it gives for a session."""
    questions_until_approval: int = 1
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, path and the session that was shown."""
    instead: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """What a path answers instead of what it should."""

    @property
    def page(self) -> str:
        return f"{self.url}/login/cli?token=request%2Ftoken"

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.requests]

    def answer(self, method: str, path: str, query: dict[str, list[str]], session: str | None) -> tuple[int, bytes]:
        self.requests.append((method, path, session))
        if path in self.instead:
            return self.instead[path]
        match method, path:
            case "POST", "/api/auth/cli/login/request-token":
                return _json({"success": True, "data": {"token": REQUEST_TOKEN}})
            case "GET", "/api/auth/cli/status" if query.get("token") == [REQUEST_TOKEN]:
                self.questions_until_approval -= 1
                if self.questions_until_approval > 0:
                    return _json({"success": True, "data": {"approved": False}})
                return _json({"success": True, "data": {"approved": True, "sessionToken": SESSION}})
            case "POST", "/api/spacetimedb-token" if session == SESSION:
                return _json({"success": True, "data": {"token": self.token}})
            case "POST", "/api/spacetimedb-token":
                return 401, b""
            case "POST", "/auth/cli/logout":
                return _json({})
        return 404, b"<!doctype html><title>Not here</title>"


def _json(value: Any) -> tuple[int, bytes]:
    return 200, json.dumps(value).encode()


@contextmanager
def login_host() -> Iterator[LoginHostStandIn]:
    """A stand-in that answers until the block ends."""
    standin = LoginHostStandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(standin.answer))
    standin.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(answer: Callable[..., tuple[int, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            parts = urlsplit(self.path)
            session = self.headers.get("authorization")
            status, body = answer(
                self.command, parts.path, parse_qs(parts.query), session and session.removeprefix("Bearer ")
            )
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = respond

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
