"""``stdbpy rename``."""

from __future__ import annotations

from typing import Annotated

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Database, Server, Yes

EXAMPLES = ("stdbpy rename --to lobby chat", "stdbpy rename --to lobby chat --server http://127.0.0.1:3000")


def run(
    context: typer.Context,
    database: Database,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="The new name, which replaces all others.")],
    server: Server = None,
    yes: Yes = False,
) -> None:
    """Give a database another name.

    A project that names it in its configuration has to be changed as well.
    """
    del yes  # the official program asks whether to log in, which nobody needs here
    invocation = invocation_of(context)
    with connect(invocation, server) as api:
        api.set_names(database, [to])
        known = invocation.known_names()
        known.forget(api.url, database)
        known.remember_databases(api.url, [to])
    invocation.note(f"{database} is now called {to}")
