"""``stdbpy init``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Language
from stdbpy.errors import UsageError
from stdbpy.project.templates import TEMPLATES, create_project

EXAMPLES = ("stdbpy init my-game", "stdbpy init chat --template chat --project-path src/chat")


def run(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Name of the project and its folder.")] = None,
    template: Annotated[
        str,
        typer.Option("-t", "--template", metavar="|".join(TEMPLATES), help="What to begin with.", show_default=True),
    ] = "basic",
    project_path: Annotated[
        Path | None, typer.Option("--project-path", metavar="DIR", help="The folder to create. Default: NAME.")
    ] = None,
    language: Language = "python",
) -> None:
    """Create a project: a module, a client and a test."""
    del language
    if name is None and project_path is None:
        raise UsageError("the project needs a name", hint="stdbpy init my-game")
    if project_path is None:
        created = create_project(template, Path(name or "."))
    else:
        created = create_project(template, project_path, database=name)
    invocation = invocation_of(context)
    shown = os.path.relpath(created.root)
    invocation.note(f"created {shown} from the template {template}:")
    for path in created.files:
        invocation.note(f"  {path}")
    invocation.note(f"next: cd {shown} && make")
