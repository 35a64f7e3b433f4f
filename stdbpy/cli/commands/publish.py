"""``stdbpy publish``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.building import build_project
from stdbpy.cli.connection import connect, is_embedded
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Anonymous, BinPath, FormatOption, ModulePath, Server, Yes
from stdbpy.cli.output import Field, Format, format_for, write_records
from stdbpy.cli.parameters import OneOf
from stdbpy.cli.terminal import confirm
from stdbpy.errors import StdbError, UsageError

if TYPE_CHECKING:
    from stdbpy.api import ApiClient, PublishResult

EXAMPLES = (
    "stdbpy publish",
    "stdbpy publish --break-clients",
    "stdbpy publish chat --module-path server --delete-data --yes",
    "stdbpy publish chat --bin-path module.wasm --server maincloud",
)

_WASM = b"\0asm"


DeleteData = Annotated[
    str,
    typer.Option(
        "--delete-data",
        "-c",
        "--clear-database",
        click_type=OneOf("always", "never", if_left_out="always"),
        help="Delete all data of the database first.",
    ),
]


def run(
    context: typer.Context,
    database: Annotated[
        str | None, typer.Argument(metavar="[DATABASE]", help="Name or identity. Default: the project's.")
    ] = None,
    module_path: ModulePath = None,
    bin_path: BinPath = None,
    delete_data: DeleteData = "never",
    break_clients: Annotated[
        bool,
        typer.Option("--break-clients", help="Update even if clients made for the version before stop working."),
    ] = False,
    server: Server = None,
    anonymous: Anonymous = False,
    yes: Yes = False,
    format: FormatOption = None,
) -> None:
    """Create or update a database from a module.

    A Python project runs on a server of `stdbpy start`; SpacetimeDB itself takes WebAssembly (--bin-path).
    """
    invocation = invocation_of(context)
    shape = format_for(format)
    if module_path is not None and bin_path is not None:
        raise UsageError("--module-path and --bin-path exclude one another")
    if bin_path is not None:
        program = _read_wasm(bin_path)
    else:
        project, built = build_project(module_path)
        program = built.package
        database = database or project.database or project.name
        server = server or project.server
    with connect(invocation, server, anonymous=anonymous, as_someone=True) as api:
        _expect_a_host_for(program, api)
        if delete_data == "always":
            confirm(f"Delete all data of {database} on {api.url}?", flag="--yes", yes=yes)
        result = api.publish(program, database, clear=delete_data == "always", break_clients=break_clients)
        _write(result, api.url, shape)


def _read_wasm(path: Path) -> bytes:
    program = path.read_bytes()
    if not program.startswith(_WASM):
        raise UsageError(f"{path} is not WebAssembly", hint="A project is published with --module-path")
    return program


def _expect_a_host_for(program: bytes, api: ApiClient) -> None:
    """Raises :class:`StdbError` if the server is of the kind that cannot run such a program."""
    is_wasm = program.startswith(_WASM)
    if is_embedded(api):
        if is_wasm:
            raise StdbError(
                f"{api.url} is a server of `stdbpy start`, which cannot run WebAssembly yet",
                hint="Publish a Python project there, or the .wasm to SpacetimeDB itself",
            )
    elif not is_wasm:
        raise StdbError(
            f"{api.url} is SpacetimeDB itself, which takes WebAssembly; stdbpy cannot build that from Python yet",
            hint="Publish to a server of `stdbpy start`",
        )


def _write(result: PublishResult, url: str, shape: Format) -> None:
    identity = result.database_identity.hex()
    if shape is Format.TABLE:
        name = f" {result.name}" if result.name is not None else ""
        print(f"{result.op} database{name}, identity: {identity}")
        return
    fields = [Field("op"), Field("name"), Field("identity"), Field("server")]
    write_records(fields, [(result.op, result.name, identity, url)], shape)
