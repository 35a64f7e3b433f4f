"""``stdbpy generate``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from stdbpy.cli.building import build_project
from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import Invocation, invocation_of
from stdbpy.cli.options import Anonymous, BinPath, Language, ModulePath, Server
from stdbpy.codegen import HEADER_MARKER, generate
from stdbpy.errors import ProjectError, UsageError
from stdbpy.project.discover import discover
from stdbpy.project.generated import Differences, write_package
from stdbpy.project.model import Project
from stdbpy.schema.definition import schema_from_json
from stdbpy.schema.model import ModuleSchema

EXAMPLES = (
    "stdbpy generate chat --server http://127.0.0.1:3000 --out-dir client/bindings",
    "stdbpy generate --module-path . --check",
    "stdbpy generate --schema schema.json --out-dir bindings",
)


def run(
    context: typer.Context,
    database: Annotated[str | None, typer.Argument(metavar="[DATABASE]", help="A database on a server.")] = None,
    module_path: ModulePath = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", metavar="FILE", help="A definition as `describe --json` writes it.")
    ] = None,
    bin_path: BinPath = None,
    out_dir: Annotated[
        Path | None,
        typer.Option("-o", "--out-dir", metavar="DIR", help="Where the package goes. Default: the project's bindings."),
    ] = None,
    language: Language = "python",
    include_private: Annotated[
        bool, typer.Option("--include-private", help="Private tables and reducers as well.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if something would change.")] = False,
    server: Server = None,
    anonymous: Anonymous = False,
) -> None:
    """Write a typed Python package for a module's clients.

    The module is a database's, a project's (the default is the one here), or one whose definition is in a file.
    """
    del language
    if sum(source is not None for source in (database, module_path, schema, bin_path)) > 1:
        raise UsageError("DATABASE, --module-path, --schema and --bin-path exclude one another")
    if bin_path is not None:
        raise UsageError(
            "the definition inside a WebAssembly module cannot be read yet",
            hint="Publish it and name the database: stdbpy generate DATABASE --server SERVER",
        )
    invocation = invocation_of(context)
    definition, project = _definition(invocation, database, schema, module_path, server, anonymous=anonymous)
    folder = out_dir if out_dir is not None else _bindings(project)
    differences = write_package(
        generate(definition, include_private=include_private), folder, marker=HEADER_MARKER, check=check
    )
    _report(differences, folder, invocation, check=check)
    _note_what_is_not_covered(definition, invocation)


def _definition(
    invocation: Invocation,
    database: str | None,
    schema: Path | None,
    module_path: Path | None,
    server: str | None,
    *,
    anonymous: bool,
) -> tuple[ModuleSchema, Project | None]:
    """The schema that the user means, and the project that it is of, or that the user is in."""
    if database is not None:
        with connect(invocation, server, anonymous=anonymous) as api:
            return api.schema(database), _project_here()
    if schema is not None:
        return _read_definition(schema), _project_here()
    project, built = build_project(module_path)
    return built.schema, project


def _project_here() -> Project | None:
    try:
        return discover(Path())
    except ProjectError:
        return None


def _read_definition(path: Path) -> ModuleSchema:
    try:
        return schema_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}", hint="`stdbpy describe DATABASE --json` writes one") from None


def _bindings(project: Project | None) -> Path:
    if project is None or project.bindings is None:
        raise UsageError(
            "where should the package go?", hint="--out-dir DIR, or `bindings` in [tool.stdbpy] of pyproject.toml"
        )
    return project.bindings


def _report(differences: Differences, folder: Path, invocation: Invocation, *, check: bool) -> None:
    if check and differences:
        changes = (
            ("missing", differences.created),
            ("outdated", differences.changed),
            ("left over", differences.deleted),
        )
        found = "; ".join(f"{what}: {', '.join(files)}" for what, files in changes if files)
        raise ProjectError(f"{folder} is not up to date ({found})", hint="Run the same command without --check")
    shown = os.path.relpath(folder)
    if not differences:
        invocation.note(f"{shown} is up to date")
        return
    written = len(differences.created) + len(differences.changed)
    counts = [f"{written} files written", *([f"{len(differences.deleted)} deleted"] if differences.deleted else [])]
    invocation.note(f"{shown}: {', '.join(counts)}")


def _note_what_is_not_covered(schema: ModuleSchema, invocation: Invocation) -> None:
    modules = [module for _, module in schema.walk()]
    views = sum(view.is_public for module in modules for view in module.views)
    procedures = sum(len(module.procedures) for module in modules)
    counts = (("procedure", procedures), ("view", views), ("mounted module", len(modules) - 1))
    missing = [f"{count} {what}{'s' * (count != 1)}" for what, count in counts if count]
    if missing:
        invocation.note(f"not in the package yet: {' and '.join(missing)}, which come with the live client")
