"""What servers answer to the same requests, made comparable."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import httpx

from tests.contract.http_requests import NOBODY, OWNER, STRANGER, AskedFor
from tests.contract.subject import Subject

_COMPARED = (
    "content-type",
    "allow",
    "vary",
    "cache-control",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "upgrade",
    "sec-websocket-protocol",
    "www-authenticate",
)
_PRESENT = (
    "spacetime-identity",
    "spacetime-identity-token",
    "spacetime-energy-used",
    "spacetime-execution-duration-micros",
)

_HEX = re.compile(r"\b(0x)?[0-9a-f]{32,64}\b")
_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+")
_REFUSED = 400


@dataclass(frozen=True)
class Told:
    status: int
    headers: dict[str, str]
    body: Any


class Transcriber:
    """Asks one server."""

    def __init__(self, server: Subject, chat: str, stranger: tuple[str, str]) -> None:
        self._server = server
        self._tokens = {OWNER: server.token, STRANGER: stranger[1], NOBODY: None}
        identity = server.ask("GET", f"/v1/database/{chat}/identity").text
        self._words = {"chat": chat, "chat_identity": identity, "me": server.identity, "stranger": stranger[0]}

    def ask(self, asked: AskedFor) -> Told:
        path, body = asked.path, asked.body
        for name, word in self._words.items():
            path = path.replace(f"{{{name}}}", word)
            body = body.replace(f"{{{name}}}".encode(), word.encode())
        headers = {name.encode(): value.encode() for name, value in asked.headers.items()}
        token = self._tokens[asked.caller]
        if token is not None:
            headers[b"authorization"] = f"Bearer {token}".encode()
        headers.setdefault(b"connection", b"close")
        if asked.method in {"POST", "PUT", "PATCH"} and not body:
            headers[b"content-length"] = b"0"
        # Written as it stands: httpx itself would change some of the odd ones.
        url = httpx.URL(self._server.url).copy_with(raw_path=path.encode())
        with self._server.http.stream(asked.method, url, headers=list(headers.items()), content=body or None) as answer:
            if answer.status_code == httpx.codes.SWITCHING_PROTOCOLS:
                return self._told(answer, b"")
            return self._told(answer, answer.read())

    def _told(self, answer: httpx.Response, body: bytes) -> Told:
        headers = {name: answer.headers[name] for name in _COMPARED if name in answer.headers}
        headers |= {name: "…" for name in _PRESENT if name in answer.headers}
        if "allow" in headers:
            headers["allow"] = ",".join(sorted(headers["allow"].split(",")))
        return Told(answer.status_code, headers, self._body(answer, body))

    def _body(self, answer: httpx.Response, body: bytes) -> Any:
        kind = answer.headers.get("content-type", "")
        if kind == "application/json":
            return _normal(json.loads(self._nameless(body.decode()))) if body else ""
        if kind.startswith("text/plain") and answer.status_code >= _REFUSED:
            # How a refusal is put into words is each server's own.
            return "words" if body else ""
        if kind == "application/x-ndjson" or "metrics" in answer.request.url.path or kind.startswith("application/pem"):
            return bool(body)
        return self._nameless(body.decode())

    def _nameless(self, text: str) -> str:
        for name, word in self._words.items():
            text = text.replace(word, f"<{name}>")
        return _HEX.sub("<hex>", _TOKEN.sub("<token>", text))


_UNORDERED = {"Types", "Tables", "entries", "types", "tables"}
"""Lists that the real server has in any order."""

_OWN = {"package_name", "__timestamp_micros_since_unix_epoch__"}


def _normal(value: Any) -> Any:
    """Without durations and moments; and what a server says of itself."""
    match value:
        case dict():
            found = {
                name: None if name.endswith("_micros") or name in _OWN else _normal(inner)
                for name, inner in value.items()
            }
            for name in _UNORDERED & found.keys():
                found[name] = sorted(found[name], key=json.dumps)
            return found
        case list():
            return [_normal(inner) for inner in value]
    return value
