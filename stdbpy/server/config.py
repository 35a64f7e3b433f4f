"""How the embedded server is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from stdbpy.api.address import is_loopback
from stdbpy.engine.limits import Limits
from stdbpy.errors import UsageError
from stdbpy.server.keys import KeyFiles

DEFAULT_LISTEN_ADDR = "127.0.0.1:3000"

EMULATED_VERSION = "2.8.3"
"""The SpacetimeDB whose HTTP API this server has, which is what clients ask ``/v1/health`` for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """``data_dir`` is where databases, keys and the owner's token are; without it all of them live
    in memory, with ``in_memory`` the databases alone do. ``key_files`` are other places for the keys
    that sign tokens.

    ``allowed_hosts`` are names besides loopback ones by which clients may call the server,
    ``allow_origins`` the web pages (``https://example.org``) besides those of this machine that may
    use it. ``allow_native`` takes Python modules, which run with the server's own rights, also where
    other machines can reach the server. ``allow_loopback_http`` lets procedures send HTTP requests to this
    machine, which released servers of SpacetimeDB never let them. At ``pg_port`` of the same host it speaks
    PostgreSQL's protocol, if there is one; 0 is a free port. With ``strict`` Python modules are imported anew for each
    call, and find in globals nothing that another one has left there.
    """

    listen_addr: str = DEFAULT_LISTEN_ADDR
    pg_port: int | None = None
    data_dir: Path | None = None
    in_memory: bool = False
    key_files: KeyFiles | None = None
    allowed_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    allow_native: bool = False
    allow_loopback_http: bool = False
    strict: bool = False
    limits: Limits = field(default_factory=Limits)
    """What compiled modules may use of the machine."""

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Raises :class:`UsageError` for what is not ``host:port``."""
        host, colon, port = self.listen_addr.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise UsageError(
                f"{self.listen_addr!r} is not an address to listen at",
                hint="An address has a host and a port, as in 127.0.0.1:3000 or [::1]:3000.",
            )
        return host, int(port)

    @property
    def only_loopback(self) -> bool:
        """Whether nobody but this machine can reach the server."""
        return is_loopback(self.host_and_port[0])
