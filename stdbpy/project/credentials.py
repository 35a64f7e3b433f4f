"""Tokens for servers, in a file that only its owner can read.

A token that a server issues counts on that server only, so they are kept by the server's address. The
official program has one ``spacetimedb_token`` in ``cli.toml`` for all servers, which ``login`` of both
programs writes; :func:`find_token` chooses between them. The token of the owner of a server that
``stdbpy start`` runs is not kept here, but in that server's data directory: see
:mod:`stdbpy.project.own_servers`. A token is never part of an error, a ``repr`` or a log.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_config_path

from stdbpy.errors import ConfigError
from stdbpy.project.cli_toml import CliToml
from stdbpy.project.own_servers import OwnServers
from stdbpy.replacing import SECRET, one_at_a_time, replace_file

_VERSION = 1
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OTHERS = 0o077
_OWNER_ONLY_FOLDER = 0o700


def default_path() -> Path:
    return user_config_path("stdbpy", appauthor=False) / "credentials.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """A token that is kept for one server."""

    token: str = field(repr=False)
    beside: str = ""
    """What stands for the token that ``cli.toml`` had when this one was kept: see :func:`mark`."""


class CredentialStore:
    """The tokens in the file at ``path`` (default: :func:`default_path`), which is made when needed.

    Every method reads the file anew. All raise :class:`ConfigError` if it cannot be read or written,
    or is not such a file; it is then left as it is.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        self.own_servers = OwnServers(self.path.with_suffix(".own-servers"))

    def all(self) -> dict[str, Kept]:
        """What is kept, by :func:`server_key`."""
        return self._read()

    def token(self, server_url: str) -> str | None:
        kept = self._read().get(server_key(server_url))
        return None if kept is None else kept.token

    def save(self, server_url: str, token: str, *, beside: str | None = None) -> None:
        """Keeps a token for a server. ``beside`` is the token that ``cli.toml`` has now: when that is another
        one, somebody has logged in since."""
        with self._changing() as kept:
            kept[server_key(server_url)] = Kept(token, mark(beside))

    def forget(self, server_url: str) -> bool:
        """Removes the server's token; returns whether there was one."""
        with self._changing() as kept:
            return kept.pop(server_key(server_url), None) is not None

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Kept]]:
        """The tokens, which are written after the block; what others change meanwhile is not lost."""
        try:
            self.path.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
            with one_at_a_time(self.path.parent):
                kept = self._read()
                yield kept
                replace_file(self.path, _written(kept), mode=SECRET)
        except OSError as error:
            raise ConfigError(
                f"{self.path} cannot be written: {error.strerror}",
                hint="Who may write there? A token can also be given in the variable STDBPY_TOKEN.",
            ) from error

    def _read(self) -> dict[str, Kept]:
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
            version, tokens, beside = document["version"], document["tokens"], document.get("beside", {})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # What json says about a broken file could quote a token.
            raise self._damaged() from None
        if version != _VERSION:
            raise ConfigError(f"{self.path} is from a newer stdbpy", hint="Upgrade: pip install -U stdbpy")
        if not _is_texts(tokens) or not _is_texts(beside):
            raise self._damaged()
        return {server: Kept(token, beside.get(server, "")) for server, token in tokens.items()}

    def _damaged(self) -> ConfigError:
        return ConfigError(
            f"{self.path} is damaged: it is no file of tokens", hint="Move it away; you will have to log in again."
        )


def _written(kept: dict[str, Kept]) -> bytes:
    document = {
        "version": _VERSION,
        "tokens": {server: each.token for server, each in sorted(kept.items())},
        "beside": {server: each.beside for server, each in sorted(kept.items()) if each.beside},
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def mark(token: str | None) -> str:
    """What tells one token from another without giving it away; nothing for no token."""
    return "" if token is None else hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def server_key(url: str) -> str:
    """One spelling for all addresses that are certainly the same server."""
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(scheme)} else f":{parts.port}"
    return f"{scheme}://{host}{port}{parts.path.rstrip('/')}"


def is_of_another_server(token: str, server_url: str, store: CredentialStore) -> bool:
    """Whether a token was issued by a server at another address, as far as that was kept. It may be this very
    server, under an address that it had before."""
    key, kept = server_key(server_url), store.all()
    return key not in kept and any(other.token == token for other in kept.values())


def find_token(server_url: str, store: CredentialStore, config: CliToml) -> str | None:
    """The token to show a server. Raises :class:`ConfigError`.

    A login at this very server goes first, then the token of its owner if the user runs it. Else who
    logged in last, with either program, counts: the token that is kept for the server if ``cli.toml``
    has still the one that it had then, or one that another server issued; otherwise that of ``cli.toml``.
    """
    key, kept = server_key(server_url), store.all()
    own = kept.get(key)
    if own is not None and own.token == config.token:
        return own.token
    if (owners := store.own_servers.token(key)) is not None:
        return owners
    if own is None:
        return config.token
    is_latest = config.token is None or own.beside == mark(config.token)
    return own.token if is_latest or any(other.token == config.token for other in kept.values()) else config.token
