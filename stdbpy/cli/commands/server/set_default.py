"""``stdbpy server set-default``."""

from __future__ import annotations

import typer

from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.stored_servers import StoredServer

EXAMPLES = ("stdbpy server set-default maincloud",)


def run(context: typer.Context, server: StoredServer) -> None:
    """Choose the server that commands use by default: unless `--server`, STDBPY_SERVER or the project says another."""
    from stdbpy.project.cli_toml_edit import set_default_server

    invocation = invocation_of(context)
    set_default_server(invocation.cli_toml_path, server)
    invocation.note(f"{server} is the default server now")
