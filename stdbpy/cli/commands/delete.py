"""``stdbpy delete``."""

from __future__ import annotations

import sys

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.databases import resolve_database
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import NoConfig, ProjectDatabase, Server, Yes
from stdbpy.cli.terminal import confirm, printable

EXAMPLES = ("stdbpy delete chat", "stdbpy delete chat --server http://127.0.0.1:3000 --yes")


def run(
    context: typer.Context,
    database: ProjectDatabase = None,
    server: Server = None,
    yes: Yes = False,
    no_config: NoConfig = False,
) -> None:
    """Delete a database with all its data."""
    from stdbpy.api.deletion import HasChildren

    invocation = invocation_of(context)
    chosen = resolve_database(database, server, no_config=no_config)
    with connect(invocation, chosen.server) as api:
        identity = api.identity_of(chosen.database)
        what = str(identity) if chosen.database == str(identity) else f"{chosen.database} ({identity})"
        confirm(f"Delete the database {what} on {api.url} with all its data?", yes=yes)
        try:
            api.delete(identity.hex(), called=chosen.database)
        except HasChildren as found:
            print("Its children are deleted with it:", file=sys.stderr)
            for depth, tree in found.tree.walk():
                names = f": {', '.join(tree.names)}" if tree.names else ""
                print(printable(f"{'  ' * depth}{tree.identity}{names}"), file=sys.stderr)
            confirm("Delete all of these?", yes=yes)
            api.delete(identity.hex(), token=found.token, called=chosen.database)
        invocation.known_names().forget(api.url, chosen.database)
    invocation.note(f"deleted {what}")
