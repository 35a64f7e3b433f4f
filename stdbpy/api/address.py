"""Addresses of servers, and which of them are this machine itself."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from stdbpy.errors import ApiError


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
