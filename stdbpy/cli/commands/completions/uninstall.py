"""``stdbpy completions uninstall``."""

from __future__ import annotations

from typing import Annotated

import typer

from stdbpy.cli.completion import places
from stdbpy.cli.completion.scripts import FILES
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.parameters import OneOf

EXAMPLES = ("stdbpy completions uninstall", "stdbpy completions uninstall fish")


def run(
    context: typer.Context,
    shell: Annotated[
        str | None,
        typer.Argument(
            click_type=OneOf(*FILES), metavar="[SHELL]", help=f"{', '.join(FILES)}. Default: the one of SHELL."
        ),
    ] = None,
) -> None:
    """Take the script away again. Lines that you added to a shell's files yourself stay."""
    invocation = invocation_of(context)
    for change in places.uninstall(shell or places.users_shell()).changes:
        invocation.note(f"{change.path}: {change.what}")
