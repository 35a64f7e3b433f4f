"""What the two drivers share: the server's address, the settings of httpx, its failures as ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

from stdbpy.api.exchange import Request, Response
from stdbpy.errors import ApiError, ServerUnreachable, UnexpectedAnswer

DEFAULT_TIMEOUT = 60.0
"""Seconds without a sign of life until a request counts as failed."""

CONNECT_TIMEOUT = 10.0
"""Seconds until a connection must stand; the caller's timeout counts for what follows."""

_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Address:
    """The root of a server: scheme, host and port, and a path if it lives below one."""

    url: str
    is_loopback: bool

    @classmethod
    def parse(cls, url: str) -> Address:
        """Raises :class:`ApiError` for what is no http or https address."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise _not_an_address(url, str(error)) from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise _not_an_address(url, "it does not start with http:// or https:// and a host")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise _not_an_address(f"{parts.scheme}://{parts.hostname}", "it has a user, a query or a fragment as well")
        if port == 0:
            raise _not_an_address(url, "nothing answers at port 0")
        return cls(url.rstrip("/"), is_loopback(parts.hostname))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself and no other."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def _not_an_address(shown: str, reason: str) -> ApiError:
    return ApiError(
        f"{shown!r} is not the address of a server: {reason}", hint="An address looks like http://127.0.0.1:3000"
    )


def client_settings(address: Address, token: str | None, timeout: float) -> dict[str, Any]:
    """Arguments for both of httpx's clients. The token goes nowhere but into a header."""
    headers = {"accept": "*/*"}
    if token is not None:
        if not _TOKEN.fullmatch(token):
            raise ApiError("the token has characters that no token has", hint="Was it copied whole and alone?")
        headers["authorization"] = f"Bearer {token}"
    return {
        "headers": headers,
        "timeout": httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
        # A redirect would carry the token and the request to somewhere that the caller did not name.
        "follow_redirects": False,
        # A proxy cannot reach this machine's own loopback.
        "trust_env": not address.is_loopback,
    }


def request_settings(address: Address, request: Request, timeout: float) -> dict[str, Any]:
    """Arguments of httpx's ``build_request``."""
    headers = {} if request.content_type is None else {"content-type": request.content_type}
    settings: dict[str, Any] = {
        "method": request.method,
        "url": address.url + request.path,
        "params": dict(request.query) or None,
        "content": request.body,
        "headers": headers,
    }
    if request.streams:
        settings["timeout"] = httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT), read=None)
    return settings


def response_of(answer: httpx.Response, body: bytes) -> Response:
    return Response(answer.status_code, answer.headers, body)


def failure(address: Address, error: httpx.HTTPError | httpx.InvalidURL, timeout: float) -> ApiError:
    """What stands for a request that got no whole answer."""
    match error:
        case httpx.ConnectError() if "SSL" in str(error) or "CERTIFICATE" in str(error):
            return _no_tls(address, str(error))
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.UnsupportedProtocol() | httpx.ProxyError():
            hint = "Start one with `stdbpy start`, or name another." if address.is_loopback else "Check the address."
            return ServerUnreachable(f"no server answers at {address.url}", hint=hint)
        case httpx.TimeoutException():
            return ServerUnreachable(
                f"{address.url} did not answer within {timeout:g} seconds",
                hint="It may still be at work on the request; a longer timeout waits for it.",
            )
        case httpx.RemoteProtocolError() if "illegal" in str(error).lower():
            return UnexpectedAnswer(
                f"what answers at {address.url} does not speak HTTP",
                hint="Is another program using that port, or does the address need https:// ?",
            )
        case _:
            return UnexpectedAnswer(
                f"{address.url} ended the connection before its answer was whole",
                hint="The server may have stopped in the middle of the request: look whether it runs, then try again.",
            )


def _no_tls(address: Address, reason: str) -> ApiError:
    if "WRONG_VERSION_NUMBER" in reason or "wrong version number" in reason:
        return ServerUnreachable(
            f"what answers at {address.url} does not speak TLS", hint="Use http:// instead of https:// ."
        )
    return ServerUnreachable(
        f"the TLS connection to {address.url} cannot be trusted: {reason}",
        hint="Check the address and its certificate.",
    )
