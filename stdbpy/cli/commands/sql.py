"""``stdbpy sql``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Anonymous, Confirmed, Database, FormatOption, Server
from stdbpy.cli.output import Format, Plain, format_for, to_json, write_records
from stdbpy.cli.satn import fields_of
from stdbpy.sats.meta import product_to_json

if TYPE_CHECKING:
    from stdbpy.api import SqlResult

EXAMPLES = (
    'stdbpy sql chat "SELECT * FROM message"',
    'stdbpy sql chat "SELECT COUNT(*) AS messages FROM message" --server maincloud --format csv',
)


def run(
    context: typer.Context,
    database: Database,
    query: Annotated[list[str], typer.Argument(metavar="QUERY...", help="The statement.")],
    server: Server = None,
    anonymous: Anonymous = False,
    confirmed: Confirmed = None,
    format: FormatOption = None,
) -> None:
    """Run SQL on a database and write the rows it returns.

    JSON is the server's own answer, as the official program writes it; the other formats have plain values.
    """
    invocation = invocation_of(context)
    shape = format_for(format)
    with connect(invocation, server, anonymous=anonymous) as api:
        results = api.sql(database, " ".join(query), confirmed=None if confirmed is None else confirmed == "true")
    if shape is Format.JSON:
        print(to_json([_as_the_server_says(result) for result in results]))
        return
    for result in results:
        if result.columns.elements:
            write_records(fields_of(result.columns), result.rows, shape)
        else:
            invocation.note(_changes(result))


def _as_the_server_says(result: SqlResult) -> Plain:
    return {
        "schema": product_to_json(result.columns),
        "rows": result.rows,
        "total_duration_micros": result.duration_micros,
        "stats": {
            "rows_inserted": result.rows_inserted,
            "rows_deleted": result.rows_deleted,
            "rows_updated": result.rows_updated,
        },
    }


def _changes(result: SqlResult) -> str:
    counts = (("inserted", result.rows_inserted), ("updated", result.rows_updated), ("deleted", result.rows_deleted))
    return ", ".join(f"{count} row{'s' * (count != 1)} {what}" for what, count in counts if count) or "no row changed"
