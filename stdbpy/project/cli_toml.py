"""``cli.toml``: the file in which the official program keeps its servers and its token.

stdbpy shares it, so that nicknames and a login count for both programs. Keys are those of
SpacetimeDB 2.8.3 (``crates/cli/src/config.rs``); keys that stdbpy has no use for are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stdbpy.api.address import Address
from stdbpy.errors import ApiError
from stdbpy.project import paths
from stdbpy.project.toml_file import TomlFile, read_toml

SERVERS = "server_configs"


@dataclass(frozen=True, slots=True)
class Server:
    """A server by its address, and what the user calls it."""

    url: str
    nickname: str | None = None
    fingerprint: str | None = field(default=None, repr=False, compare=False)
    """The public key (PEM) with which it signed tokens when it was last looked at."""

    @property
    def host(self) -> str:
        return self.url.partition("://")[2]

    @property
    def protocol(self) -> str:
        return self.url.partition("://")[0]

    @property
    def name(self) -> str:
        """What to call it: its nickname, else its host."""
        return self.nickname or self.host


@dataclass(frozen=True, slots=True)
class CliToml:
    """What the file says; a missing file says nothing."""

    path: Path
    servers: tuple[Server, ...] = ()
    default_server: str | None = None
    """A nickname or host of one of the servers."""
    token: str | None = field(default=None, repr=False)
    """The one ``spacetimedb_token`` of all servers."""
    web_session_token: str | None = field(default=None, repr=False)
    """What the login host gave for asking it for tokens."""
    listen_addr: str | None = None
    """Where a server that is started listens unless told otherwise."""


def read(path: Path | None = None) -> CliToml:
    """Reads the file at ``path`` (default: :func:`~stdbpy.project.paths.cli_toml_path`).

    Raises :class:`ConfigError` if it cannot be read, is not TOML, or a key has the wrong type.
    """
    path = path or paths.cli_toml_path()
    file = read_toml(path)
    return CliToml(path) if file is None else contents(file)


def contents(file: TomlFile) -> CliToml:
    """What a file that was read says. Raises :class:`ConfigError` if a key has the wrong type."""
    return CliToml(
        file.path,
        _servers(file),
        _text(file, file.values, "default_server"),
        _text(file, file.values, "spacetimedb_token"),
        _text(file, file.values, "web_session_token"),
        _text(file, file.values, "listen_addr"),
    )


def _servers(file: TomlFile) -> tuple[Server, ...]:
    entries = file.values.get(SERVERS, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise file.error(f"{SERVERS} must be tables, each beginning with [[{SERVERS}]]", key=SERVERS)
    servers = []
    for number, entry in enumerate(entries, start=1):
        host, protocol = (_text(file, entry, key, number) for key in ("host", "protocol"))
        if host is None or protocol is None:
            missing = "host" if host is None else "protocol"
            raise file.error(f"{SERVERS} {number}, {missing} is missing", SERVERS, number=number)
        try:
            url = Address.parse(f"{protocol}://{host}").url
        except ApiError as error:
            message = f"{SERVERS} {number}, {error}"
            raise file.error(message, SERVERS, "host", number=number, hint=error.hint) from None
        nickname, fingerprint = (_text(file, entry, key, number) for key in ("nickname", "ecdsa_public_key"))
        servers.append(Server(url, nickname, fingerprint))
    return tuple(servers)


def _text(file: TomlFile, table: Mapping[str, Any], key: str, number: int = 0) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        where = f"{SERVERS} {number}, " if number else ""
        raise file.error(f"{where}{key} must be a string", SERVERS if number else "", key, number=max(number, 1))
    return value
