"""HTTP connections: uvicorn's, with a bound on what is read of a request, and a short way for calls."""

from __future__ import annotations

import logging
from asyncio import TimerHandle, Transport
from math import inf
from time import monotonic
from typing import ClassVar

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from stdbpy.engine import Awaited, CallOutcome
from stdbpy.server.quick_call import QuickCall
from stdbpy.server.quick_calls import QuickCalls
from stdbpy.server.routes.running import BEGUN_CALL
from stdbpy.server.straight_line import StraightLine
from stdbpy.server.websocket.opening import is_handshake

LARGEST_HEAD = 8192 + 100 * 4096
"""Bytes of a request's line and headers; this and the next two are the real server's, which uses hyper."""

MOST_HEADERS = 100
LONGEST_URL = 65534

URI_TOO_LONG = 414
HEAD_TOO_LARGE = 431

HEAD_PATIENCE = 30.0
"""Seconds that a request's head may take, and the first request after a client has connected."""

BODY_PATIENCE = 60.0
"""Seconds that a request's body may pause."""

LINGER = 1.0
"""Seconds in which a client that is refused in the middle of a request may send on, unheard: one that is
cut off at once does not read why."""


_log = logging.getLogger("stdbpy.server.http")
_log.setLevel(logging.ERROR)
"""Below that, uvicorn has a line for each request that is none: whoever wants to fills the log with them."""


def connections_with(calls: QuickCalls) -> type[Connection]:
    """The class of a server's connections, for uvicorn to make them."""

    class ServersConnection(Connection):
        quick_calls = calls

    return ServersConnection


