"""Options that several commands share, named and spelt as in the official program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stdbpy.cli.output import FORMAT_NAMES, Format, parse_format

Server = Annotated[
    str | None,
    typer.Option(
        "-s", "--server", metavar="SERVER", envvar="STDBPY_SERVER", help="Nickname, host or URL of the server."
    ),
]
Anonymous = Annotated[bool, typer.Option("--anonymous", help="Act without a token: a new identity, owner of nothing.")]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Answer every question with yes.")]
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        parser=parse_format,
        metavar=FORMAT_NAMES,
        help="How to write data. Default: a table on a terminal, JSON lines otherwise.",
    ),
]
ModulePath = Annotated[
    Path | None,
    typer.Option("-p", "--module-path", metavar="DIR", help="The module's project. Default: the current directory."),
]
Database = Annotated[str, typer.Argument(metavar="DATABASE", help="Name or identity of the database.")]
