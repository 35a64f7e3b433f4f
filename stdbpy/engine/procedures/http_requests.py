"""HTTP requests that procedures send, by the rules of SpacetimeDB 2.8.3 (``crates/core/src/host/instance_env.rs``).

Nothing goes to an address that :mod:`.addresses` refuses, whatever name or redirect leads there: the address
that was looked at is the one that is called. A request takes at most its timeout from start to the end of the
body. What failed is said without what may be a secret: the query of the URL, headers.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Lock, Timer

import httpx

from stdbpy.engine.figures import RequestCounts
from stdbpy.engine.procedures.checked_transport import AddressRefusedError, CheckedTransport
from stdbpy.engine.procedures.outgoing import Outgoing, shown
from stdbpy.errors import HttpFailed
from stdbpy.schema.http import Headers, HttpRequestHead, HttpResponseHead

DEFAULT_TIMEOUT, LONGEST_TIMEOUT = 30.0, 180.0
"""Seconds, from the start of a request to the end of the body of its answer."""

MOST_REDIRECTS = 10

LARGEST_BODY = 256 * 1024 * 1024
"""Bytes of an answer's body; the real server takes any."""

_TIMED_OUT = "operation timed out"


class HttpRequests:
    """Those of one database's procedures."""

    def __init__(self, *, allow_loopback: bool, counts: RequestCounts | None = None) -> None:
        self._allow_loopback = allow_loopback
        self._counts = counts or RequestCounts()
        self._lock = Lock()
        self._pending: set[_Exchange] = set()
        self._has_ended = False

    def send(self, request: HttpRequestHead, body: bytes) -> tuple[HttpResponseHead, bytes]:
        """Raises ``HttpFailed``."""
        timeout = DEFAULT_TIMEOUT if request.timeout is None else max(0, request.timeout) / 1e6
        timeout = min(timeout, LONGEST_TIMEOUT)
        with self._begun() as exchange:
            deadline = Timer(timeout, exchange.abort, (_TIMED_OUT,))
            deadline.daemon = True
            deadline.start()
            self._counts.count_begin(len(request.uri) + _size(request.headers) + len(body))
            try:
                answer, content = exchange.send(request, body, timeout)
            except BaseException as error:
                self._counts.count_failure(timed_out=str(error).endswith(_TIMED_OUT))
                raise
            finally:
                deadline.cancel()
        self._counts.count_answer(_size(answer.headers) + len(content))
        return answer, content

    def close(self) -> None:
        """Requests that are on their way fail, and those that come later."""
        with self._lock:
            self._has_ended = True
            pending = list(self._pending)
        for exchange in pending:
            exchange.abort("the database was closed")

    @contextmanager
    def _begun(self) -> Iterator[_Exchange]:
        exchange = _Exchange(self._allow_loopback)
        with self._lock:
            if self._has_ended:
                raise HttpFailed("the database was closed")
            self._pending.add(exchange)
        try:
            yield exchange
        finally:
            with self._lock:
                self._pending.discard(exchange)


class _Exchange:
    """A request and its answer, which another thread can end."""

    def __init__(self, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback
        self._aborted = Event()
        self._reason = ""
        self._lock = Lock()
        self._socket: socket.socket | None = None

    def abort(self, reason: str) -> None:
        """Makes :meth:`send` fail at once, unless a name is being looked up."""
        with self._lock:
            if self._aborted.is_set():
                return
            self._reason = reason
            self._aborted.set()
            self._hang_up()

    def _connected(self, connection: socket.socket) -> None:
        with self._lock:
            self._socket = connection
            if self._aborted.is_set():
                self._hang_up()

    def _hang_up(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # Unlike closing it, this wakes a thread that reads from it.
                self._socket.shutdown(socket.SHUT_RDWR)

    def send(self, head: HttpRequestHead, body: bytes, timeout: float) -> tuple[HttpResponseHead, bytes]:
        """``timeout`` is for each step, among them the one that cannot be aborted: connecting."""
        outgoing = Outgoing.of(head, body)
        before: Outgoing | None = None
        try:
            with closing(CheckedTransport(self._connected, allow_loopback=self._allow_loopback)) as transport:
                for _ in range(MOST_REDIRECTS + 1):
                    response = transport.handle_request(outgoing.request(timeout))
                    redirected = outgoing.redirected(response)
                    if redirected is None:
                        return _head_of(response), self._body(response)
                    response.close()
                    before, outgoing = outgoing, redirected
        except AddressRefusedError as refusal:
            raise HttpFailed(_refused(refusal, outgoing, before), hint=refusal.hint) from None
        except HttpFailed:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the module is told
            reason = self._reason if self._aborted.is_set() else _reason(error)
            raise HttpFailed(f"error sending request for url ({shown(outgoing.url)}): {reason}") from None
        raise HttpFailed(f"error following redirect for url ({shown(outgoing.url)}): too many redirects")

    def _body(self, response: httpx.Response) -> bytes:
        assert isinstance(response.stream, httpx.SyncByteStream)
        parts, size = [], 0
        with closing(response):
            for part in response.stream:
                parts.append(part)
                size += len(part)
                if size > LARGEST_BODY:
                    raise HttpFailed(f"the answer has more than {LARGEST_BODY} bytes")
        if self._aborted.is_set():
            # A body without a length ends where the connection does.
            raise httpx.ReadError(self._reason)
        return b"".join(parts)


def _size(headers: Headers) -> int:
    return sum(len(name) + len(value) for name, value in headers)


def _head_of(response: httpx.Response) -> HttpResponseHead:
    headers = tuple((name.decode("latin-1").lower(), value) for name, value in response.headers.raw)
    return HttpResponseHead(response.status_code, headers, response.http_version.removeprefix("HTTP/"))


def _refused(refusal: AddressRefusedError, outgoing: Outgoing, before: Outgoing | None) -> str:
    if before is not None:
        return f"error following redirect for url ({shown(before.url)}): {refusal}"
    if refusal.is_name:
        return f"error sending request for url ({shown(outgoing.url)}): dns error: {refusal}"
    return str(refusal)


def _reason(error: Exception) -> str:
    match error:
        case httpx.TimeoutException():
            return _TIMED_OUT
        case httpx.LocalProtocolError():
            # What it says of a header may be a secret.
            return "the request's method or one of its headers cannot be sent"
        case httpx.ConnectError():
            return f"client error (Connect): {error}"
        case httpx.TransportError():
            return str(error) or type(error).__name__
        case _:
            return type(error).__name__
