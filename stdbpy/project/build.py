"""From a project to what is published: the sources collected, loaded, checked and packed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from stdbpy.bounded_load import load_within
from stdbpy.errors import MissingExtra, ModuleLoadError, Problem
from stdbpy.module.package import ModuleSource, pack
from stdbpy.project.late_imports import late_refusals
from stdbpy.project.model import Project
from stdbpy.project.sources import collect
from stdbpy.schema.model import ModuleSchema

_IMPORT_SECONDS = 30.0
"""How long a module may take to be imported: as on the embedded server."""


@dataclass(frozen=True, slots=True)
class BuiltModule:
    source: ModuleSource
    package: bytes
    """The body of a publish to the embedded server; equal sources give equal bytes."""
    schema: ModuleSchema
    problems: tuple[Problem, ...] = ()
    """Warnings; each place is a line in a file, relative to the project's folder."""


def build(project: Project) -> BuiltModule:
    """Loads the project's module and packs it. This runs the module's code, but none of its reducers.

    Raises :class:`ProjectError` if there is no module, and :class:`ModuleLoadError` with all problems
    of its code, warnings too; one whose import does not end is stopped after half a minute.
    """
    source = collect(project)
    try:
        loaded = load_within(_IMPORT_SECONDS, source, _rule_problems)
    except ModuleLoadError as error:
        raise told_in_project(error, source, project) from error
    warnings = placed((*loaded.warnings, *late_refusals(source.files)), source, project)
    return BuiltModule(source, pack(source), loaded.schema, warnings)


def told_in_project(error: ModuleLoadError, source: ModuleSource, project: Project) -> ModuleLoadError:
    """What the loader found, with places as people look for them in the project."""
    return ModuleLoadError(error.message, placed(error.problems, source, project), hint=error.hint)


def _rule_problems(schema: ModuleSchema) -> Iterable[Problem]:
    """About the SQL of row-level security. Without the embedded server, which reads SQL, it is for the
    server that the module is published to."""
    if not schema.row_level_security:
        return ()
    try:
        from stdbpy.engine.row_rules import rule_problems
    except MissingExtra:
        return ()
    return rule_problems(schema)


def placed(problems: Iterable[Problem], source: ModuleSource, project: Project) -> tuple[Problem, ...]:
    """The problems as :func:`told_in_project` has them: the loader knows files relative to the source folder, people
    look for them in the project's."""
    prefix = Path(os.path.relpath(source.root or project.root, project.root)).as_posix()
    if prefix == ".":
        return tuple(problems)
    return tuple(
        replace(problem, where=f"{prefix}/{problem.where}") if _file_of(problem) in source.files else problem
        for problem in problems
    )


def _file_of(problem: Problem) -> str:
    return problem.where.rpartition(":")[0]
