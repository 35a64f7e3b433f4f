"""``stdbpy completions show``."""

from __future__ import annotations

from typing import Annotated

import typer

from stdbpy.cli.completion.scripts import FILES, script
from stdbpy.cli.parameters import OneOf

EXAMPLES = ("stdbpy completions show bash", "stdbpy completions show fish > stdbpy.fish")


def run(
    shell: Annotated[str, typer.Argument(click_type=OneOf(*FILES), metavar="SHELL", help=f"{', '.join(FILES)}.")],
) -> None:
    """Write the script that a shell completes with, for places that `install` does not know."""
    print(script(shell), end="")
