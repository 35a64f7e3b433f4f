"""``stdbpy version``."""

from __future__ import annotations

import platform

import typer

from stdbpy import __version__
from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import FormatOption, Server
from stdbpy.cli.output import Field, format_for, write_records

EXAMPLES = ("stdbpy version", "stdbpy version --server local --format json")


def run(context: typer.Context, server: Server = None, format: FormatOption = None) -> None:
    """Show the version of stdbpy, or of a server."""
    fields = [Field("program"), Field("version")]
    if server is None:
        rows = [("stdbpy", __version__), ("python", platform.python_version())]
    else:
        with connect(invocation_of(context), server, anonymous=True) as api:
            health = api.health()
            rows = [(health.package_name, health.version)]
    write_records(fields, rows, format_for(format))
