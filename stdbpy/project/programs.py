"""From what a target names to what is published and generated from: a Python project is built, a
compiled module is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stdbpy.errors import MissingExtra, Problem, ProjectError
from stdbpy.project.build import build
from stdbpy.project.discover import nearest_python_project, python_project
from stdbpy.project.model import Project
from stdbpy.project.pyproject import is_python_project
from stdbpy.schema.model import ModuleSchema

Kind = Literal["python", "wasm", "js"]

_WASM = b"\0asm"


@dataclass(frozen=True, slots=True)
class Program:
    """A module as a server takes it."""

    kind: Kind
    content: bytes
    """The body of a publish."""
    name: str
    """What to call it in a sentence: its Python project's name, or its file."""
    read_schema: Callable[[], ModuleSchema]
    """Its definition; reading that of a compiled module takes up to a few seconds. Raises
    :class:`SchemaError` if it has none, :class:`MissingExtra`, and :class:`ProjectError` for JavaScript."""
    problems: tuple[Problem, ...] = ()
    """Warnings about its code."""
    compile_for: Callable[[str, str | None], Program] | None = None
    """Of a Python project: makes the WebAssembly for a SpacetimeDB of that version (``2.8.3``), or for that level of
    its ABI (``10.5``) if one is said. Raises as :func:`stdbpy.project.webassembly.compile_module`."""


def program_of(module_path: Path | None, bin_path: Path | None = None, js_path: Path | None = None) -> Program:
    """The program of a target, which names a folder or one of two kinds of file.

    Raises :class:`ProjectError` if there is none, and :class:`ModuleLoadError` with all problems of a
    Python module.
    """
    if bin_path is not None:
        return _compiled(bin_path)
    if js_path is not None:
        return Program("js", _read(js_path), js_path.name, lambda: _refuse_javascript(js_path))
    if module_path is None:
        raise ProjectError("no module is named", hint="Name its folder with --module-path, or its file with --bin-path")
    return program_of_project(_python_project(module_path))


def program_of_project(project: Project) -> Program:
    """The program of a Python project, loaded and checked. Raises as :func:`program_of`."""
    built = build(project)

    def compile_for(version: str, abi: str | None) -> Program:
        from stdbpy.project.webassembly import compile_module, level_for

        compiled = compile_module(project, built, level_for(project, version, built.schema, abi))
        return Program("wasm", compiled.wasm.program, project.name, lambda: built.schema, compiled.problems)

    return Program("python", built.package, project.name, lambda: built.schema, built.problems, compile_for)


def _python_project(folder: Path) -> Project:
    if folder.is_file():
        return nearest_python_project(folder)
    if not folder.is_dir():
        raise ProjectError(f"there is no folder {folder}", hint="--module-path names the module's project")
    if not is_python_project(folder):
        raise ProjectError(
            f"{folder} is no Python project, and stdbpy builds no others",
            hint="Build it with the official program and name the result with --bin-path",
        )
    return python_project(folder)


def _compiled(path: Path) -> Program:
    content = _read(path)
    if not content.startswith(_WASM):
        raise ProjectError(f"{path} is not WebAssembly", hint="A project is named with --module-path")

    def read_schema() -> ModuleSchema:
        try:
            from stdbpy.wasm.description import read_wasm
        except ModuleNotFoundError as error:
            raise MissingExtra("reading the definition in a .wasm", "server") from error
        return read_wasm(content)

    return Program("wasm", content, path.name, read_schema)


def _refuse_javascript(path: Path) -> ModuleSchema:
    raise ProjectError(
        f"the definition in {path} can be read by a JavaScript engine alone, which stdbpy has not",
        hint="Publish it and name the database: stdbpy generate DATABASE --server SERVER",
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from error
