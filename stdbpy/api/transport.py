"""What the two drivers share: the settings of httpx, and its failures as ours."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from stdbpy.api.address import Address
from stdbpy.api.answers import REDUCER_FAILED
from stdbpy.api.exchange import Request, Response
from stdbpy.errors import ApiError, ServerUnreachable, UnexpectedAnswer

ANSWER_TIMEOUT = 60.0
"""Seconds without a sign of life until a question counts as unanswered. What does something, such as a
call or SQL, may take as long as it takes, unless the client is given a timeout."""

CONNECT_TIMEOUT = 10.0
"""Seconds until a connection must stand; the caller's timeout counts for what follows."""

DEFAULT_PORT = 3000

_TOKEN = re.compile(r"[\x21-\x7e]+")
_LOGGED_TOKEN = re.compile(r"(spacetime-identity-token', b')[^']*")


_QUERY_TOKEN = re.compile(r"(token=)[^&\s]+")


class _WithoutTokens(logging.Filter):
    """Blots out the token in what httpcore logs at level DEBUG: all headers of each answer."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _LOGGED_TOKEN.sub(r"\1…", str(record.msg))
        return True


class _WithoutTokensInAddresses(logging.Filter):
    """Blots out the token in what httpx logs at level INFO: the whole address of each request."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            texts = [(arg, str(arg)) for arg in record.args]
            record.args = tuple(_QUERY_TOKEN.sub(r"\1…", text) if "token=" in text else arg for arg, text in texts)
        return True


for _logger in ("httpcore.http11", "httpcore.http2"):
    logging.getLogger(_logger).addFilter(_WithoutTokens())
logging.getLogger("httpx").addFilter(_WithoutTokensInAddresses())


def client_settings(address: Address, token: str | None, timeout: float | None) -> dict[str, Any]:
    """Arguments for both of httpx's clients. The token goes nowhere but into a header."""
    headers = {"accept": "*/*"}
    if token is not None:
        headers["authorization"] = bearer(token)
    return {
        "headers": headers,
        "timeout": _limits(timeout, timeout),
        # A redirect would carry the token and the request to somewhere that the caller did not name.
        "follow_redirects": False,
        # httpx reads all certificates of the system first, 40 ms; without TLS there is none to check.
        "verify": not address.url.lower().startswith("http:"),
        # A proxy cannot reach this machine's own loopback.
        "trust_env": not address.is_loopback,
    }


def bearer(token: str) -> str:
    """The header of that token. What cannot be one never gets into an error of httpx's, which would show it."""
    if not _TOKEN.fullmatch(token):
        raise ApiError("the token has characters that no token has", hint="Was it copied whole and alone?")
    return f"Bearer {token}"


def _limits(timeout: float | None, answer: float | None) -> httpx.Timeout:
    connect = CONNECT_TIMEOUT if timeout is None else min(timeout, CONNECT_TIMEOUT)
    return httpx.Timeout(timeout or ANSWER_TIMEOUT, connect=connect, read=answer)


def prepared(
    build: Callable[..., httpx.Request], address: Address, request: Request, timeout: float | None
) -> httpx.Request:
    """The request as the client whose ``build_request`` is given sends it."""
    sent = build(**request_settings(address, request, timeout))
    if not request.proves_identity and "authorization" not in {name.lower() for name in request.headers}:
        sent.headers.pop("authorization", None)
    return sent


def request_settings(address: Address, request: Request, timeout: float | None) -> dict[str, Any]:
    """Arguments of httpx's ``build_request``."""
    headers = dict(request.headers)
    if request.content_type is not None:
        headers["content-type"] = request.content_type
    settings: dict[str, Any] = {
        "method": request.method,
        "url": address.url + request.path,
        "params": dict(request.query) or None,
        "content": request.body,
        "headers": headers,
    }
    answer = timeout
    if request.streams:
        answer = None
    elif timeout is None and request.method == "GET":
        answer = ANSWER_TIMEOUT
    settings["timeout"] = _limits(timeout, answer)
    return settings


