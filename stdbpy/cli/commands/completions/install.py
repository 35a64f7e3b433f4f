"""``stdbpy completions install``."""

from __future__ import annotations

from typing import Annotated

import typer

from stdbpy.cli.completion import places
from stdbpy.cli.completion.scripts import FILES
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.parameters import OneOf

EXAMPLES = ("stdbpy completions install", "stdbpy completions install zsh")


def run(
    context: typer.Context,
    shell: Annotated[
        str | None,
        typer.Argument(
            click_type=OneOf(*FILES), metavar="[SHELL]", help=f"{', '.join(FILES)}. Default: the one of SHELL."
        ),
    ] = None,
) -> None:
    """Let a shell complete commands, options and names.

    The script goes where the shell looks for it. Names of databases, tables and reducers are those that
    commands saw lately.
    """
    invocation = invocation_of(context)
    report = places.install(shell or places.users_shell())
    for change in report.changes:
        invocation.note(f"{change.path}: {change.what}")
    if report.advice:
        invocation.note(f"Yet to do: {report.advice}")
    invocation.note(
        f"{'Then it' if report.advice else 'It'} counts in every {report.shell} that is started from now on."
    )
