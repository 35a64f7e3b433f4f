"""``stdbpy version``: of this program, or of a server."""

from __future__ import annotations

import platform
from typing import Annotated

import typer

from stdbpy import __version__
from stdbpy.cli.connection import EMBEDDED, connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.left_out import LeftOut
from stdbpy.cli.options import FormatOption, Output
from stdbpy.cli.output import Field, format_for, write_records

COMMANDS = {"list": "List the versions of stdbpy that are installed here: this one."}

_BY_INSTALLER = "stdbpy is a Python package, which what installed it replaces"
LEFT_OUT = {
    "install": LeftOut(_BY_INSTALLER, hint="pip install stdbpy==VERSION"),
    "use": LeftOut(_BY_INSTALLER, hint="pip install stdbpy==VERSION"),
    "upgrade": LeftOut(_BY_INSTALLER, hint="pip install --upgrade stdbpy"),
    "uninstall": LeftOut(_BY_INSTALLER, hint="pip uninstall stdbpy"),
    "link": LeftOut(_BY_INSTALLER, hint="pip install --editable FOLDER"),
}

# Not the shared option: STDBPY_SERVER must not send a question about this program to a server.
Server = Annotated[
    str | None, typer.Option("-s", "--server", metavar="SERVER", help="The server's version instead of this program's.")
]

EXAMPLES = ("stdbpy version", "stdbpy version --server local --format json")

_EMBEDDED = "SpacetimeDB as the embedded server of stdbpy has it"
"""Its version is that of SpacetimeDB's API: what clients ask a server for. Its own is that of stdbpy."""


def run(context: typer.Context, server: Server = None, format: FormatOption = None, output: Output = None) -> None:
    """Show the version of stdbpy, or of a server."""
    shape = format_for(format, output)
    fields = [Field("program"), Field("version")]
    if server is None:
        rows = [("stdbpy", __version__), ("python", platform.python_version())]
    else:
        with connect(invocation_of(context), server, anonymous=True) as api:
            health = api.health()
            program = _EMBEDDED if health.package_name == EMBEDDED else health.package_name
            rows = [(program, health.version)]
    write_records(fields, rows, shape, output)
