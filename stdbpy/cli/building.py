"""Building the project that a command is about, with its warnings shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stdbpy.cli.failures import show_problems

if TYPE_CHECKING:
    from stdbpy.project.build import BuiltModule
    from stdbpy.project.model import Project


def build_project(folder: Path | None) -> tuple[Project, BuiltModule]:
    """The project at ``folder`` (default: where the user is) and its module, loaded and checked.

    Raises :class:`~stdbpy.errors.ProjectError` and :class:`~stdbpy.errors.ModuleLoadError`.
    """
    from stdbpy.project.build import build
    from stdbpy.project.discover import discover

    project = discover(folder if folder is not None else Path())
    built = build(project)
    show_problems(built.problems)
    return project, built
