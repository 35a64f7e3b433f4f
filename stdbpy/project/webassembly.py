"""From a Python project to the WebAssembly that SpacetimeDB itself takes, and into a file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stdbpy.errors import ModuleLoadError, Problem, ProjectError, StdbError
from stdbpy.project.build import BuiltModule, placed, told_in_project
from stdbpy.project.dependencies import bundle
from stdbpy.project.model import Project
from stdbpy.project.paths import cache_dir
from stdbpy.project.pyproject import PYPROJECT, TABLE
from stdbpy.project.refused_imports import explained
from stdbpy.replacing import replace_file
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.abi import AbiLevel, needed_by

if TYPE_CHECKING:
    from stdbpy.wasm.built import BuiltWasm

FOLDER = "dist"
"""Where files of WebAssembly go in a project."""

_CACHE = "wasm"
"""What is the same for all modules, in the user's cache."""

_NOT_RUN = "wasmtime is not installed, so the module was not run in WebAssembly: what fails there shows at publishing"
_HOW_TO_RUN = 'It shows at building, and instances start faster, with pip install "stdbpy[server]"'

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class CompiledModule:
    """A project's module as WebAssembly, and what else is in it."""

    wasm: BuiltWasm
    packages: tuple[str, ...] = ()
    """The packages that it takes along, with versions: ``attrs 23.2.0``."""
    problems: tuple[Problem, ...] = ()
    """Warnings that ``built`` has not; each place is a line in a file, relative to the project's folder."""


def compile_module(
    project: Project, built: BuiltModule, abi: AbiLevel | None = None, compiling: Callable[[], None] | None = None
) -> CompiledModule:
    """Makes WebAssembly of a module, with the packages that it imports from. ``abi`` is the server's level, by
    default that of the project, else the lowest that the module can do with. ``compiling`` is called before what
    takes seconds, and only the first time that anything is built here.

    Raises :class:`ProjectError` for packages that cannot come along, and :class:`ModuleLoadError` for code that does
    not run in WebAssembly. Where wasmtime is not there, that shows when it is published; a warning says so.
    """
    can_run = _can_run_webassembly()
    try:
        bundled = bundle(project, built.source)
        level = abi_of(project) if abi is None else abi  # 10.0 is 0
        cache = cache_dir() / _CACHE
        if can_run:
            from stdbpy.wasm.build import build_wasm

            try:
                wasm = build_wasm(built.source, bundled=bundled.files, abi=level, cache=cache, compiling=compiling)
            except ModuleLoadError as error:
                raise explained(error, built.source, bundled) from error
        else:
            from stdbpy.wasm.appending import append_to_runtime

            wasm = append_to_runtime(built.source, built.schema, bundled=bundled.files, abi=level, cache=cache)
    except ModuleLoadError as error:
        raise told_in_project(error, built.source, project) from error
    found = placed((*bundled.problems, *wasm.warnings), built.source, project)
    if not can_run:
        found += (Problem("warning", built.source.entry, _NOT_RUN, _HOW_TO_RUN),)
    return CompiledModule(wasm, bundled.packages, tuple(each for each in found if each not in built.problems))


def _can_run_webassembly() -> bool:
    try:
        import wasmtime  # noqa: F401
    except (ImportError, OSError, RuntimeError):  # not installed, or not for this kind of machine
        return False
    return True


def level_named(text: str | None) -> AbiLevel | None:
    """``10.5`` → ``AbiLevel.V10_5``; ``None`` for ``None``. Raises :class:`StdbError`."""
    return None if text is None else AbiLevel.named(text)


def abi_of(project: Project) -> AbiLevel | None:
    """The level that the project says. Raises :class:`ProjectError` if there is none of that name."""
    try:
        return level_named(project.abi)
    except StdbError as error:
        raise ProjectError(f"{project.root / PYPROJECT}: abi in {TABLE}: {error.message}", hint=error.hint) from None


def level_for(project: Project, version: str, schema: ModuleSchema, said: str | None = None) -> AbiLevel | None:
    """The level to build a module for that goes to a SpacetimeDB of that version (``2.8.3``): the one that is said,
    else the project's, else the highest of use that such a server has; ``None`` if nothing is known of it."""
    level = abi_of(project) if said is None else level_named(said)
    found = _VERSION.match(version)
    if level is not None or found is None:
        return level
    release = (int(found[1]), int(found[2]))
    if release < (2, 0):
        return AbiLevel.V10_0
    if release >= (2, 14) and needed_by(schema) is AbiLevel.V10_6:
        return AbiLevel.V10_6
    return AbiLevel.V10_5 if release >= (2, 8) else None


def usual_file(project: Project) -> Path:
    """Where the WebAssembly of a project goes."""
    return project.root / FOLDER / f"{_NOT_IN_NAMES.sub('-', project.name)}.wasm"


def write_file(path: Path, program: bytes) -> bool:
    """Gives the file that content in one step; whether it had another. Raises :class:`ProjectError`."""
    expect_to_write(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.read_bytes() == program:
            return False
        replace_file(path, program, is_kept=False)
    except OSError as error:
        raise _not_written(path, error) from None
    return True


def expect_to_write(path: Path) -> None:
    """Raises :class:`ProjectError` if there can be no such file, before it is built."""
    if os.path.isdir(path):  # noqa: PTH112 - names that are too long are no folders
        raise ProjectError(f"{path} cannot be written: it is a folder", hint=f"Name a file in it: {path / 'NAME.wasm'}")
    folder = next(each for each in path.absolute().parents if os.path.lexists(each))
    if not folder.is_dir():
        raise _not_written(path, NotADirectoryError(0, f"{folder} is no folder"))
    if not os.access(folder, os.W_OK):
        raise _not_written(path, PermissionError(0, f"nobody may write to {folder}, or not you"))


def _not_written(path: Path, error: OSError) -> ProjectError:
    return ProjectError(f"{path} cannot be written: {error.strerror}", hint="Name another file with --out")
