"""The files that a module consists of, out of all those in its project.

A module is its entry and whatever top-level packages and files beside it that imports, directly or
not; each package is taken whole, without its tests. What is next to them (a client, generated code,
tests, environments) stays out. Imports are read, not run.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from stdbpy.errors import ProjectError
from stdbpy.module.package import LONGEST_PARSED, ModuleSource
from stdbpy.project.model import Project
from stdbpy.project.pyproject import TABLE

MODULE_FILE = "module"
"""A package's file of this name is its entry, unless the project says another."""

_NOT_MODULES = frozenset({"client", "conftest", "docs", "examples", "module_bindings", "noxfile", "setup", "tests"})
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)


def collect(project: Project) -> ModuleSource:
    """Reads the sources of the project's module. Raises :class:`ProjectError` if it finds none."""
    source_dir, entry = find_entry(project)
    files: dict[str, bytes] = {}
    pending = [entry.partition(".")[0]]
    seen = set(pending)
    while pending:
        for path in _files_of(source_dir, pending.pop()):
            content = _read(path)
            files[path.relative_to(source_dir).as_posix()] = content
            found = _imported_names(content) - seen
            seen |= found
            pending += sorted(found)
    return ModuleSource(dict(sorted(files.items())), entry, source_dir.as_posix())


def find_entry(project: Project) -> tuple[Path, str]:
    """The folder that the module is imported from, and its import name.

    What the project says counts; else it is the package or file called like the project, else the
    only one there is, in the project's folder or its ``src``; and of a package the file
    ``module.py`` if it has one. Raises :class:`ProjectError`.
    """
    folders = [project.source_dir] if project.source_dir else [project.root, project.root / "src"]
    if project.module is not None:
        for folder in folders:
            if _file_of(folder, project.module) is not None:
                return folder, project.module
        looked = " or ".join(str(folder) for folder in folders)
        raise ProjectError(
            f"{TABLE} says that the module is {project.module!r}, but {looked} has no such package or file",
            hint="Correct `module` or `source-dir` in pyproject.toml.",
        )
    for folder in folders:
        name = _likeliest(folder, project.name)
        if name is not None:
            inner = f"{name}.{MODULE_FILE}"
            return folder, inner if _file_of(folder, inner) else name
    raise ProjectError(
        f"cannot tell which Python code in {project.root} is the module",
        hint=f'Say so in pyproject.toml: {TABLE} module = "package.module"',
    )


def _likeliest(folder: Path, project_name: str) -> str | None:
    named = _NOT_NAME.sub("_", project_name.lower()).strip("_")
    if _file_of(folder, named) is not None:
        return named
    candidates = [name for name in _top_level(folder) if name not in _NOT_MODULES and not name.startswith("test_")]
    return candidates[0] if len(candidates) == 1 else None


def _top_level(folder: Path) -> list[str]:
    """Names that can be imported from ``folder``: its packages and files of Python."""
    if not folder.is_dir():
        return []
    names = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    return sorted(name for name in names if name.isidentifier())


def _file_of(folder: Path, name: str) -> Path | None:
    """The file that importing ``name`` runs last; all that it is inside must be packages."""
    *packages, last = name.split(".")
    for package in packages:
        folder /= package
        if not (folder / "__init__.py").is_file():
            return None
    return next((path for path in (folder / last / "__init__.py", folder / f"{last}.py") if path.is_file()), None)


def _files_of(source_dir: Path, top_level_name: str) -> Iterator[Path]:
    """The Python files of one top-level package or file; none if it is not ours."""
    package = source_dir / top_level_name
    if (package / "__init__.py").is_file():
        for folder, folders, names in os.walk(package):
            folders[:] = sorted(
                name for name in folders if name.isidentifier() and name not in {"tests", "__pycache__"}
            )
            for name in sorted(names):
                if name.endswith(".py") and not name.startswith((".", "test_")) and name != "conftest.py":
                    yield Path(folder, name)
    elif package.with_name(f"{top_level_name}.py").is_file():
        yield package.with_name(f"{top_level_name}.py")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from error


def _imported_names(content: bytes) -> set[str]:
    """The top-level names that a file imports, wherever in it, without those that every module has at hand."""
    if len(content) > LONGEST_PARSED:
        return {name.decode() for name in _IMPORT.findall(content)} - sys.stdlib_module_names - {"stdbpy"}
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return set()  # loading the module reports it, with the line
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"stdbpy"}
