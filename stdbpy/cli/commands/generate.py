"""``stdbpy generate``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from stdbpy.cli.building import load_program, project_target
from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import Invocation, invocation_of, is_said
from stdbpy.cli.left_out import CSHARP, LeftOut
from stdbpy.cli.options import Anonymous, BinPath, Environment, Language, ModulePath, NoConfig, Server, Yes
from stdbpy.errors import ProjectError, UsageError
from stdbpy.project.generated import Differences
from stdbpy.project.generating import LANGUAGE, WantedPackage, no_folder, wanted_packages, with_private
from stdbpy.project.targets import ProjectTargets, load_targets
from stdbpy.schema.definition import schema_from_json
from stdbpy.schema.model import ModuleSchema

EXAMPLES = (
    "stdbpy generate",
    "stdbpy generate --check",
    "stdbpy generate chat --server http://127.0.0.1:3000 --out-dir client/bindings",
    "stdbpy generate --bin-path module.wasm --out-dir bindings",
)

_OTHER_LANGUAGES = LeftOut("stdbpy writes Python alone", hint="The official program writes other languages")
_OF_OTHER_LANGUAGES = ("--namespace", "--uproject-dir", "--unreal-module-name", "--module-name", "--module-prefix")
LEFT_OUT = {
    **CSHARP,
    **dict.fromkeys(_OF_OTHER_LANGUAGES, _OTHER_LANGUAGES),
    **dict.fromkeys(("--build-options", "--build-opts"), LeftOut("a Python module has nothing to compile")),
    **dict.fromkeys(("-j", "--js-path"), LeftOut("there is no JavaScript engine here that could read the definition")),
    "--module-def": LeftOut("that is --schema here"),
}


def run(
    context: typer.Context,
    database: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATABASE]",
            help="Databases of the project (* and ? are wild), or one on a server. Default: all of the project.",
        ),
    ] = None,
    module_path: ModulePath = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", metavar="FILE", help="A definition as `describe --json` writes it.")
    ] = None,
    bin_path: BinPath = None,
    out_dir: Annotated[
        Path | None,
        typer.Option("-o", "--out-dir", metavar="DIR", help="Where the package goes. Default: the project's bindings."),
    ] = None,
    language: Language = LANGUAGE,
    include_private: Annotated[
        bool, typer.Option("--include-private", help="Private tables and reducers as well.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if something would change.")] = False,
    server: Server = None,
    anonymous: Anonymous = False,
    no_config: NoConfig = False,
    env: Environment = None,
    yes: Yes = False,
) -> None:
    """Write a typed Python package for a module's clients.

    The module is the project's; with --server, or if the project has no DATABASE of that name, it is that of a
    database on a server.
    """
    del language, yes
    if sum(source is not None for source in (database, module_path, schema, bin_path)) > 1:
        raise UsageError("DATABASE, --module-path, --schema and --bin-path exclude one another")
    invocation = invocation_of(context)
    here = None if no_config else load_targets(Path() if module_path is None else module_path, env)

    packages: list[WantedPackage]
    if schema is not None:
        definition = _read_definition(schema)
        packages = [WantedPackage(lambda: definition, out_dir or _bindings(here))]
    elif bin_path is not None:
        program = load_program(None, bin_path)
        packages = [WantedPackage(program.read_schema, out_dir or _bindings(here))]
    elif database is not None and (is_said(context, "server") or not _knows(here, database)):
        folder = out_dir or _bindings(here)
        with connect(invocation, server, anonymous=anonymous) as api:
            live = api.schema(database)
        packages = [WantedPackage(lambda: live, folder)]
    elif here is None:
        packages = wanted_packages([project_target(module_path)], out_dir=out_dir, load=load_program)
    else:
        packages = wanted_packages(here.select(database), out_dir=out_dir, load=load_program)
    for package in with_private(packages) if include_private else packages:
        definition, differences = package.write(check=check)
        _report(differences, package.folder, invocation, check=check)
        _note_what_is_not_covered(definition, invocation)


def _knows(here: ProjectTargets | None, database: str) -> bool:
    try:
        return here is not None and bool(here.select(database))
    except ProjectError:
        return False


def _read_definition(path: Path) -> ModuleSchema:
    try:
        return schema_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}", hint="`stdbpy describe DATABASE --json` writes one") from None


def _bindings(here: ProjectTargets | None) -> Path:
    """The folder for a package of a module that is not said to be the project's."""
    targets = here.targets if here is not None else ()
    folders = {entry.out_dir for target in targets for entry in target.generate if entry.language == LANGUAGE}
    folder = folders.pop() if len(folders) == 1 else None
    if folder is None:
        raise no_folder(None)
    return folder


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
