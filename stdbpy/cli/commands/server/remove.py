"""``stdbpy server remove``."""

from __future__ import annotations

import typer

from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Yes
from stdbpy.cli.stored_servers import StoredServer

EXAMPLES = ("stdbpy server remove maincloud",)


def run(context: typer.Context, server: StoredServer, yes: Yes = False) -> None:
    """Forget a server's name. The server itself, and your login, stay as they are.

    Nothing is asked: --yes is taken because the official program takes it.
    """
    del yes
    from stdbpy.project.cli_toml_edit import remove_server

    invocation = invocation_of(context)
    remove_server(invocation.cli_toml_path, server)
    invocation.note(f"{server} is forgotten")
