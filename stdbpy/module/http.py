"""HTTP as procedures send it and handlers answer it: requests, responses, their headers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from stdbpy.errors import EncodeError, HostError
from stdbpy.module.host import Errno, Host
from stdbpy.sats.values import TimeDuration
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead

GivenHeaders = Mapping[str, str] | Iterable[tuple[str, str]]


class HttpHeaders(Mapping[str, str]):
    """Headers by their names, in which case does not matter. A name may have several values: they are
    all in :meth:`get_all`, and ``headers["accept"]`` is the first."""

    __slots__ = ("_entries",)

    def __init__(self, headers: GivenHeaders = ()) -> None:
        entries = headers.entries() if isinstance(headers, HttpHeaders) else headers
        pairs = entries.items() if isinstance(entries, Mapping) else entries
        self._entries: tuple[tuple[str, str], ...] = tuple((str(name), str(value)) for name, value in pairs)

    def __getitem__(self, name: str) -> str:
        for value in self.get_all(name):
            return value
        raise KeyError(name)

    def get_all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for other, value in self._entries if other.lower() == wanted]

    def entries(self) -> tuple[tuple[str, str], ...]:
        """Name and value of each, in order."""
        return self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self._entries))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self._entries})

    def __repr__(self) -> str:
        return f"HttpHeaders({list(self._entries)!r})"


class _Message:
    """What requests and responses have in common."""

    __slots__ = ("body", "headers", "version")

    def __init__(self, body: bytes | str, headers: GivenHeaders, version: str) -> None:
        if not isinstance(body, bytes | str):
            raise TypeError(f"a body is bytes or str, not {body!r}; json.dumps makes text of other values")
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = HttpHeaders(headers)
        self.version = version
        """``0.9``, ``1.0``, ``1.1``, ``2`` or ``3``."""

    def text(self) -> str:
        """The body as UTF-8, with a replacement character for what is none."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body, parsed. Raises ``ValueError`` if it is no JSON."""
        return json.loads(self.body)


class HttpRequest(_Message):
    """A request: what ``ctx.http.send`` takes, and what HTTP handlers get."""

    __slots__ = ("method", "timeout", "uri")

    def __init__(
        self,
        method: str,
        uri: str,
        body: bytes | str = b"",
        *,
        headers: GivenHeaders = (),
        timeout: TimeDuration | timedelta | None = None,
        version: str = "1.1",
    ) -> None:
        super().__init__(body, headers, version)
        if timeout is not None and not isinstance(timeout, TimeDuration | timedelta):
            raise TypeError(f"timeout takes a TimeDuration, as in TimeDuration.of(seconds=5), not {timeout!r}")
        self.method = method
        """``GET``, ``POST``, …"""
        self.uri = uri
        """Handlers see the whole of it, with the part that names the database."""
        self.timeout = TimeDuration.from_timedelta(timeout) if isinstance(timeout, timedelta) else timeout
        """How long all of the request and its answer may take; ``None`` for what the server takes as the most."""

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method} {self.uri}>"


class HttpResponse(_Message):
    """The answer to a request: what ``ctx.http`` gives, and what HTTP handlers return."""

    __slots__ = ("status",)

    def __init__(
        self, body: bytes | str = b"", *, status: int = 200, headers: GivenHeaders = (), version: str = "1.1"
    ) -> None:
        super().__init__(body, headers, version)
        self.status = status
        """The number of the status: 200, 404, …"""

    @property
    def ok(self) -> bool:
        """Whether the status is one of success: 200 to 299."""
        return 200 <= self.status < 300

    def __repr__(self) -> str:
        return f"<HttpResponse {self.status}>"


class HttpClient:
    """``ctx.http``: sends requests. Every status is an answer, 404 as well as 200; what was not
    answered raises ``HttpFailed``. Requests are refused (``HostError``) inside a transaction, for
    which everybody else would wait."""

    __slots__ = ("_host",)

    def __init__(self, host: Host) -> None:
        self._host = host

    def get(
        self, uri: str, *, headers: GivenHeaders = (), timeout: TimeDuration | timedelta | None = None
    ) -> HttpResponse:
        return self.send(HttpRequest("GET", uri, headers=headers, timeout=timeout))

    def post(
        self,
        uri: str,
        body: bytes | str = b"",
        *,
        headers: GivenHeaders = (),
        timeout: TimeDuration | timedelta | None = None,
    ) -> HttpResponse:
        return self.send(HttpRequest("POST", uri, body, headers=headers, timeout=timeout))

    def send(self, request: HttpRequest) -> HttpResponse:
        head = HttpRequestHead(
            request.method, request.uri, headers_to_wire(request.headers), request.timeout, request.version
        ).encode()
        try:
            answered, body = self._host.procedure_http_request(head, request.body)
        except HostError as error:
            if error.code != Errno.WOULD_BLOCK_TRANSACTION:
                # Where in the host it was raised says nothing to authors.
                raise error.with_traceback(None) from None
            raise HostError(
                error.code,
                "no HTTP request is sent in a transaction, as everybody else would wait for its answer",
                hint="Send it before or behind the transaction",
            ) from None
        return _response(HttpResponseHead.decode(answered), body)


# --- to and from what hosts take -----------------------------------------------------------------


def request_of(head: bytes, body: bytes) -> HttpRequest:
    """The request that a host hands to a handler. Raises ``DecodeError``."""
    read = HttpRequestHead.decode(head)
    headers = headers_from_wire(read.headers)
    return HttpRequest(read.method, read.uri, body, headers=headers, timeout=read.timeout, version=read.version)


def response_head(response: HttpResponse) -> bytes:
    """All but the body, for the host. Raises ``EncodeError``."""
    return HttpResponseHead(response.status, headers_to_wire(response.headers), response.version).encode()


def _response(head: HttpResponseHead, body: bytes) -> HttpResponse:
    return HttpResponse(body, status=head.status, headers=headers_from_wire(head.headers), version=head.version)


# Values of headers are bytes, which are text of Latin-1 to most who read them (RFC 9110, 5.5).


def headers_to_wire(headers: HttpHeaders) -> tuple[tuple[str, bytes], ...]:
    """Raises ``EncodeError`` for a value that is no such text."""
    return tuple((name.lower(), _value_to_wire(name, value)) for name, value in headers.entries())


def _value_to_wire(name: str, value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise EncodeError(
            f"the value {value!r} of the header {name!r} is no text of Latin-1",
            hint="Headers hold no other; urllib.parse.quote makes ASCII of any text",
        ) from None


def headers_from_wire(headers: tuple[tuple[str, bytes], ...]) -> HttpHeaders:
    return HttpHeaders([(name, value.decode("latin-1")) for name, value in headers])
