"""The project's modules and the client code that is generated from them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from stdbpy.errors import MissingExtra, ModuleLoadError, Problem, ProjectError, SchemaError, StdbError, counted
from stdbpy.project.discover import python_project
from stdbpy.project.doctor.finding import Finding, Level, error, failed, ok, warning
from stdbpy.project.generating import wanted_packages
from stdbpy.project.languages import PYTHON
from stdbpy.project.model import Target
from stdbpy.project.programs import Program, program_of
from stdbpy.project.pyproject import is_python_project
from stdbpy.project.sources import collect
from stdbpy.project.targets import ProjectTargets
from stdbpy.schema.text import contents_text

_IMPORT = re.compile(rb"^\s*(from|import) stdbpy\b", re.MULTILINE)
Load = Callable[[Path | None, Path | None, Path | None], Program]


def examine_modules(project: ProjectTargets) -> Iterator[Finding]:
    """What there is to say of each module, once, and of each package of client code.

    A Python project that says nothing of SpacetimeDB may be about anything: its code is not run unless it has to
    do with stdbpy.
    """
    if not project.files and not any(_is_about_stdbpy(target) for target in project.targets):
        return
    load: Load = cache(program_of)
    verdicts: dict[tuple[Path | None, ...], Level] = {}
    for target in project.targets:
        source = (target.module_path, target.bin_path, target.js_path)
        if source not in verdicts:
            finding = _examine_module(target, load)
            verdicts[source] = finding.level
            yield finding
    wanting = [
        target
        for target in project.targets
        if any(entry.language == PYTHON for entry in target.generate)
        and verdicts[target.module_path, target.bin_path, target.js_path] is not Level.ERROR
    ]
    if wanting:
        yield from _examine_packages(wanting, load)


def _is_about_stdbpy(target: Target) -> bool:
    if target.module_path is None:
        return False
    try:
        source = collect(python_project(target.module_path))
    except StdbError:
        return False
    return any(_IMPORT.search(content) for content in source.files.values())


def _examine_module(target: Target, load: Load) -> Finding:
    if target.bin_path is None and target.js_path is None and not is_python_project(target.module_path or Path()):
        return ok("module", f"{target.module_path} is not written in Python: the official program builds it")
    try:
        program = load(target.module_path, target.bin_path, target.js_path)
        if program.kind == "js":
            return ok("module", f"{program.name} is there; what is in JavaScript cannot be examined")
        schema = program.read_schema()
    except (ModuleLoadError, SchemaError) as failure:
        return _faulty(failure.message, failure.problems, failure.hint)
    except MissingExtra as failure:
        return warning("module", failure.message, failure.hint)
    except ProjectError as failure:
        return failed("module", failure)
    if program.problems:
        warnings = counted(len(program.problems), "warning")
        return warning("module", f"{program.name} builds with {warnings}: {_first(program.problems)}", "stdbpy build")
    return ok("module", f"{program.name} builds ({contents_text(schema)})")


def _faulty(message: str, problems: tuple[Problem, ...], hint: str) -> Finding:
    if not problems:
        return error("module", message, hint)
    return error("module", f"{message}: {_first(problems)}", "stdbpy build")


def _first(problems: tuple[Problem, ...]) -> str:
    return f"{problems[0].message} ({problems[0].where})"


def _examine_packages(targets: list[Target], load: Load) -> Iterator[Finding]:
    try:
        packages = wanted_packages(targets, language=PYTHON, load=load)
        for package in packages:
            shown = os.path.relpath(package.folder)
            _, differences = package.write(check=True)
            if not differences:
                yield ok("generated code", f"{shown} is up to date")
                continue
            files = (*differences.created, *differences.changed, *differences.deleted)
            yield warning("generated code", f"{shown} is not up to date: {', '.join(files)}", "stdbpy generate")
    except StdbError as failure:
        yield failed("generated code", failure)