def response_of(answer: httpx.Response, body: bytes) -> Response:
    return Response(answer.status_code, answer.headers, body, str(answer.request.url).partition("/v1/")[0])


class Repetition:
    """Which requests are sent a second time after their connection broke: those of which nothing can
    have been done.

    A server that refuses a request may hang up without having read its body, just when the next
    request is on its way. One whose reducer refused has read it all.
    """

    def __init__(self) -> None:
        self._may_hang_up = False

    def note(self, request: Request, status: int) -> None:
        self._may_hang_up = request.body is not None and status >= 400 and status != REDUCER_FAILED

    def is_due(self, request: Request, error: httpx.TransportError) -> bool:
        broke = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError)
        return broke and (self._may_hang_up or request.method == "GET")


def failure(address: Address, error: httpx.HTTPError | httpx.InvalidURL, timeout: float | None = None) -> ApiError:
    """What stands for a request that got no whole answer."""
    match error:
        case httpx.ConnectError() if "SSL" in str(error) or "CERTIFICATE" in str(error):
            return _no_tls(address, str(error))
        case httpx.ConnectError() if _is_caused_by(error, socket.gaierror):
            host = urlsplit(address.url).hostname
            return ServerUnreachable(f"no host is known by the name {host!r}", hint=_where_to_look(address))
        case httpx.ConnectError() | httpx.UnsupportedProtocol() | httpx.ProxyError():
            return ServerUnreachable(f"no server answers at {address.url}", hint=_where_to_look(address))
        case httpx.ConnectTimeout():
            return ServerUnreachable(f"{address.url} takes no connection", hint=_where_to_look(address))
        case httpx.TimeoutException():
            return ServerUnreachable(
                f"{address.url} did not answer within {_patience(error, timeout):g} seconds",
                hint="It may still be at work on the request; a longer timeout waits for it.",
            )
        case httpx.RemoteProtocolError() if "illegal" in str(error).lower():
            return UnexpectedAnswer(
                f"what answers at {address.url} does not speak HTTP",
                hint="Is another program using that port, or does the address need https:// ?",
            )
        case _:
            return UnexpectedAnswer(
                f"{address.url} ended the connection before its answer was whole", hint=_why_it_may_end(address)
            )


def _no_tls(address: Address, reason: str) -> ApiError:
    if "WRONG_VERSION_NUMBER" in reason or "wrong version number" in reason:
        return ServerUnreachable(
            f"what answers at {address.url} does not speak TLS", hint="Use http:// instead of https:// ."
        )
    return ServerUnreachable(
        f"the TLS connection to {address.url} cannot be trusted: {reason}",
        hint="Check the address and its certificate; SSL_CERT_FILE names a file with further ones to trust.",
    )


def _where_to_look(address: Address) -> str:
    parts = urlsplit(address.url)
    if address.is_loopback:
        at = "" if parts.port == DEFAULT_PORT else f" --listen-addr {parts.netloc}"
        return f"Start one with `stdbpy start{at}`, or name another."
    if parts.scheme in getproxies():
        return f"Check the address, the network, and the proxy that {parts.scheme.upper()}_PROXY names."
    return "Check the address and the network."


def _why_it_may_end(address: Address) -> str:
    hint = "The server may have stopped in the middle of the request: look whether it runs, then try again."
    # Many that expect TLS answer with a few bytes of it, or hang up.
    return hint if address.url.startswith("https:") else f"{hint} Or the address needs https:// ."


def _is_caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None


def _patience(error: httpx.TimeoutException, timeout: float | None) -> float:
    """Seconds that were waited in vain."""
    if timeout is not None:
        return timeout
    limits: dict[str, float | None] = error.request.extensions.get("timeout", {})
    return limits.get("read") or ANSWER_TIMEOUT
