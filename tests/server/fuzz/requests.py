"""Mutated HTTP requests, and what a server says to them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from urllib.parse import urlsplit

from bench.servers import Running
from tests.contract.http_requests import EVERYTHING, NOBODY, AskedFor
from tests.server.fuzz.mutation import mutated

PATIENCE = 60.0
"""Seconds for an answer: much longer than any takes, on the slowest machine."""

SERVER_ERROR = b"HTTP/1.1 500"
_LARGEST_SEED = 64 * 1024


def valid_requests(database: str, token: str) -> list[bytes]:
    """Every request that the transcripts of the contract compare, as bytes; but who asks owns nothing."""
    words = {"chat": database, "chat_identity": "c2" + "00" * 31, "me": "c2" + "11" * 31, "stranger": "c2" + "22" * 31}
    asked = [one for section in EVERYTHING.values() for one in section()]
    found = [_written(one, words, token) for one in asked]
    return [one for one in dict.fromkeys(found) if len(one) < _LARGEST_SEED]


def _written(asked: AskedFor, words: dict[str, str], token: str) -> bytes:
    path, body = asked.path, asked.body
    for name, word in words.items():
        path = path.replace(f"{{{name}}}", word)
        body = body.replace(f"{{{name}}}".encode(), word.encode())
    headers = {"host": "localhost", **asked.headers}
    if asked.caller != NOBODY:
        headers["authorization"] = f"Bearer {token}"
    if body or asked.method in {"POST", "PUT", "PATCH"}:
        headers["content-length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{asked.method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def sent_to(server: Running, request: bytes) -> bytes:
    """The first of what the server says. Raises ``TimeoutError`` if it neither speaks nor hangs up."""
    address = urlsplit(server.url)
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            with suppress(ConnectionError):
                writer.write(request)
                writer.write_eof()
                return await reader.read(65536)
            return b""
        finally:
            writer.transport.abort()


async def fire(server: Running, valid: Sequence[bytes], count: int, random: Random) -> list[bytes]:
    """Sends mutated requests one after the other: those that the server failed at."""
    failed = []
    for _ in range(count):
        request = mutated(random.choice(valid), random, valid)
        if (await sent_to(server, request)).startswith(SERVER_ERROR) and not _may_fail(request):
            failed.append(request)
    return failed


def _may_fail(request: bytes) -> bool:
    """What is no program is said to have failed, as on the real server."""
    return b"\r\n\r\n" in request and request.startswith((b"POST /v1/database", b"PUT /v1/database"))
