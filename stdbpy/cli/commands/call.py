"""``stdbpy call``."""

from __future__ import annotations

from typing import Annotated

import typer

from stdbpy.cli.arguments import find_function
from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Anonymous, Database, Server
from stdbpy.cli.output import to_json
from stdbpy.cli.satn import plain_writer
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.schema.model import Procedure

EXAMPLES = (
    "stdbpy call chat send_message 'Hello, world!'",
    "stdbpy call game move_to -3.5 2 '{\"Fast\": []}' --server http://127.0.0.1:3000",
)


def run(
    context: typer.Context,
    database: Database,
    function: Annotated[str, typer.Argument(metavar="FUNCTION", help="Reducer or procedure.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ARGUMENT]...", help="Each as JSON; strings and identities may stand bare."),
    ] = None,
    server: Server = None,
    anonymous: Anonymous = False,
) -> None:
    """Call a reducer or procedure of a database; write what a procedure returns, as JSON."""
    with connect(invocation_of(context), server, anonymous=anonymous, as_someone=True) as api:
        called = find_function(api.schema(database), database, function)
        result = api.call(database, function, called.encode(arguments or ()))
    if isinstance(called.definition, Procedure):
        type, typespace = called.definition.return_type, called.schema.typespace
        value = compile_json_codec(type, typespace).from_json(result.value)
        print(to_json(plain_writer(type, typespace)(value)))
