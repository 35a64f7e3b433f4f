"""``stdbpy start --engine spacetimedb``: an installed SpacetimeDB, told as stdbpy's own server is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stdbpy.cli.invocation import Invocation
from stdbpy.errors import UsageError

if TYPE_CHECKING:
    from stdbpy.server import ServerConfig

Serve = Callable[["ServerConfig", Invocation], bool]
"""Runs a server until it is stopped; whether something is left of it that would keep this process from ending."""

LISTENING = "Starting SpacetimeDB listening on "
"""The words of the official server: programs that start one wait for them."""

IN_MEMORY = "in memory; they end with the server"


def installed_server(config: ServerConfig, invocation: Invocation, path: Path | None, *, has_own_folder: bool) -> Serve:
    """What runs an installed SpacetimeDB: on the data of the official program, unless other is named."""
    from stdbpy.engine.limits import Limits
    from stdbpy.project.paths import cli_toml_path
    from stdbpy.project.real_server import RealServer, find_real_server, keys_in, serve_real
    from stdbpy.server.run import expect_free

    for option, value in {
        "--allow-host": config.allowed_hosts,
        "--allow-origin": config.allow_origins,
        "--allow-native": config.allow_native,
        "--allow-loopback-http": config.allow_loopback_http,
        "--strict": config.strict,
        "--call-seconds": config.limits != Limits(),
    }.items():
        if value:
            raise UsageError(f"SpacetimeDB itself has nothing like {option}", hint="Leave it out")
    program = find_real_server(path)
    files = config.key_files
    keys = keys_in(cli_toml_path(invocation.root_dir).parent) if files is None else (files.private, files.public)

    def serve(config: ServerConfig, invocation: Invocation) -> bool:
        with _data_dir(config, invocation, has_own_folder=has_own_folder) as folder:
            server = RealServer(
                program=program,
                listen_addr=expect_free(config),
                data_dir=folder,
                key_files=keys,
                in_memory=config.in_memory,
                pg_port=config.pg_port,
            )

            def announce(url: str) -> None:
                print(f"{LISTENING}{server.listen_addr}", flush=True)
                where = IN_MEMORY if config.in_memory else f"kept in {folder}"
                invocation.note(f"{url} is ready, run by {program}. Databases are {where}. Ctrl-C stops it.")

            serve_real(server, on_ready=announce, on_line=_to_stderr if invocation.debug else _leave_out)
        return False

    return serve


@contextmanager
def _data_dir(config: ServerConfig, invocation: Invocation, *, has_own_folder: bool) -> Iterator[Path]:
    """The one that is named; else that of the official program, or one for the moment if nothing is kept."""
    from stdbpy.project.paths import official_data_dir

    if has_own_folder and config.data_dir is not None:
        yield config.data_dir
    elif config.in_memory:
        with TemporaryDirectory(prefix="stdbpy-spacetimedb-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    else:
        yield official_data_dir(invocation.root_dir).absolute()


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _leave_out(_line: str) -> None:
    """SpacetimeDB writes its own log, in its data directory."""
