"""One request as the handlers see it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.types import Receive, Scope

from stdbpy.server.claims import Credentials
from stdbpy.server.refusal import BAD_REQUEST, TOO_LARGE, RefusalError, refuse

if TYPE_CHECKING:
    from stdbpy.engine import Database
    from stdbpy.server.backend import Backend

SMALL_BODY = 2 * 1024 * 1024
"""Most bytes of any request but publishing, as on the real server."""

LARGEST_PROGRAM = 256 * 1024 * 1024

DRAINED = 16 * 1024 * 1024
"""Bytes of a body that nobody wants which are read all the same: a client that is cut off in the
middle of sending does not read its answer."""

IDLE_DRAIN, LONGEST_DRAIN = 0.5, 5.0
"""Seconds that such a body may pause, and may take: it can be one that never comes."""


_NO_UTF_8 = "\N{REPLACEMENT CHARACTER}"


class Asked:
    __slots__ = ("_body_ended", "_caller", "_query", "backend", "headers", "named_database", "receive", "scope")

    def __init__(self, backend: Backend, scope: Scope, receive: Receive) -> None:
        self.backend = backend
        self.scope = scope
        self.receive = receive
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.named_database: Database | None = None
        """The one that the path names, once somebody has looked for it."""
        self._query: dict[str, str] | None = None
        self._caller: Credentials | None = None
        self._body_ended = b"content-length" not in self.headers and b"transfer-encoding" not in self.headers

    @property
    def query(self) -> dict[str, str]:
        """Refuses one that says the same twice."""
        if self._query is None:
            pairs = self._query_pairs()
            self._query = dict(pairs)
            if len(self._query) < len(pairs):
                self._query = None
                raise refuse(BAD_REQUEST, "the query says the same twice")
        return self._query

    def _query_pairs(self) -> list[tuple[str, str]]:
        text = self.scope["query_string"].decode("latin-1")
        return parse_qsl(text, keep_blank_values=True) if text else []

    def flag(self, name: str) -> bool | None:
        """A boolean of the query, ``None`` if it is not there."""
        value = self.query.get(name)
        if value not in {None, "true", "false"}:
            raise refuse(BAD_REQUEST, f"the query's {name} must be true or false")
        return None if value is None else value == "true"

    def path_value(self, name: str) -> str:
        """A part of the path. Refuses one that is not UTF-8."""
        value: str = self.scope["path_params"][name]
        if _NO_UTF_8 in value and _NO_UTF_8.encode() not in unquote_to_bytes(self.scope["raw_path"]):
            raise refuse(BAD_REQUEST, f"Invalid URL: the path's {name} is not UTF-8")
        return value

    async def credentials(self) -> Credentials | None:
        """Those of the request's token, ``None`` without one. Refuses a token that is not good."""
        if self._caller is None:
            # Two tokens are none, as on the real server.
            tokens = [value for name, value in self._query_pairs() if name == "token"]
            token = tokens[0] if len(tokens) == 1 else None
            self._caller = await self.backend.authenticate(self.headers.get(b"authorization"), token)
        return self._caller

    async def find_caller(self) -> Credentials:
        """Who asks; without a token, a new anonymous identity that the answer's headers tell."""
        if await self.credentials() is None:
            self._caller = self.backend.tokens.new_identity()
        return self.caller

    @property
    def caller(self) -> Credentials:
        """Who :meth:`find_caller` found."""
        assert self._caller is not None, "nobody has looked yet"
        return self._caller

    @property
    def database(self) -> Database:
        """The one that the path names; refuses if there is none."""
        self.named_database = self.backend.database(self.path_value("database"))
        return self.named_database

    async def opened_database(self) -> Database:
        """As :attr:`database`, when it has read its data, as it does after a start."""
        database = self.database
        if not database.is_open:
            await self.backend.waiting.run(database.failure)
        return database

    async def body(self, most: int = SMALL_BODY) -> bytes:
        """All of the body. Refuses one of more than ``most`` bytes, without reading it to the end, and
        one that was cut off."""
        length = self.headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > most:
            raise _too_large(most)
        body = await self._next_part()
        if self._body_ended and len(body) <= most:
            return body
        parts, size = [body], len(body)
        while size <= most and not self._body_ended:
            parts.append(await self._next_part())
            size += len(parts[-1])
        if size > most:
            raise _too_large(most)
        return b"".join(parts)

    async def drained(self) -> bool:
        """Reads what is left of the body, up to limits of size and time; whether it has come to its end."""
        if self._body_ended:
            return True
        size = 0
        now = asyncio.get_running_loop().time
        until = now() + LONGEST_DRAIN
        with suppress(RefusalError, TimeoutError):
            async with asyncio.timeout(IDLE_DRAIN) as patience:
                while not self._body_ended and size <= DRAINED:
                    size += len(await self._next_part())
                    patience.reschedule(min(now() + IDLE_DRAIN, until))
        return self._body_ended

    async def _next_part(self) -> bytes:
        message = await self.receive()
        if message["type"] == "http.disconnect":
            # What has come is not what was meant: "DELETE FROM t" of "DELETE FROM t WHERE …".
            raise refuse(BAD_REQUEST, "the connection ended before the request's body did")
        self._body_ended = not message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part

    async def text_body(self) -> str:
        try:
            return (await self.body()).decode()
        except UnicodeDecodeError:
            raise refuse(BAD_REQUEST, "Request body didn't contain valid UTF-8") from None


def _too_large(most: int) -> Exception:
    return refuse(TOO_LARGE, f"Failed to buffer the request body: length limit of {most} bytes exceeded")
