"""Options that several commands share, named and spelt as in the official program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stdbpy.cli.output import FORMAT_NAMES, Format, parse_format
from stdbpy.errors import UsageError

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
BinPath = Annotated[
    Path | None,
    typer.Option("-b", "--bin-path", metavar="FILE", help="A compiled module (.wasm) instead of a project."),
]
Database = Annotated[str, typer.Argument(metavar="DATABASE", help="Name or identity of the database.")]


def _parse_language(name: str) -> str:
    if name != "python":
        raise UsageError(
            f"stdbpy writes Python, not {name!r}", hint=f"The official program does: spacetime … --lang {name}"
        )
    return name


Language = Annotated[
    str, typer.Option("-l", "--lang", parser=_parse_language, metavar="python", help="Language; there is one.")
]
