"""Options that several commands share, named and spelt as in the official program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from stdbpy.cli.output.formats import SYNONYMS, Format, parse_format
from stdbpy.cli.parameters import OneOf, SomeOf
from stdbpy.errors import UsageError

Server = Annotated[
    str | None,
    typer.Option(
        "-s", "--server", metavar="SERVER", envvar="STDBPY_SERVER", help="Nickname, host or URL of the server."
    ),
]
Anonymous = Annotated[bool, typer.Option("--anonymous", help="Act without a token: a new identity, owner of nothing.")]
Confirmed = Annotated[
    str | None,
    typer.Option(
        "--confirmed",
        click_type=OneOf("true", "false"),
        help="Whether to wait until what is read cannot be lost. Default: as the server likes.",
    ),
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Answer every question with yes.")]

LOGIN_HOST = "https://spacetimedb.com"
AuthHost = Annotated[
    str, typer.Option("--auth-host", metavar="URL", help="Another web site that knows users, and issues tokens.")
]

YES_KINDS = ("all", "remote", "migrate", "break-clients", "skip-login", "delete-data")
"""The kinds of questions that ``--yes`` of ``publish`` and ``dev`` can answer one by one."""


def _each(values: list[str] | None) -> list[str]:
    return [kind for value in values or () for kind in value.split(",")]


YesKinds = Annotated[
    list[str] | None,
    typer.Option(
        "-y",
        "--yes",
        click_type=SomeOf(*YES_KINDS, if_left_out="all"),
        callback=_each,
        metavar="[=KIND,…]",
        help=f"Answer questions with yes: {', '.join(YES_KINDS[:-1])} or {YES_KINDS[-1]}. Default: all.",
    ),
]
"""What a command gets is the list of kinds, for ``yes`` of :func:`stdbpy.cli.terminal.confirm`."""

DeleteDataOption = Annotated[
    str,
    typer.Option(
        "-c",
        "--delete-data",
        "--clear-database",
        click_type=OneOf("always", "on-conflict", "never", if_left_out="always"),
        help="Delete all data of the database first; with on-conflict only if an update is impossible with it.",
    ),
]
NoConfig = Annotated[bool, typer.Option("--no-config", help="Ignore the project's configuration.")]
Environment = Annotated[
    str | None,
    typer.Option("--env", metavar="ENV", help="Also read the layers spacetime.ENV.json and spacetime.ENV.local.json."),
]


class _FormatName(OneOf):
    def convert(self, value: Any, param: object, ctx: object) -> Format:
        del param, ctx
        return parse_format(value)


FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        click_type=_FormatName(*Format, synonyms=SYNONYMS),
        metavar="FORMAT",
        help=f"How to write data: {', '.join(Format)}. Default: a table on a terminal, JSON lines otherwise.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write data there; the format is then what the name ends in, unless --format says.",
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
Abi = Annotated[
    str | None,
    typer.Option(
        "--abi",
        click_type=OneOf("10.0", "10.1", "10.2", "10.3", "10.4", "10.5", "10.6"),
        metavar="LEVEL",
        help="What WebAssembly may ask of a server: 10.0 (SpacetimeDB 1 and later), 10.5 (2) or 10.6 (2.14).",
    ),
]
Database = Annotated[str, typer.Argument(metavar="DATABASE", help="Name or identity of the database.")]
ProjectDatabase = Annotated[
    str | None,
    typer.Argument(
        metavar="[DATABASE]", help="Name or identity of the database. Default: STDBPY_DATABASE, else the project's."
    ),
]
"""A database that :func:`stdbpy.cli.databases.resolve_database` finds if it is not named."""


def _parse_language(name: str) -> str:
    if name != "python":
        raise UsageError(
            f"stdbpy writes Python, not {name!r}", hint=f"The official program does: spacetime … --lang {name}"
        )
    return name


Language = Annotated[
    str, typer.Option("-l", "--lang", parser=_parse_language, metavar="python", help="Language; there is one.")
]
ClientLanguage = Annotated[
    str, typer.Option("--client-lang", parser=_parse_language, metavar="python", help="Language; there is one.")
]
