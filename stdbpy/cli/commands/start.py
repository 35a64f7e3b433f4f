"""``stdbpy start``."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn
from urllib.parse import urlsplit

import typer

from stdbpy.cli.installed_server import IN_MEMORY, LISTENING, Serve, installed_server
from stdbpy.cli.invocation import Invocation, invocation_of
from stdbpy.cli.left_out import LeftOut
from stdbpy.cli.parameters import OneOf
from stdbpy.cli.terminal import DeclinedError, confirm, is_interactive
from stdbpy.errors import AddressTaken, ConfigError, DataDirectoryError, MissingExtra, UsageError

if TYPE_CHECKING:
    from stdbpy.server import KeyFiles, ServerConfig

EXAMPLES = (
    "stdbpy start",
    "stdbpy start --listen-addr 127.0.0.1:4000 --data-dir data",
    "stdbpy start --in-memory",
    "stdbpy start --engine spacetimedb",
)

_OFFICIAL_SERVER = "SpacetimeDB itself has it: spacetime start"
LEFT_OUT = {
    "--enable-tracy": LeftOut("there is nothing here that the profiler Tracy could look at", hint=_OFFICIAL_SERVER),
    "--page_pool_max_size": LeftOut("rows are Python objects here, in no pool of pages", hint=_OFFICIAL_SERVER),
}

_STANDALONE = "standalone"
_EMBEDDED = "embedded"
_SPACETIMEDB = "spacetimedb"
_LISTEN_ADDR = "--listen-addr"
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared with, not listened at
_SAME_MACHINE = ("127.0.0.1", "localhost")


def _parse_edition(name: str) -> str:
    if name != _STANDALONE:
        raise UsageError(
            f"stdbpy has the standalone edition of SpacetimeDB alone, not {name!r}", hint="Leave --edition out"
        )
    return name


def run(
    context: typer.Context,
    listen_addr: Annotated[
        str | None,
        typer.Option(
            "-l",
            _LISTEN_ADDR,
            metavar="HOST:PORT",
            help="Where to listen; port 0 is a free one. Default: listen_addr of cli.toml, else 127.0.0.1:3000.",
        ),
    ] = None,
    pg_port: Annotated[
        int | None,
        typer.Option(
            "--pg-port",
            metavar="PORT",
            min=1,
            max=65535,
            help="Speak PostgreSQL's protocol at this port, too: the password is a token.",
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", metavar="DIR", help="Where databases and keys are kept. Default: one for the user."),
    ] = None,
    jwt_key_dir: Annotated[
        Path | None,
        typer.Option(
            "--jwt-key-dir",
            metavar="DIR",
            help="Where the keys that sign tokens are kept, as id_ecdsa and id_ecdsa.pub. Default: below --data-dir.",
        ),
    ] = None,
    jwt_priv_key_path: Annotated[
        Path | None, typer.Option("--jwt-priv-key-path", metavar="FILE", help="The private one of these keys.")
    ] = None,
    jwt_pub_key_path: Annotated[
        Path | None, typer.Option("--jwt-pub-key-path", metavar="FILE", help="The public one.")
    ] = None,
    in_memory: Annotated[bool, typer.Option("--in-memory", help="Keep databases in memory alone.")] = False,
    non_interactive: Annotated[
        bool, typer.Option("--non-interactive", help="If the port is taken, fail instead of offering another one.")
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="HOST", help="A name besides those of this machine to be called by."),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option("--allow-origin", metavar="URL", help="A web site besides those of this machine that may call."),
    ] = None,
    allow_native: Annotated[
        bool, typer.Option("--allow-native", help="Run Python modules even if other machines reach the server.")
    ] = False,
    allow_loopback_http: Annotated[
        bool,
        typer.Option("--allow-loopback-http", help="Let procedures send HTTP requests to this machine, for tests."),
    ] = False,
    call_seconds: Annotated[
        float | None,
        typer.Option(
            "--call-seconds",
            metavar="SECONDS",
            min=0.1,
            help="How long a reducer or view may run. Default: 30.",
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Import Python modules anew for each call: nothing is kept in globals. Slow."),
    ] = False,
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            click_type=OneOf(_EMBEDDED, _SPACETIMEDB),
            help="What runs: stdbpy's own server, or an installed SpacetimeDB.",
        ),
    ] = _EMBEDDED,
    engine_path: Annotated[
        Path | None,
        typer.Option("--engine-path", metavar="PATH", help="SpacetimeDB's server program. Default: the installed one."),
    ] = None,
    edition: Annotated[
        str, typer.Option("--edition", parser=_parse_edition, metavar=_STANDALONE, help="Edition; there is one.")
    ] = _STANDALONE,
) -> None:
    """Start a SpacetimeDB server on this machine; Ctrl-C stops it.

    It runs modules written in Python, as they are, and compiled ones, for development and tests. You own it:
    commands to it from this machine act as its owner. With --engine spacetimedb it is SpacetimeDB itself, as
    installed here, that is started; `stdbpy publish` makes WebAssembly of modules in Python for it.
    """
    del edition
    invocation = invocation_of(context)
    try:
        from stdbpy.engine.limits import Limits
        from stdbpy.server import ServerConfig
        from stdbpy.server.config import DEFAULT_LISTEN_ADDR
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("stdbpy"):
            raise
        raise MissingExtra("the embedded server", "server") from error
    logging.basicConfig(
        level=logging.DEBUG if invocation.debug else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    folder = data_dir if data_dir is not None else invocation.data_dir()
    config = ServerConfig(
        listen_addr=(_configured_address(invocation) or DEFAULT_LISTEN_ADDR) if listen_addr is None else listen_addr,
        pg_port=pg_port,
        data_dir=folder.absolute(),
        in_memory=in_memory,
        key_files=_key_files(jwt_key_dir, jwt_priv_key_path, jwt_pub_key_path),
        allowed_hosts=tuple(allow_host or ()),
        allow_origins=tuple(allow_origin or ()),
        allow_native=allow_native,
        allow_loopback_http=allow_loopback_http,
        strict=strict,
        limits=Limits() if call_seconds is None else Limits(seconds=call_seconds),
    )
    serve: Serve = _serve
    if engine == _SPACETIMEDB:
        serve = installed_server(config, invocation, engine_path, has_own_folder=data_dir is not None)
    elif engine_path is not None:
        raise UsageError("--engine-path is for --engine spacetimedb", hint="Name both, or neither")
    try:
        is_alive = serve(config, invocation)
    except AddressTaken as taken:
        is_alive = serve(_at_another_port(config, taken, may_ask=not non_interactive), invocation)
    invocation.note("stopped")
    if is_alive:
        _end_at_once()


def _end_at_once() -> NoReturn:
    """Ends the process although code of a module runs on."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(0)


