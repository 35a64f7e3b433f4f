"""Loading the module that a command is about, with the warnings about its code shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stdbpy.cli.failures import show_problems
from stdbpy.errors import UsageError
from stdbpy.project.discover import nearest_python_project
from stdbpy.project.model import Target
from stdbpy.project.targets import ProjectTargets, load_targets

if TYPE_CHECKING:
    from stdbpy.project.programs import Program


def load_program(module_path: Path | None, bin_path: Path | None = None, js_path: Path | None = None) -> Program:
    """The program in a Python project's folder, or in a compiled file.

    Raises :class:`~stdbpy.errors.ProjectError` and :class:`~stdbpy.errors.ModuleLoadError`.
    """
    from stdbpy.project.programs import program_of

    program = program_of(module_path, bin_path, js_path)
    show_problems(program.problems)
    return program


def project_target(module_path: Path | None) -> Target:
    """The Python project around ``module_path`` (default: where the user is) as a target of which no
    configuration says more. Raises :class:`~stdbpy.errors.ProjectError` if there is none."""
    project = nearest_python_project(Path() if module_path is None else module_path)
    return Target(database=None, module_path=project.root, project_name=project.name)


def targets_for(
    database: str | None,
    *,
    module_path: Path | None = None,
    bin_path: Path | None = None,
    js_path: Path | None = None,
    no_config: bool = False,
    env: str | None = None,
    needs_module: bool = True,
) -> list[Target]:
    """The targets that a command with these options is about, with the options in them. Outside of a project there
    is one only if something names a module, or it ``needs_module`` not.

    Raises :class:`~stdbpy.errors.UsageError` if a module is named and there are several, else as
    :func:`~stdbpy.project.targets.load_targets` and its ``select``.
    """
    here = None if no_config else _configuration(module_path, env)
    if here is not None:
        targets = here.select(database, adopt=True)
    elif bin_path is not None or js_path is not None or not needs_module:
        targets = [Target(database)]
    else:
        targets = [replace(project_target(module_path), database=database)]
    if module_path is None and bin_path is None and js_path is None:
        return targets
    if len(targets) > 1:
        raise UsageError(
            f"one module cannot be that of {len(targets)} databases",
            hint=f"Name one of them: {', '.join(target.database or '' for target in targets)}",
        )
    folder = None if module_path is None else nearest_python_project(module_path).root
    return [replace(targets[0], module_path=folder, bin_path=bin_path, js_path=js_path)]


def _configuration(module_path: Path | None, env: str | None) -> ProjectTargets | None:
    """The project where the user is, unless it has nothing to do with ``module_path`` and one around that has."""
    here = load_targets(Path(), env)
    if module_path is None:
        return here
    folder = module_path.resolve()
    if here is None or all(target.module_path != folder for target in here.targets):
        return load_targets(module_path, env) or here
    return here
