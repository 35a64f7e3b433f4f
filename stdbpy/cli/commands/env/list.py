"""``stdbpy env list``."""

from __future__ import annotations

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.databases import resolve_database, telling_who_named
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import FormatOption, NoConfig, ProjectDatabase, Server
from stdbpy.cli.output import Field, format_for, write_records

EXAMPLES = ("stdbpy env list", "stdbpy env list chat --format json")


def run(
    context: typer.Context,
    database: ProjectDatabase = None,
    server: Server = None,
    no_config: NoConfig = False,
    format: FormatOption = None,
) -> None:
    """List the values of a database's environment, secret ones too.

    Only its owner may. They are set by `stdbpy publish`.
    """
    shape = format_for(format)
    chosen = resolve_database(database, server, no_config=no_config)
    with connect(invocation_of(context), chosen.server) as api, telling_who_named(chosen):
        values = api.environment_values(chosen.database)
    write_records((Field("key"), Field("value")), sorted(values.items()), shape)
