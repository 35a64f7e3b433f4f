"""``stdbpy start``."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from stdbpy.cli.invocation import Invocation, invocation_of
from stdbpy.cli.left_out import LeftOut
from stdbpy.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from stdbpy.server import ServerConfig

EXAMPLES = ("stdbpy start", "stdbpy start --listen-addr 127.0.0.1:4000 --data-dir data", "stdbpy start --in-memory")

LEFT_OUT = {
    "--pg-port": LeftOut("it does not speak PostgreSQL's protocol", hint="`stdbpy sql DATABASE --interactive` is a shell"),
    "--enable-tracy": LeftOut("there is nothing of Tracy in it"),
}

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared with, not listened at
_SAME_MACHINE = ("127.0.0.1", "localhost")


def run(
    context: typer.Context,
    listen_addr: Annotated[
        str, typer.Option("-l", "--listen-addr", metavar="HOST:PORT", help="Where to listen; port 0 is a free one.")
    ] = "127.0.0.1:3000",
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", metavar="DIR", help="Where databases and keys are kept. Default: one for the user."),
    ] = None,
    in_memory: Annotated[bool, typer.Option("--in-memory", help="Keep databases in memory alone.")] = False,
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
) -> None:
    """Start a SpacetimeDB server on this machine; Ctrl-C stops it.

    It runs modules written in Python, as they are, for development and tests. You own it: commands
    to it from this machine act as its owner.
    """
    invocation = invocation_of(context)
    try:
        from stdbpy.server import ServerConfig
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("stdbpy"):
            raise
        raise MissingExtra("the embedded server", "server") from error
    logging.basicConfig(
        level=logging.DEBUG if invocation.debug else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    folder = data_dir if data_dir is not None else invocation.data_dir()
    config = ServerConfig(
        listen_addr=listen_addr,
        data_dir=folder.absolute(),
        in_memory=in_memory,
        allowed_hosts=tuple(allow_host or ()),
        allow_origins=tuple(allow_origin or ()),
        allow_native=allow_native,
    )
    _serve(config, invocation)
    invocation.note("stopped")


def _serve(config: ServerConfig, invocation: Invocation) -> None:
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
            # The words of the official server: programs that start one wait for them.
            print(f"Starting SpacetimeDB listening on {urlsplit(url).netloc}", flush=True)
            where = "in memory; they end with the server" if config.in_memory else f"kept in {config.data_dir}"
            invocation.note(f"{url} is ready. Databases are {where}. Ctrl-C stops it.")

        serve(config, on_ready=announce)


def _keys(url: str) -> list[str]:
    """What commands on this machine may call the server that listens at ``url``."""
    from stdbpy.project.credentials import server_key

    parts = urlsplit(url)
    host = _ANY_ADDRESS.get(parts.hostname or "", parts.hostname or "")
    hosts = _SAME_MACHINE if host in _SAME_MACHINE else (host,)
    return [server_key(f"{parts.scheme}://{host}:{parts.port}") for host in hosts]
