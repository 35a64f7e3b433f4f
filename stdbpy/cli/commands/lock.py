"""``stdbpy lock``."""

from __future__ import annotations

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.databases import resolve_database
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import NoConfig, ProjectDatabase, Server, Yes

EXAMPLES = ("stdbpy lock chat", "stdbpy lock chat --server http://127.0.0.1:3000")


def run(
    context: typer.Context,
    database: ProjectDatabase = None,
    server: Server = None,
    yes: Yes = False,
    no_config: NoConfig = False,
) -> None:
    """Keep a database from being deleted or cleared until it is unlocked.

    It can still be used and updated.
    """
    del yes  # There is nothing to ask; scripts for the official program give it everywhere.
    invocation = invocation_of(context)
    chosen = resolve_database(database, server, no_config=no_config)
    with connect(invocation, chosen.server) as api:
        identity = api.identity_of(chosen.database)
        api.lock(identity.hex())
    invocation.note(f"{chosen.database} ({identity}) is locked: `stdbpy unlock` lets it be deleted again")
