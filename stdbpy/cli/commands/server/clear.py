"""``stdbpy server clear``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Yes
from stdbpy.cli.terminal import confirm

EXAMPLES = ("stdbpy server clear", "stdbpy server clear --data-dir data --yes")


def run(
    context: typer.Context,
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", metavar="DIR", help="The folder, as for `start`. Default: the one of `start`."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Delete all databases of the server on this machine, with their data. It must not run.

    The server's keys and your identity there stay. A folder of SpacetimeDB's own server is cleared as well.
    """
    from stdbpy.project.data_dir import find_data_dir

    invocation = invocation_of(context)
    folder = (data_dir if data_dir is not None else invocation.data_dir()).absolute()
    found = find_data_dir(folder)
    if found is None:
        invocation.note(f"there are no databases in {folder}")
        return
    confirm(f"Delete all databases in {folder}?", yes=yes)
    found.clear()
    invocation.note(f"all databases in {folder} are deleted")
