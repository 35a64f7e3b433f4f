"""``stdbpy server ping``."""

from __future__ import annotations

from typing import Annotated

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import FormatOption
from stdbpy.cli.output import Field, Format, format_for, write_records

EXAMPLES = ("stdbpy server ping local", "stdbpy server ping http://127.0.0.1:3000")


def run(
    context: typer.Context,
    server: Annotated[str, typer.Argument(metavar="SERVER", help="Nickname, host or URL of the server.")],
    format: FormatOption = None,
) -> None:
    """See whether a server answers; the exit code is 1 if it does not."""
    shape = format_for(format)
    with connect(invocation_of(context), server, anonymous=True) as api:
        api.ping()
        if shape is Format.TABLE:
            print(f"Server is online: {api.url}")
        else:
            write_records([Field("url"), Field("online")], [(api.url, True)], shape)
