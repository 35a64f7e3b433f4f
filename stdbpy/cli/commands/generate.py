"""``stdbpy generate``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from stdbpy.cli.building import load_program, project_target
from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import Invocation, invocation_of, is_said
from stdbpy.cli.left_out import CSHARP, LeftOut
from stdbpy.cli.options import Anonymous, BinPath, Environment, ModulePath, NoConfig, Server, Yes
from stdbpy.cli.parameters import OneOf
from stdbpy.errors import ProjectError, UsageError, counted
from stdbpy.project.generated import Differences
from stdbpy.project.generating import (
    Package,
    no_folder,
    package_of,
    usual_folder,
    wanted_packages,
    with_options,
)
from stdbpy.project.languages import NAMES, PYTHON, SYNONYMS
from stdbpy.project.model import GenerateTarget
from stdbpy.project.targets import ProjectTargets, load_targets
from stdbpy.schema.definition import schema_from_json
from stdbpy.schema.model import ModuleSchema

EXAMPLES = (
    "stdbpy generate",
    "stdbpy generate --check",
    "stdbpy generate chat --server http://127.0.0.1:3000 --out-dir client/bindings",
    "stdbpy generate --bin-path module.wasm --out-dir bindings",
    "stdbpy generate --lang typescript --out-dir web/src/module_bindings",
)

LEFT_OUT = {
    **CSHARP,
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
    language: Annotated[
        str | None,
        typer.Option(
            "-l",
            "--lang",
            click_type=OneOf(PYTHON, *NAMES, synonyms=SYNONYMS),
            help="Language. The official program writes those that are not Python. Default: all that the project says.",
        ),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", metavar="NAME", help="Namespace of generated code in C#.")
    ] = None,
    uproject_dir: Annotated[
        Path | None,
        typer.Option("--uproject-dir", metavar="DIR", help="The Unreal project, instead of --out-dir."),
    ] = None,
    unreal_module_name: Annotated[
        str | None,
        typer.Option(
            "--unreal-module-name", "--module-name", metavar="NAME", help="The module of the Unreal project to write."
        ),
    ] = None,
    module_prefix: Annotated[
        str | None, typer.Option("--module-prefix", metavar="PREFIX", help="What types begin with in Unreal C++.")
    ] = None,
    include_private: Annotated[
        bool, typer.Option("--include-private", help="Private tables and reducers as well.")
    ] = False,
    rows: Annotated[
        str | None,
        typer.Option(
            "--rows",
            click_type=OneOf("msgspec", "pydantic"),
            help="What rows are in Python: quick structs, or models for FastAPI. Default: what the project says.",
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if something would change.")] = False,
    server: Server = None,
    anonymous: Anonymous = False,
    no_config: NoConfig = False,
    env: Environment = None,
    yes: Yes = False,
) -> None:
    """Write a typed Python package for a module's clients, or one in another language.

    The module is the project's; with --server, or if the project has no DATABASE of that name, it is that of a
    database on a server.
    """
    del yes
    if sum(source is not None for source in (database, module_path, schema, bin_path)) > 1:
        raise UsageError("DATABASE, --module-path, --schema and --bin-path exclude one another")
    invocation = invocation_of(context)
    here = None if no_config else load_targets(Path() if module_path is None else module_path, env)
    if out_dir is None:
        out_dir = uproject_dir

    def package(read_schema: Callable[[], ModuleSchema]) -> Package:
        """That of a module which is not said to be the project's."""
        wanted = language or PYTHON
        entry = GenerateTarget(wanted, out_dir, None)
        return package_of(entry, read_schema, out_dir or _folder_of_project(here, wanted))

    packages: list[Package]
    if schema is not None:
        definition = _read_definition(schema)
        packages = [package(lambda: definition)]
    elif bin_path is not None:
        program = load_program(None, bin_path)
        packages = [package(program.read_schema)]
    elif database is not None and (is_said(context, "server") or not _knows(here, database)):
        packages = [package(lambda: live)]
        with connect(invocation, server, anonymous=anonymous) as api:
            live = api.schema(database)
    else:
        targets = [project_target(module_path)] if here is None else here.select(database)
        root = Path() if here is None else here.root
        packages = wanted_packages(targets, out_dir=out_dir, language=language, root=root, load=load_program)
    for wanted in with_options(
        packages,
        include_private=include_private,
        rows=rows,
        namespace=namespace,
        unreal_module_name=unreal_module_name,
        module_prefix=module_prefix,
    ):
        _, differences = wanted.write(check=check)
        _report(differences, wanted.folder, invocation, check=check)


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


def _folder_of_project(here: ProjectTargets | None, language: str) -> Path:
    """The folder for a package of a module that is not said to be the project's."""
    targets = here.targets if here is not None else ()
    folders = {entry.out_dir for target in targets for entry in target.generate if entry.language == language}
    said = folders.pop() if len(folders) == 1 else None
    folder = said or usual_folder(language, Path() if here is None else here.root)
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
    counts = [
        f"{counted(written, 'file')} written",
        *([f"{len(differences.deleted)} deleted"] if differences.deleted else []),
    ]
    invocation.note(f"{shown}: {', '.join(counts)}")
