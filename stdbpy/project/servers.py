"""Which server a word means: an address, a nickname of ``cli.toml``, or one that everybody has."""

from __future__ import annotations

import re
import shlex

from stdbpy.api.address import Address, is_loopback
from stdbpy.errors import ApiError, ConfigError, nearest
from stdbpy.project.cli_toml import CliToml, Server

LOCAL = Server("http://127.0.0.1:3000", "local")
MAINCLOUD = Server("https://maincloud.spacetimedb.com", "maincloud")

_HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):(?P<port>\d+)")


def known_servers(config: CliToml) -> tuple[Server, ...]:
    """The servers of ``cli.toml``, then the built-in ones whose nickname it does not use."""
    taken = {server.nickname for server in config.servers}
    return (*config.servers, *(server for server in (LOCAL, MAINCLOUD) if server.nickname not in taken))


def stored_servers(config: CliToml) -> tuple[Server, ...]:
    """The servers that have names: those of ``cli.toml``, which begins with :data:`LOCAL` and :data:`MAINCLOUD`."""
    return config.servers or (LOCAL, MAINCLOUD)


def default_server(config: CliToml) -> Server | None:
    """The one of them that commands use unless told otherwise; ``None`` if it is none of them."""
    word = config.default_server or LOCAL.name
    return next((server for server in stored_servers(config) if word in (server.nickname, server.host)), None)


def new_server(url: str, nickname: str | None, fingerprint: str | None = None) -> Server:
    """A server to be stored. Raises :class:`ConfigError` if ``url`` is no address."""
    try:
        return Server(Address.parse(url).url, nickname, fingerprint)
    except ApiError as error:
        raise ConfigError(str(error), hint=error.hint) from None


def resolve_server(word: str | None, config: CliToml) -> Server:
    """The server that the user means by ``word``; by nothing, the default of ``cli.toml``, else :data:`LOCAL`.

    A word is an address (``https://…``), a nickname, a host that ``cli.toml`` knows, or the host and
    port of this machine itself (``127.0.0.1:3001``). Raises :class:`ConfigError`.
    """
    if word is None:
        return LOCAL if config.default_server is None else _default(config.default_server, config)
    if "://" in word:
        url = new_server(word, None).url
        return next((server for server in known_servers(config) if server.url == url), Server(url))
    named = _named(word, config)
    if named is not None:
        return named
    address = _HOST_AND_PORT.fullmatch(word)
    if address is None:
        names = [server.nickname for server in known_servers(config) if server.nickname]
        raise ConfigError(
            f"no server is called {word!r}",
            hint=nearest(word, names) or f"Give its address (http://…) or one of: {', '.join(names)}.",
        )
    if not is_loopback(address["host"]):
        raise ConfigError(f"{word} does not say how to speak to it", hint=f"Write https://{word} or http://{word}.")
    return resolve_server(f"http://{word}", config)


def find_stored_server(word: str, config: CliToml) -> Server:
    """The stored server with that nickname, host or address. Raises :class:`ConfigError`."""
    host = word.rpartition("://")[2].rstrip("/")
    for server in stored_servers(config):
        if word == server.nickname or host == server.host:
            return server
    servers = stored_servers(config)
    names = [name for server in servers for name in (server.nickname, server.host) if name]
    raise ConfigError(
        f"{config.path} has no server {word!r}",
        hint=nearest(word, names) or f"It has: {', '.join(server.name for server in servers)}.",
    )


def check_is_free(config: CliToml, server: Server, *, instead_of: Server | None = None) -> None:
    """Raises :class:`ConfigError` if the nickname or host of a server to be stored is that of another one. What
    ``instead_of``, the server that it takes the place of, was called before may stay."""
    wanted = {server.nickname, server.host} - {None}
    if instead_of is not None:
        wanted -= {instead_of.nickname, instead_of.host}
    for other in stored_servers(config):
        taken = wanted & {other.nickname, other.host}
        edit = f"stdbpy server edit {shlex.quote(other.name)}"
        if server.host in taken and other.nickname is not None and other.host == server.host:
            raise ConfigError(
                f"{config.path} has the server {other.url} already: it is called {other.nickname!r}",
                hint=f"Use that name, or give it another: {edit} --new-name NAME",
            )
        if taken:
            raise ConfigError(
                f"{config.path} has a server {min(filter(None, taken))!r} already: {other.url}",
                hint=f"Choose another name, or change that one: {edit}",
            )


def _named(word: str, config: CliToml) -> Server | None:
    servers = known_servers(config)
    by_nickname = next((server for server in servers if server.nickname == word), None)
    return by_nickname or next((server for server in servers if server.host == word), None)


def _default(word: str, config: CliToml) -> Server:
    server = _named(word, config)
    if server is None:
        raise ConfigError(
            f"{config.path}: default_server is {word!r}, but no server there is called that",
            hint="Correct the file, or name a server with --server.",
        )
    return server
