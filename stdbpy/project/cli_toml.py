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
from stdbpy.errors import ApiError
from stdbpy.project.toml_file import TomlFile, read_toml


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
    file = read_toml(path)
    if file is None:
        return CliToml(path)
    return CliToml(
        path,
        _servers(file),
        _text(file, file.values, "default_server"),
        _text(file, file.values, "spacetimedb_token"),
    )


def _servers(file: TomlFile) -> tuple[Server, ...]:
    entries = file.values.get("server_configs", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise file.error("server_configs must be tables, each beginning with [[server_configs]]", key="server_configs")
    servers = []
    for number, entry in enumerate(entries, start=1):
        host, protocol = (_text(file, entry, key, number) for key in ("host", "protocol"))
        if host is None or protocol is None:
            missing = "host" if host is None else "protocol"
            raise file.error(f"server_configs {number}, {missing} is missing", "server_configs", number=number)
        try:
            url = Address.parse(f"{protocol}://{host}").url
        except ApiError as error:
            message = f"server_configs {number}, {error}"
            raise file.error(message, "server_configs", "host", number=number, hint=error.hint) from None
        servers.append(Server(url, _text(file, entry, "nickname", number)))
    return tuple(servers)


def _text(file: TomlFile, table: Mapping[str, Any], key: str, number: int = 0) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        where = f"server_configs {number}, " if number else ""
        raise file.error(
            f"{where}{key} must be a string", "server_configs" if number else "", key, number=max(number, 1)
        )
    return value
