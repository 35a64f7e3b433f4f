"""HTTP requests that procedures send, by the rules of SpacetimeDB 2.8.3 (``crates/core/src/host/instance_env.rs``).

Nothing goes to an address that :mod:`.addresses` refuses, whatever name or redirect leads there: the address
that was looked at is the one that is called. A request takes at most its timeout from start to the end of the
body. What failed is said without what may be a secret: the query of the URL, headers.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from threading import Event, Lock, Timer
from typing import Any, NoReturn

import httpx

from stdbpy.engine.procedures.addresses import is_allowed, is_loopback
from stdbpy.errors import HttpFailed
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead

DEFAULT_TIMEOUT, LONGEST_TIMEOUT = 30.0, 180.0
"""Seconds, from the start of a request to the end of the body of its answer."""

MOST_REDIRECTS = 10

LARGEST_BODY = 256 * 1024 * 1024
"""Bytes of an answer's body; the real server takes any."""

REFUSED_ADDRESS = "refusing to connect to private or special-purpose addresses"
"""SpacetimeDB's words, which modules may look for."""

ALLOW_LOOPBACK_HINT = (
    "So do released servers of SpacetimeDB. `stdbpy start --allow-loopback-http` lets procedures call this machine."
)

_TIMED_OUT = "operation timed out"
_IN_URIS = re.compile(r"[!-~]*")
_LAST_PORT = 65535


class HttpRequests:
    """Those of one database's procedures."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback
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
            try:
                return exchange.send(request, body, timeout)
            finally:
                deadline.cancel()

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
        transport = _CheckedTransport(self._connected, allow_loopback=self._allow_loopback)
        request = _request(head, body)
        transport.latest = request.url
        try:
            with httpx.Client(
                transport=transport,
                trust_env=False,
                follow_redirects=True,
                max_redirects=MOST_REDIRECTS,
                timeout=timeout,  # of each step, among them the one that cannot be aborted: connecting
            ) as client:
                response = client.send(request, stream=True)
                content = self._body(response)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError, OSError) as error:
            reason = self._reason if self._aborted.is_set() else _reason(error)
            raise HttpFailed(f"error sending request for url ({_shown(transport.latest)}): {reason}") from None
        headers = tuple((name.decode("latin-1").lower(), value) for name, value in response.headers.raw)
        version = response.http_version.removeprefix("HTTP/")
        return HttpResponseHead(response.status_code, headers, version), content

    def _body(self, response: httpx.Response) -> bytes:
        parts, size = [], 0
        for part in response.iter_raw():
            parts.append(part)
            size += len(part)
            if size > LARGEST_BODY:
                raise HttpFailed(f"the answer has more than {LARGEST_BODY} bytes")
        if self._aborted.is_set():
            # A body without a length ends where the connection does.
            raise httpx.ReadError(self._reason)
        return b"".join(parts)


class _CheckedTransport(httpx.BaseTransport):
    """Calls the addresses that it has found in order, and no others. ``connected`` is given each connection."""

    latest: httpx.URL
    """What was asked for last: redirects lead to others."""

    def __init__(self, connected: Callable[[socket.socket], None], *, allow_loopback: bool) -> None:
        self._connected = connected
        self._allow_loopback = allow_loopback
        self._is_redirected = False
        self._plain = httpx.HTTPTransport(verify=False, trust_env=False)
        self._secure: httpx.HTTPTransport | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises ``HttpFailed`` if no address may be called, and what httpx raises."""
        addresses = self._addresses(request.url)
        self.latest = request.url
        self._is_redirected = True
        extensions = {**request.extensions, "trace": self._trace}
        if request.url.scheme == "https":
            self._secure = self._secure or httpx.HTTPTransport(verify=_ssl_context(), trust_env=False)
            extensions["sni_hostname"] = request.url.host
        transport = self._secure if request.url.scheme == "https" else self._plain
        assert transport is not None
        for number, address in enumerate(addresses, 1):
            url = request.url.copy_with(host=address)
            pinned = httpx.Request(
                request.method, url, headers=request.headers, stream=request.stream, extensions=extensions
            )
            try:
                return transport.handle_request(pinned)
            except httpx.ConnectError:
                if number == len(addresses):
                    raise
        raise AssertionError("a name without addresses is an error of the look-up")

    def _addresses(self, url: httpx.URL) -> list[str]:
        try:
            found = socket.getaddrinfo(url.host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx.ConnectError(f"dns error: {error.strerror}") from None
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        allowed = [address for address in addresses if is_allowed(address, loopback=self._allow_loopback)]
        if not allowed:
            self._refuse(url, addresses)
        return allowed

    def _refuse(self, url: httpx.URL, addresses: list[str]) -> NoReturn:
        hint = ALLOW_LOOPBACK_HINT if any(map(is_loopback, addresses)) else ""
        message = f"{REFUSED_ADDRESS}. {hint}" if hint else REFUSED_ADDRESS
        if self._is_redirected:
            message = f"error following redirect for url ({_shown(self.latest)}): {message}"
        elif url.host not in addresses:
            message = f"error sending request for url ({_shown(url)}): dns error: {message}"
        raise HttpFailed(message, hint=hint)

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._connected(info["return_value"].get_extra_info("socket"))

    def close(self) -> None:
        self._plain.close()
        if self._secure is not None:
            self._secure.close()


@cache
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _request(head: HttpRequestHead, body: bytes) -> httpx.Request:
    """Raises ``HttpFailed`` for what is no request."""
    if not _IN_URIS.fullmatch(head.uri):
        raise HttpFailed("invalid uri character")
    try:
        url = httpx.URL(head.uri)
        headers = [(name.encode("ascii"), value) for name, value in head.headers]
        request = httpx.Request(head.method, url, headers=headers, content=body)
    except (httpx.InvalidURL, ValueError) as error:
        raise HttpFailed(f"builder error: {error}") from None
    if not url.scheme or not url.host:
        raise HttpFailed("builder error: relative URL without a base")
    if url.scheme not in {"http", "https"}:
        raise HttpFailed(f"builder error for url ({_shown(url)}): URL scheme is not allowed")
    if (url.port or 0) > _LAST_PORT:
        raise HttpFailed("builder error: invalid port number")
    request.headers.setdefault("accept", "*/*")
    return request


def _shown(url: httpx.URL) -> str:
    """Without what may be a secret."""
    return str(url.copy_with(query=None, fragment=None, userinfo=b""))


def _reason(error: Exception) -> str:
    match error:
        case httpx.TimeoutException():
            return _TIMED_OUT
        case httpx.LocalProtocolError():
            # What it says of a header may be a secret.
            return "the request's method or one of its headers cannot be sent"
        case httpx.ConnectError():
            return f"client error (Connect): {error}"
        case _:
            return str(error) or type(error).__name__
