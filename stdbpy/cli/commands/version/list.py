"""``stdbpy version list``."""

from __future__ import annotations

import typer

from stdbpy import __version__
from stdbpy.cli.left_out import LeftOut
from stdbpy.cli.options import FormatOption, Output
from stdbpy.cli.output import Field, format_for, write_records
from stdbpy.sats.types import Primitive

EXAMPLES = ("stdbpy version list", "stdbpy version list --format json")

LEFT_OUT = {
    "--all": LeftOut("the package index has the list of versions", hint="pip index versions stdbpy"),
}


def run(context: typer.Context, format: FormatOption = None, output: Output = None) -> None:
    """List the versions of stdbpy that are installed here: this one.

    A Python environment has one version of a package at a time.
    """
    del context
    fields = [Field("version"), Field("current", type=Primitive.BOOL)]
    write_records(fields, [(__version__, True)], format_for(format, output), output)
