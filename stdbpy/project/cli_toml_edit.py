"""Changing ``cli.toml``: one thing at a time, and nothing else in the file.

Every function reads the file anew, writes it in one step and only if it then says exactly what was
asked for, with all that was in it before. A file that is not there is begun with the two servers that
the official program begins it with, so that it finds there what it expects. A file that holds a token
is its owner's alone (0600).

All take the file's path (``None``: the user's) and raise :class:`ConfigError` if the file is broken,
cannot be changed so, or cannot be written; it is then left as it is. The official program takes no
lock: of two changes at the very same moment one may be lost, as between two runs of that program.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stdbpy.errors import ConfigError
from stdbpy.project import paths
from stdbpy.project.cli_toml import SERVERS, CliToml, Server, contents
from stdbpy.project.servers import LOCAL, MAINCLOUD, check_is_free, find_stored_server
from stdbpy.project.toml_file import TomlFile, decode_toml
from stdbpy.replacing import rewrite_file

if TYPE_CHECKING:
    from stdbpy.project.toml_edit import TomlEditing

_TOKEN = "spacetimedb_token"  # noqa: S105 - the name of a key
_SESSION = "web_session_token"
_DEFAULT = "default_server"


def add_server(path: Path | None, server: Server, *, default: bool = False) -> None:
    """Adds a server, whose nickname and host must be free, and makes it the default."""

    def change(config: CliToml, editing: TomlEditing) -> None:
        check_is_free(config, server)
        editing.append_to(SERVERS, _values(server))
        if default:
            editing.set(_DEFAULT, server.name)

    _change(path, change, needs_servers=True)


def remove_server(path: Path | None, word: str) -> None:
    """Removes the server that is called ``word``. Was it the default, there is none then."""

    def change(config: CliToml, editing: TomlEditing) -> None:
        server = find_stored_server(word, config)
        editing.remove_from(SERVERS, config.servers.index(server))
        if config.default_server in (server.nickname, server.host):
            editing.set(_DEFAULT, None)

    _change(path, change, needs_servers=True)


def edit_server(path: Path | None, word: str, changed: Server) -> None:
    """Puts ``changed`` in the place of the server that is called ``word``. Was it the default, it stays that."""

    def change(config: CliToml, editing: TomlEditing) -> None:
        server = find_stored_server(word, config)
        check_is_free(config, changed, instead_of=server)
        editing.set_in(SERVERS, config.servers.index(server), _values(changed))
        if config.default_server in (server.nickname, server.host):
            editing.set(_DEFAULT, changed.name)

    _change(path, change, needs_servers=True)


def set_default_server(path: Path | None, word: str) -> None:
    """Makes the server that is called ``word`` the default."""
    _change(
        path, lambda config, editing: editing.set(_DEFAULT, find_stored_server(word, config).name), needs_servers=True
    )


def set_token(path: Path | None, token: str, *, web_session_token: str | None = None) -> None:
    """Keeps a token, and the session of the login host that it is from; an earlier session is forgotten."""

    def change(config: CliToml, editing: TomlEditing) -> None:
        del config
        editing.set(_TOKEN, token)
        editing.set(_SESSION, web_session_token)

    _change(path, change)


def set_web_session_token(path: Path | None, web_session_token: str) -> None:
    """Keeps a session of the login host, which has no token from it yet."""
    _change(path, lambda _, editing: editing.set(_SESSION, web_session_token))


def forget_tokens(path: Path | None) -> None:
    """Removes both tokens, if there are any."""

    def change(config: CliToml, editing: TomlEditing) -> None:
        del config
        editing.set(_TOKEN, None)
        editing.set(_SESSION, None)

    _change(path, change)


def _values(server: Server) -> dict[str, str | None]:
    return {
        "nickname": server.nickname,
        "host": server.host,
        "protocol": server.protocol,
        "ecdsa_public_key": server.fingerprint,
    }


def _change(path: Path | None, change: Callable[[CliToml, TomlEditing], None], *, needs_servers: bool = False) -> None:
    from stdbpy.project.toml_edit import TomlEditing  # tomlkit takes longer than all the rest

    path = path or paths.cli_toml_path()

    def edit(content: bytes | None) -> bytes:
        file = TomlFile(path, "", {}) if content is None else decode_toml(path, content)
        editing = TomlEditing(file)
        if content is None:
            editing.set(_DEFAULT, LOCAL.name)
        if content is None or (needs_servers and not contents(file).servers):
            for server in (LOCAL, MAINCLOUD):
                editing.append_to(SERVERS, _values(server))
        change(contents(editing.file()), editing)
        return editing.text().encode()

    try:
        rewrite_file(path, edit, is_secret=lambda content: _holds_token(path, content))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}", hint="Another file can be named with --config-path."
        ) from error


def _holds_token(path: Path, content: bytes) -> bool:
    return not decode_toml(path, content).values.keys().isdisjoint((_TOKEN, _SESSION))
