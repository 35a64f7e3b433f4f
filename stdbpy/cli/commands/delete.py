"""``stdbpy delete``."""

from __future__ import annotations

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Database, Server, Yes
from stdbpy.cli.terminal import confirm

EXAMPLES = ("stdbpy delete chat", "stdbpy delete chat --server http://127.0.0.1:3000 --yes")


def run(context: typer.Context, database: Database, server: Server = None, yes: Yes = False) -> None:
    """Delete a database with all its data."""
    invocation = invocation_of(context)
    with connect(invocation, server) as api:
        identity = api.identity_of(database)
        confirm(f"Delete the database {database} ({identity}) on {api.url} with all its data?", flag="--yes", yes=yes)
        api.delete(identity.hex())
    invocation.note(f"deleted {database} ({identity})")
