"""``cli.toml``: the file in which the official program keeps its servers and its token.

stdbpy reads it, so that nicknames and a login of ``spacetime`` serve both programs. Keys and default
place are those of SpacetimeDB 2.8.3 (``crates/cli/src/config.rs``, ``crates/paths``); keys that
stdbpy has no use for are passed over.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stdbpy.api.address import Address
from stdbpy.errors import ApiError, ConfigError
from stdbpy.project.toml_file import read_toml


@dataclass(frozen=True, slots=True)
class Server:
    """A server by its address, and what the user calls it."""

    url: str
    nickname: str | None = None

    @property
    def host(self) -> str:
        return self.url.partition("://")[2]


@dataclass(frozen=True, slots=True)
class CliToml:
    """What the file says; a missing file says nothing."""

    path: Path
    servers: tuple[Server, ...] = ()
    default_server: str | None = None
    """A nickname or host of one of the servers."""
    token: str | None = field(default=None, repr=False)
    """The one ``spacetimedb_token`` of all servers."""


def default_path() -> Path:
    """Where the official program looks unless told otherwise."""
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "SpacetimeDB" / "config" / "cli.toml"
    configured = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    return (configured if configured.is_absolute() else Path.home() / ".config") / "spacetime" / "cli.toml"


def read(path: Path | None = None) -> CliToml:
    """Reads the file at ``path`` (default: :func:`default_path`).

    Raises :class:`ConfigError` if it cannot be read, is not TOML, or a key has the wrong type.
    """
    path = path or default_path()
    document = read_toml(path)
    if document is None:
        return CliToml(path)
    return CliToml(
        path,
        _servers(path, document.get("server_configs", [])),
        _text(path, document, "default_server"),
        _text(path, document, "spacetimedb_token"),
    )


def _servers(path: Path, entries: object) -> tuple[Server, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{path}: server_configs must be tables, each beginning with [[server_configs]]")
    servers = []
    for number, entry in enumerate(entries, start=1):
        where = f"server_configs {number}, "
        host = _text(path, entry, "host", where)
        protocol = _text(path, entry, "protocol", where)
        if host is None or protocol is None:
            raise ConfigError(f"{path}: {where}{'host' if host is None else 'protocol'} is missing")
        try:
            url = Address.parse(f"{protocol}://{host}").url
        except ApiError as error:
            raise ConfigError(f"{path}: {where}{error}", hint=error.hint) from None
        servers.append(Server(url, _text(path, entry, "nickname", where)))
    return tuple(servers)


def _text(path: Path, table: Mapping[str, Any], key: str, where: str = "") -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"{path}: {where}{key} must be a string")
    return value
