"""Answers: status, headers and body on their way to the client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Protocol

import msgspec
from starlette.types import Receive, Send

Header = tuple[bytes, bytes]

TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")
JSON: Header = (b"content-type", b"application/json")

CORS: tuple[Header, ...] = (
    (b"vary", b"origin, access-control-request-method, access-control-request-headers"),
    (b"access-control-allow-origin", b"*"),
)
"""In every answer, as on the real server; here the fence has turned away the origins that may not read answers."""

NO_CONTENT = 204


def encoded(headers: Sequence[Header]) -> bytes:
    """Headers as they are sent."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def size_of(headers: Sequence[Header]) -> int:
    """Bytes of their names and values."""
    return sum([len(name) + len(value) for name, value in headers])


class Answer:
    """A whole answer. ``headers`` are in lower case, without ``content-length``."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Sequence[Header] = (), body: bytes = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body

    async def send(self, send: Send, more_headers: Sequence[Header] = (), *, without_body: bool = False) -> int:
        """Returns how many bytes names and values of headers and the body have."""
        headers = [*self.headers, *more_headers]
        if self.status != NO_CONTENT:
            headers.append((b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        body = b"" if without_body else self.body
        await send({"type": "http.response.body", "body": body})
        return size_of(headers) + len(body)


class Chunks(Protocol):
    """The parts of a body as they come; closed when nobody wants more of them."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None: ...


class StreamedAnswer(Answer):
    """An answer whose body comes bit by bit, for as long as there is more or the client listens."""

    __slots__ = ("_chunks", "_receive", "_sent")

    def __init__(self, status: int, headers: Sequence[Header], chunks: Chunks, receive: Receive) -> None:
        super().__init__(status, headers)
        self._chunks = chunks
        self._receive = receive
        self._sent = 0

    async def send(self, send: Send, more_headers: Sequence[Header] = (), *, without_body: bool = False) -> int:
        headers = [*self.headers, *more_headers]
        async with aclosing(self._chunks):
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            if not without_body:
                # A client that has left is noticed here: nothing may be sent for hours.
                left = asyncio.ensure_future(_until_disconnect(self._receive))
                sending = asyncio.ensure_future(self._send_chunks(send))
                try:
                    await asyncio.wait({left, sending}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in (left, sending):
                        task.cancel()
                    await asyncio.wait({left, sending})
                if not sending.cancelled():
                    sending.result()
        await send({"type": "http.response.body", "body": b""})
        return size_of(headers) + self._sent

    async def _send_chunks(self, send: Send) -> None:
        async for chunk in self._chunks:
            self._sent += len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def text(status: int, body: str) -> Answer:
    return Answer(status, (TEXT,), body.encode(errors="backslashreplace"))


def json_answer(value: Any, status: int = 200, headers: Sequence[Header] = ()) -> Answer:
    """``value`` as JSON; integers may be of any size, and what is no number is ``null``."""
    return Answer(status, (JSON, *headers), msgspec.json.encode(value))
