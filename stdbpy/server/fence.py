"""Who may talk to the server at all: a check of ``Host`` and ``Origin`` before anything else.

A web page can make its visitor's browser send requests to this machine's loopback. The page's own
address comes along as ``Origin``; and where a page has its own name resolve to 127.0.0.1 (DNS
rebinding), that name comes along as ``Host``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from stdbpy.api.address import is_loopback
from stdbpy.server.config import ServerConfig

_HOST = re.compile(r"(?:(?P<name>[a-z0-9._-]+)|\[(?P<address>[0-9a-f:.]+)\])(?::[0-9]{1,5})?")
"""A host as browsers write it; parsers of whole URLs take more for one."""

Headers = Iterable[tuple[bytes, bytes]]


class Fence:
    """Says for each request why it may not pass, or nothing."""

    def __init__(self, config: ServerConfig) -> None:
        self._hosts = {host.lower() for host in config.allowed_hosts}
        if not config.only_loopback:
            self._hosts.add(config.host_and_port[0].lower())
        self._origins = {origin.lower().rstrip("/") for origin in config.allow_origins}
        self._checked = lru_cache(maxsize=256)(self._check)

    def refusal(self, headers: Headers) -> str | None:
        hosts = [value for name, value in headers if name == b"host"]
        origins = [value for name, value in headers if name == b"origin"]
        if len(hosts) != 1 or len(origins) > 1:
            return "a request has one Host header and at most one Origin"
        return self._checked(hosts[0], origins[0] if origins else None)

    def _check(self, host: bytes, origin: bytes | None) -> str | None:
        name = _host_name(host.decode("latin-1"))
        if not is_loopback(name) and name not in self._hosts:
            return f"the host {name!r} is neither this machine's loopback nor among the allowed hosts"
        if origin is not None and not self._is_allowed_origin(origin.decode("latin-1").lower()):
            return f"web pages of {origin.decode('latin-1')!r} may not use this server (--allow-origin)"
        return None

    def _is_allowed_origin(self, origin: str) -> bool:
        if origin in self._origins or "*" in self._origins:
            return True
        scheme, _, host = origin.partition("://")
        return scheme in {"http", "https"} and is_loopback(_host_name(host))


def _host_name(host: str) -> str:
    """The name without the port, in lower case: ``[::1]:3000`` is ``::1``; empty for what is no host."""
    match = _HOST.fullmatch(host.lower())
    return (match["name"] or match["address"]) if match is not None else ""
