"""Calls of reducers that do not go through HTTP parser, tasks and routes.

A client that calls one reducer after the other sends the same request line and headers again and again.
So a server remembers what they say, to the byte, and need not read them again: that is half of what a
small call costs. The other half was the way from the event loop to the database's thread and back. Where
one connection calls alone the database's thread sends the answer itself, and nobody is woken for it; calls
of several connections are made, and answered, together.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from stdbpy.errors import StdbError
from stdbpy.server.answer import CORS, Header, encoded
from stdbpy.server.backend import Backend
from stdbpy.server.doorbell import Doorbell
from stdbpy.server.fence import Fence
from stdbpy.server.quick_call import CallHead, QuickCall
from stdbpy.server.routes import running
from stdbpy.server.straight_line import StraightLine

REMEMBERED = 1024
LONGEST_HEAD = 16384
"""Heads that are remembered, and bytes of each: a token alone may have half of these."""

_OK = 200
_OK_LINE = b"HTTP/1.1 200 OK\r\n"
_END_OF_HEAD = b"\r\n\r\n"
_CALL = re.compile(rb"POST /v1/database/([A-Za-z0-9_.-]+)/call/([A-Za-z0-9_.-]+) HTTP/1\.1\r\n")

_UNUSUAL = frozenset({b"connection", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers that ask for something of the connection itself, which is left to who knows about it."""


class QuickCalls:
    """Those of one server; all of it is used by the thread of the event loop, but for :meth:`told`."""

    def __init__(self, backend: Backend) -> None:
        self.latest: StraightLine | None = None
        """Of the connection that was answered last, if nobody else has called since. No other one is open."""
        self._backend = backend
        self._fence = Fence(backend.config)
        self._heads: dict[bytes, CallHead] = {}
        self._doorbell: Doorbell | None = None
        self._first_headers: Sequence[Header] = ()
        self._beginning = b""

    def note_latest(self, line: StraightLine | None) -> None:
        """Its connection was answered last; or somebody calls who was not."""
        if self.latest is not None and self.latest is not line:
            self.latest.close()
        self.latest = line

    def doorbell(self, loop: asyncio.AbstractEventLoop) -> Doorbell:
        """What wakes connections whose calls are done."""
        if self._doorbell is None:
            self._doorbell = Doorbell(loop)
        return self._doorbell

    def learn(self, request: bytes, headers: Sequence[Header]) -> None:
        """Remembers the head of a whole request that was read the usual way, if it is a plain call."""
        if not request.startswith(b"POST "):
            return
        head, _, body = request.partition(_END_OF_HEAD)
        if head in self._heads or len(head) > LONGEST_HEAD:
            return
        call = _CALL.match(head)
        if call is None or self._fence.refusal(headers) is not None:
            return
        named = dict(headers)
        authorization = named.get(b"authorization")
        if (
            authorization is None
            or named.get(b"content-type") != b"application/json"
            or named.get(b"content-length") != b"%d" % len(body)
            or not named.keys().isdisjoint(_UNUSUAL)
        ):
            return
        try:
            caller = self._backend.credentials(authorization, None)
        except StdbError:
            return
        assert caller is not None, "there is a token"
        rest = encoded((*caller.headers, *CORS, (b"content-length", b"0"))) + b"\r\n"
        if len(self._heads) == REMEMBERED:
            self._heads.clear()
        self._heads[head] = CallHead(call[1].decode(), call[2].decode(), caller.token, len(body), rest)

    def begin(self, request: bytes) -> QuickCall | None:
        """Begins the call that ``request`` asks for, which is all that has come on an idle connection.

        ``None`` if that is no call that can be begun here: the usual way also finds the words for what
        cannot be called.
        """
        head, _, body = request.partition(_END_OF_HEAD)
        asked = self._heads.get(head)
        if asked is None or len(body) != asked.body_size:
            return None
        backend = self._backend
        try:
            caller = backend.tokens.check(asked.token)
            database = backend.database(asked.database)
            if not database.is_open:
                return None
            outcome = running.begin_call(backend, database, asked.function, caller, body)
        except StdbError:
            return None
        return QuickCall(request, asked, database, outcome, backend.traffic.of(database.identity))

    def beginning(self, first_headers: Sequence[Header]) -> bytes:
        """What answers begin with that have these headers before their own."""
        if first_headers is not self._first_headers:
            self._first_headers = first_headers
            self._beginning = _OK_LINE + encoded(first_headers)
        return self._beginning

    def told(self, call: QuickCall) -> bytes | None:
        """The answer to a call that is done, but for its beginning; ``None`` if the call has come to anything but
        success, for which the usual way has the words. Any thread may ask."""
        if call.outcome.error is not None:
            return None
        answer = running.call_answer(call.outcome.result())
        if answer.status != _OK or answer.body:
            return None
        return encoded(answer.headers) + call.head.rest_of_answer
