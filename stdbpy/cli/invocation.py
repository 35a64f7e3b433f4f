"""What one run of the program was told by the options that every command takes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import typer


@dataclass(slots=True)
class Invocation:
    debug: bool = False
    """Show tracebacks."""
    quiet: bool = False
    """Leave out notes; data and errors are always written."""
    config_path: Path | None = None
    """Another ``cli.toml`` than the user's."""

    def note(self, text: str) -> None:
        """Tells the user something that is not data: to stderr, unless ``--quiet``."""
        if not self.quiet:
            print(text, file=sys.stderr)


def invocation_of(context: typer.Context) -> Invocation:
    """The invocation that :func:`stdbpy.cli.main.main` put into the command's context."""
    return cast("Invocation", context.obj)
