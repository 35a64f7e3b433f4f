"""Sends HTTP requests to none but addresses that :mod:`.addresses` allows."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import httpx

from stdbpy.engine.procedures.addresses import is_allowed, is_loopback

REFUSED_ADDRESS = "refusing to connect to private or special-purpose addresses"
"""SpacetimeDB's words, which modules may look for."""

ALLOW_LOOPBACK_HINT = (
    "So do released servers of SpacetimeDB. `stdbpy start --allow-loopback-http` lets procedures call this machine."
)

_NEXT_ADDRESS_AFTER = 2.0
"""Seconds after which the next of several addresses is tried."""

_CONNECTED = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})


class AddressRefusedError(Exception):
    """No address that a name stands for may be called. ``is_name``: it is one, and not an address itself."""

    def __init__(self, *, is_name: bool, is_this_machine: bool) -> None:
        self.is_name = is_name
        self.hint = ALLOW_LOOPBACK_HINT if is_this_machine else ""
        super().__init__(f"{REFUSED_ADDRESS}. {self.hint}" if self.hint else REFUSED_ADDRESS)


class CheckedTransport(httpx.BaseTransport):
    """Names are looked up here, and what was found is what is called: an address cannot change between the look
    and the call. ``connected`` is given each connection."""

    def __init__(self, connected: Callable[[socket.socket], None], *, allow_loopback: bool) -> None:
        self._connected = connected
        self._allow_loopback = allow_loopback
        self._plain = httpx.HTTPTransport(verify=False, trust_env=False)
        self._secure: httpx.HTTPTransport | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises ``AddressRefusedError``, and what httpx raises."""
        *addresses, last = self._addresses(request.url)
        for address in addresses:
            try:
                return self._call(address, request, patience=_NEXT_ADDRESS_AFTER)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                pass
        return self._call(last, request)

    def _call(self, address: str, request: httpx.Request, *, patience: float | None = None) -> httpx.Response:
        extensions: dict[str, Any] = {**request.extensions, "trace": self._trace}
        if patience is not None:
            connect = min(patience, extensions["timeout"]["connect"])
            extensions["timeout"] = {**extensions["timeout"], "connect": connect}
        transport = self._plain
        if request.url.scheme == "https":
            transport = self._secure = self._secure or httpx.HTTPTransport(verify=_ssl_context(), trust_env=False)
            extensions["sni_hostname"] = _name(request.url)
        url = request.url.copy_with(host=address)
        to_address = httpx.Request("GET", url, headers=request.headers, stream=request.stream, extensions=extensions)
        to_address.method = request.method
        return transport.handle_request(to_address)

    def _addresses(self, url: httpx.URL) -> list[str]:
        name = _name(url)
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"dns error: {getattr(error, 'strerror', None) or error}") from None
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        allowed = [address for address in addresses if is_allowed(address, loopback=self._allow_loopback)]
        if not allowed:
            raise AddressRefusedError(is_name=name not in addresses, is_this_machine=any(map(is_loopback, addresses)))
        return allowed

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event in _CONNECTED:
            self._connected(info["return_value"].get_extra_info("socket"))

    def close(self) -> None:
        self._plain.close()
        if self._secure is not None:
            self._secure.close()


def _name(url: httpx.URL) -> str:
    """The host as DNS and certificates spell it. From how httpx shows it to people, Python would make another
    name: it knows the rules of 2003 alone, by which ß is ss."""
    return url.raw_host.decode("ascii")


@cache
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()
