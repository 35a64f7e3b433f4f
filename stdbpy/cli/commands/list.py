"""``stdbpy list``."""

from __future__ import annotations

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import FormatOption, Output, Server, Yes
from stdbpy.cli.output import Field, format_for, write_records
from stdbpy.cli.terminal import printable
from stdbpy.sats.types import ArrayType, Primitive

EXAMPLES = ("stdbpy list", "stdbpy list --server maincloud --format json")


def run(
    context: typer.Context,
    server: Server = None,
    yes: Yes = False,
    format: FormatOption = None,
    output: Output = None,
) -> None:
    """List the databases that belong to you."""
    del yes  # the official program asks whether to log in, which nobody needs here
    from stdbpy.api.ownership import own_identity, owned_databases

    invocation = invocation_of(context)
    shape = format_for(format, output)
    with connect(invocation, server, as_someone=True) as api:
        databases = owned_databases(api, own_identity(api))
        names = [name for database in databases for name in database.names]
        invocation.known_names().remember_databases(api.url, names)
    fields = [Field("names", text=", ".join, type=ArrayType(Primitive.STRING)), Field("identity")]
    write_records(fields, [(list(it.names), it.identity.hex()) for it in databases], shape, output)
    for database in databases:
        if database.problem is not None:
            called = ", ".join(database.names) or database.identity.hex()
            invocation.note(f"{called}: {printable(database.problem)}")
    if not databases:
        invocation.note("you have no databases there yet: `stdbpy publish` creates one")
