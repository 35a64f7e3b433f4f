"""``stdbpy build``."""

from __future__ import annotations

import typer

from stdbpy.cli.building import build_project
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import ModulePath

EXAMPLES = ("stdbpy build", "stdbpy build --module-path server")


def run(context: typer.Context, module_path: ModulePath = None) -> None:
    """Load a module, check it and show its problems.

    Each problem comes with its place in the code; with an error among them the exit code is 1.
    """
    project, built = build_project(module_path)
    tables, reducers = len(built.schema.tables), len(built.schema.reducers)
    contents = f"{_count(tables, 'table')}, {_count(reducers, 'reducer')}"
    invocation_of(context).note(f"{project.name}: {built.source.entry} is fine ({contents})")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
