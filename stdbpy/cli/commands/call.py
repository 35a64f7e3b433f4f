"""``stdbpy call``."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from stdbpy.api.arguments import find_function
from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Anonymous, Database, Server
from stdbpy.cli.output import to_json
from stdbpy.cli.satn import plain_writer
from stdbpy.errors import ReducerFailed
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.schema.model import Procedure

EXAMPLES = (
    "stdbpy call chat send_message 'Hello, world!'",
    "stdbpy call game move_to -3.5 2 '{\"Fast\": []}' --server http://127.0.0.1:3000",
)

_HAS_A_BUG = "The instance encountered a fatal error."
"""All that servers tell the caller of a reducer that did not refuse but failed."""


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
        try:
            result = api.call(database, function, called.encode(arguments or ()))
        except ReducerFailed as error:
            if error.message == _HAS_A_BUG:
                error.hint = f"The log says where it went wrong: {_logs_command(context, database, server)}"
            raise
    if isinstance(called.definition, Procedure):
        type, typespace = called.definition.return_type, called.schema.typespace
        value = compile_json_codec(type, typespace).from_json(result.value)
        print(to_json(plain_writer(type, typespace)(value)))


def _logs_command(context: typer.Context, database: str, server: str | None) -> str:
    source = context.get_parameter_source("server")
    said_here = server is not None and source is not None and source.name == "COMMANDLINE"
    return shlex.join(("stdbpy", "logs", database, *(("--server", server) if said_here and server else ())))