def _configured_address(invocation: Invocation) -> str | None:
    """What ``cli.toml`` says. Raises :class:`ConfigError` if that is no address."""
    from stdbpy.server import ServerConfig

    configured = invocation.config()
    if configured.listen_addr is not None:
        try:
            _ = ServerConfig(listen_addr=configured.listen_addr).host_and_port
        except UsageError as error:
            raise ConfigError(f"{configured.path}: listen_addr, {error}", hint=error.hint) from None
    return configured.listen_addr


def _key_files(folder: Path | None, private: Path | None, public: Path | None) -> KeyFiles | None:
    from stdbpy.server import KeyFiles

    if private is not None and public is not None:
        return KeyFiles(private.absolute(), public.absolute())
    if private is not None or public is not None:
        raise UsageError("--jwt-priv-key-path and --jwt-pub-key-path go together", hint="Or name a --jwt-key-dir")
    return None if folder is None else KeyFiles.in_folder(folder.absolute())


def _at_another_port(config: ServerConfig, taken: AddressTaken, *, may_ask: bool) -> ServerConfig:
    """The same server at the next free port, if somebody is there who agrees; else raises ``taken``, or
    :class:`DataDirectoryError` if another port is no way out: the one that listens there may be this very server."""
    from stdbpy.server import free_address

    other = free_address(config) if may_ask and is_interactive() else None
    if other is None:
        raise taken
    if not config.in_memory and config.data_dir is not None:
        from stdbpy.project.data_dir import expect_unused

        try:
            expect_unused(config.data_dir)
        except DataDirectoryError as error:
            error.hint = "Use the one that runs, or start another with another --data-dir and --listen-addr."
            raise
    try:
        confirm(f"Another program listens at {config.listen_addr}. Listen at {other} instead?", yes=False)
    except DeclinedError:
        raise taken from None
    return replace(config, listen_addr=other)


def _serve(config: ServerConfig, invocation: Invocation) -> bool:
    from stdbpy.server import serve
    from stdbpy.server.owner import OWNER_TOKEN

    folder = config.data_dir
    assert folder is not None
    with ExitStack() as until_stopped:

        def announce(url: str) -> None:
            own_servers = invocation.credentials().own_servers
            try:
                until_stopped.enter_context(own_servers.running(_keys(url), folder / OWNER_TOKEN))
            except ConfigError as error:
                invocation.note(f"commands will not find the owner's token: {error}")
            print(f"{LISTENING}{urlsplit(url).netloc}", flush=True)
            where = IN_MEMORY if config.in_memory else f"kept in {config.data_dir}"
            invocation.note(f"{url} is ready. Databases are {where}. Ctrl-C stops it.")
            if config.pg_port is not None:
                invocation.note(f"PostgreSQL's protocol is spoken at port {config.pg_port}; the password is a token")
            if not (config.only_loopback or config.allow_native):
                invocation.note(
                    "Other machines can reach it, so it takes no Python modules: they would run with your rights. "
                    "--allow-native lets you publish them"
                )

        return serve(config, on_ready=announce)


def _keys(url: str) -> list[str]:
    """What commands on this machine may call the server that listens at ``url``."""
    from stdbpy.project.credentials import server_key

    parts = urlsplit(url)
    host = _ANY_ADDRESS.get(parts.hostname or "", parts.netloc.rpartition(":")[0])
    hosts = _SAME_MACHINE if host in _SAME_MACHINE else (host,)
    return [server_key(f"{parts.scheme}://{host}:{parts.port}") for host in hosts]