class Connection(HttpToolsProtocol):
    """uvicorn's connection reads on until a request's head ends, however long that takes: here it ends
    too when it has become too large. So do the headers that may follow a body."""

    quick_calls: ClassVar[QuickCalls]

    _is_in_request = False
    _bytes_besides_body = 0
    """That came since the request began, or since its last piece of body."""
    _refusal: int | None = None
    _is_refused = False
    _begun: Awaited[CallOutcome] | None = None
    """A call that a request has begun before it was read the usual way."""
    _quickly_answered = -inf
    """When the last quick call was, by ``monotonic``: the event loop's clock may stand still while there is nothing for
    it to do, and other threads answer."""
    _running_cycle: RequestResponseCycle | None = None
    """Of the request that is being answered the usual way; behind it others may have been read."""

    _heard = 0.0
    """When the latest bytes came, and the connection or the head that is on its way began; both by the clock of the
    event loop."""
    _head_began: float | None = None
    _watch: TimerHandle | None = None

    # --- what comes --------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if self._line.is_held:
            self._go_on_as_usual()
        self._heard = self.loop.time()
        is_idle = not self._is_in_request and self._is_answered()
        # A client that does not read its answers has to wait, which the usual way sees to.
        if is_idle and not self.flow.write_paused:
            call = self.quick_calls.begin(data)
            if call is not None:
                self._hold(call)
                return
        self._read(data)
        if is_idle and not self._is_in_request and not self._is_refused:
            self.quick_calls.learn(data, self.headers)

    def _is_answered(self) -> bool:
        """Whether all requests are whose heads have come."""
        return self.cycle is None or self.cycle.response_complete

    def _read(self, data: bytes) -> None:
        if self._line.is_busy():
            self._send_rest()
        self._bytes_besides_body += len(data)
        super().data_received(data)
        if self._bytes_besides_body > LARGEST_HEAD:
            self._refuse(HEAD_TOO_LARGE)

    # --- calls that are answered quickly -----------------------------------------------------

    def _hold(self, call: QuickCall) -> None:
        self._head_began = None
        if self.timeout_keep_alive_task is None:
            self._stay_open(self.timeout_keep_alive)
        calls, line = self.quick_calls, self._line
        if line.is_busy(but_for=call.database):
            self._send_rest()
        beginning = calls.beginning(self.server_state.default_headers)
        bell = calls.doorbell(self.loop)
        line.hold(call)

        def answer() -> None:
            if line.is_held_for(call):
                self._answer(call, beginning)

        def answer_straight(_: object) -> None:
            told = calls.told(call) if line.is_held_for(call) else None
            if told is None:
                bell.ring(answer)
                return
            call.traffic.straight_bytes += len(told)
            self._quickly_answered = monotonic()
            if not line.answer(call, beginning + told):
                bell.ring(self._send_rest)

        if calls.latest is line and line.open():
            call.outcome.add_done_callback(answer_straight)
        else:
            calls.note_latest(None)
            call.outcome.add_done_callback(lambda _: bell.ring(answer))

    def _answer(self, call: QuickCall, beginning: bytes) -> None:
        """On the event loop's thread."""
        told = self.quick_calls.told(call)
        if told is None:
            self._go_on_as_usual()
            return
        self._line.take_back()
        if self._line.is_busy():
            self._send_rest()
        call.traffic.answered_bytes += len(told)
        self._quickly_answered = monotonic()
        self._write(beginning + told)
        self.quick_calls.note_latest(self._line)

    def _send_rest(self) -> None:
        self._write(self._line.rest())

    def _write(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)

    def _go_on_as_usual(self) -> None:
        """With the call that waits, unless it has just been answered."""
        call = self._line.take_back()
        if call is not None:
            self._begun = call.outcome
            self._read(call.request)

    # --- calls that are not ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._is_in_request = True
        self._head_began = self._heard
        super().on_message_begin()
        if self._begun is not None:
            self.scope["state"][BEGUN_CALL] = self._begun
            self._begun = None

    def on_headers_complete(self) -> None:
        # What the parser raises for it, uvicorn answers by send_400_response.
        if len(self.headers) > MOST_HEADERS or (
            self._bytes_besides_body > LARGEST_HEAD and self._head_size() > LARGEST_HEAD
        ):
            self._refusal = HEAD_TOO_LARGE
            raise ValueError("the request's head is too large")
        if len(self.url) > LONGEST_URL:
            self._refusal = URI_TOO_LONG
            raise ValueError("the request's address is too long")
        self._head_began = None
        super().on_headers_complete()
        if self.parser.should_upgrade() and self.cycle is not None:
            # The parser reads nothing more of this connection.
            self.cycle.keep_alive = False

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def on_body(self, body: bytes) -> None:
        self._bytes_besides_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_request = False
        self._bytes_besides_body = 0
        super().on_message_complete()

    # --- websockets --------------------------------------------------------------------------

    def _should_upgrade(self) -> bool:
        """What only looks like opening a websocket is answered as any other request, which says what is wrong. So is
        what comes before the answers to earlier requests, which would be sent over the websocket."""
        return (
            super()._should_upgrade()
            and self._is_answered()
            and is_handshake(self.scope["method"], self.url, self.headers)
        )

    def _unsupported_upgrade_warning(self) -> None:
        """uvicorn warns of clients that ask for other protocols, which any client may."""

    # --- refusing ----------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        if self._refusal is None:
            super().send_400_response(msg)
        else:
            self._refuse(self._refusal)

    def _refuse(self, status: int) -> None:
        self._is_refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.close()
            return
        self.transport.write(STATUS_LINE[status] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.close)

    # --- its life ----------------------------------------------------------------------------

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self.logger = _log
        self._line = StraightLine(transport)
        self._heard = self._head_began = self.loop.time()
        self._watch = self.loop.call_later(HEAD_PATIENCE, self._end_if_silent)

    def _end_if_silent(self) -> None:
        """uvicorn waits for ever for the first request, for a head that comes bit by bit, and for a body."""
        now = self.loop.time()
        is_late = self._head_began is not None and now - self._head_began >= HEAD_PATIENCE
        if is_late or (self._is_in_request and not self.flow.read_paused and now - self._heard >= BODY_PATIENCE):
            self.transport.abort()
            return
        since = self._head_began
        patience = HEAD_PATIENCE if since is None else max(since + HEAD_PATIENCE - now, 0.01)
        self._watch = self.loop.call_later(patience, self._end_if_silent)

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def handle_websocket_upgrade(self) -> None:
        # Not before the first client wants one: it takes a tenth of the server's start.
        from stdbpy.server.websocket.connection import WebsocketConnection

        self._stop_watching()
        self._hang_up()
        self.ws_protocol_class = WebsocketConnection
        super().handle_websocket_upgrade()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running_cycle = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self.quick_calls.note_latest(self._line)
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        if self._line.is_held:
            self._go_on_as_usual()
            if self.cycle is not None and not self.cycle.response_complete:
                return
        # Quick answers leave the timer alone, which costs as much as reading a request does.
        seconds_left = self._quickly_answered + self.timeout_keep_alive - monotonic()
        if seconds_left > 0:
            self._stay_open(seconds_left)
        else:
            super().timeout_keep_alive_handler()

    def _stay_open(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def shutdown(self) -> None:
        if self._line.is_held:
            self._go_on_as_usual()
        if self._line.is_busy():
            self._send_rest()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        self._line.take_back()
        self._hang_up()
        # uvicorn tells the request that was read last.
        if self._running_cycle is not None:
            self._running_cycle.disconnected = True
            self._running_cycle.message_event.set()
        super().connection_lost(exc)

    def _hang_up(self) -> None:
        if self.quick_calls.latest is self._line:
            self.quick_calls.note_latest(None)
