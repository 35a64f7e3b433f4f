"""Tokens for servers, in a file that only its owner can read.

A token counts on one server only, so they are kept by the server's address. The official program
has one ``spacetimedb_token`` in ``cli.toml`` for all servers; :func:`find_token` falls back to it.
The token of the owner of a server that ``stdbpy start`` runs is not kept here, but in that server's
data directory: see :mod:`stdbpy.project.own_servers`.
A token is never part of an error, a ``repr`` or a log.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_config_path

from stdbpy.errors import ConfigError
from stdbpy.project.cli_toml import CliToml
from stdbpy.project.own_servers import OwnServers
from stdbpy.project.replacing import SECRET, one_at_a_time, replace_file

_VERSION = 1
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OTHERS = 0o077
_OWNER_ONLY_FOLDER = 0o700


def default_path() -> Path:
    return user_config_path("stdbpy", appauthor=False) / "credentials.json"


class CredentialStore:
    """The tokens in the file at ``path`` (default: :func:`default_path`), which is made when needed.

    Every method reads the file anew. All raise :class:`ConfigError` if it cannot be read or written,
    or is not such a file; it is then left as it is.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        self.own_servers = OwnServers(self.path.with_suffix(".own-servers"))

    def token(self, server_url: str) -> str | None:
        return self._read().get(server_key(server_url))

    def save(self, server_url: str, token: str) -> None:
        with self._changing() as tokens:
            tokens[server_key(server_url)] = token

    def forget(self, server_url: str) -> bool:
        """Removes the server's token; returns whether there was one."""
        with self._changing() as tokens:
            return tokens.pop(server_key(server_url), None) is not None

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """The tokens, which are written after the block; what others change meanwhile is not lost."""
        try:
            self.path.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
            with one_at_a_time(self.path.parent):
                tokens = self._read()
                yield tokens
                document = {"version": _VERSION, "tokens": dict(sorted(tokens.items()))}
                replace_file(self.path, json.dumps(document, indent=2).encode() + b"\n", mode=SECRET)
        except OSError as error:
            raise ConfigError(
                f"{self.path} cannot be written: {error.strerror}",
                hint="Who may write there? A token can also be given in the variable STDBPY_TOKEN.",
            ) from error

    def _read(self) -> dict[str, str]:
        try:
            content = self.path.read_bytes()
            if os.name == "posix" and self.path.stat().st_mode & _OTHERS:
                self.path.chmod(SECRET)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be read: {error.strerror}") from error
        try:
            document = json.loads(content)
            version, tokens = document["version"], document["tokens"]
        except (ValueError, KeyError, TypeError, RecursionError):
            # What json says about a broken file could quote a token.
            raise self._damaged() from None
        if version != _VERSION:
            raise ConfigError(f"{self.path} is from a newer stdbpy", hint="Upgrade: pip install -U stdbpy")
        if not isinstance(tokens, dict) or not all(isinstance(token, str) for token in tokens.values()):
            raise self._damaged()
        return tokens

    def _damaged(self) -> ConfigError:
        return ConfigError(
            f"{self.path} is damaged: it is no file of tokens", hint="Move it away; you will have to log in again."
        )


def server_key(url: str) -> str:
    """One spelling for all addresses that are certainly the same server."""
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(scheme)} else f":{parts.port}"
    return f"{scheme}://{host}{port}{parts.path.rstrip('/')}"


def find_token(server_url: str, store: CredentialStore, config: CliToml) -> str | None:
    """The token to show a server: its owner's if the user runs it, else the one kept for it, else the
    official program's. Raises :class:`ConfigError`."""
    return store.own_servers.token(server_key(server_url)) or store.token(server_url) or config.token
