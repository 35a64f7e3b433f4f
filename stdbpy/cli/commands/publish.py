"""``stdbpy publish``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.building import targets_for
from stdbpy.cli.invocation import Invocation, invocation_of
from stdbpy.cli.left_out import CSHARP, LeftOut
from stdbpy.cli.options import (
    Abi,
    Anonymous,
    BinPath,
    DeleteDataOption,
    Environment,
    FormatOption,
    ModulePath,
    NoConfig,
    Server,
    YesKinds,
)
from stdbpy.cli.output import Field, Format, Plain, format_for, write_records
from stdbpy.cli.publishing import Consent, publish_target, tell
from stdbpy.cli.publishing_environment import publish_environment
from stdbpy.cli.watching import repeat
from stdbpy.errors import UsageError

if TYPE_CHECKING:
    from stdbpy.project.model import Target

EXAMPLES = (
    "stdbpy publish",
    "stdbpy publish --dry-run --format json",
    "stdbpy publish chat --server maincloud --yes=remote",
    "stdbpy publish chat --module-path . --delete-data=on-conflict --yes=delete-data",
    "stdbpy publish chat --bin-path module.wasm --server maincloud --yes=remote",
    "stdbpy publish chat --env-only --unset-env API_KEY",
)

_NOTHING_TO_COMPILE = LeftOut("a Python module has nothing to compile")
LEFT_OUT = {**CSHARP, **dict.fromkeys(("--build-options", "--build-opts"), _NOTHING_TO_COMPILE)}

_FIELDS = [
    Field(name)
    for name in ("op", "name", "identity", "server", "breaks_clients", "is_major_upgrade", "changes", "reasons")
]


def run(
    context: typer.Context,
    database: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATABASE]",
            help="Name or identity, or which of the project's databases (* and ? are wild). Default: all of them.",
        ),
    ] = None,
    module_path: ModulePath = None,
    bin_path: BinPath = None,
    js_path: Annotated[
        Path | None,
        typer.Option("-j", "--js-path", metavar="FILE", help="A JavaScript module, for servers that run those."),
    ] = None,
    abi: Abi = None,
    delete_data: DeleteDataOption = "never",
    break_clients: Annotated[
        bool,
        typer.Option("--break-clients", help="Update even if clients made for the version before stop working."),
    ] = False,
    parent: Annotated[
        str | None,
        typer.Option("--parent", metavar="DATABASE", help="The database whose team may use a new one."),
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option("--organization", "--org", metavar="NAME", help="The organization that a new one belongs to."),
    ] = None,
    unset_env: Annotated[
        list[str] | None,
        typer.Option(
            "--unset-env", metavar="KEY", help="Delete a value of the database's environment; may be repeated."
        ),
    ] = None,
    replace_env: Annotated[
        bool,
        typer.Option("--replace-env", help="Delete the values of the database's environment that are not set anew."),
    ] = False,
    env_only: Annotated[
        bool,
        typer.Option("--env-only", help="Change the values of the database's environment alone, without a module."),
    ] = False,
    num_replicas: Annotated[int | None, typer.Option("--num-replicas", hidden=True)] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Change nothing; fail if publishing would be refused or need consent."),
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again after each change, until Ctrl-C.")] = False,
    server: Server = None,
    anonymous: Anonymous = False,
    yes: YesKinds = None,
    no_config: NoConfig = False,
    env: Environment = None,
    format: FormatOption = None,
) -> None:
    """Create or update databases from modules.

    What an update will change is shown before it is done. A Python project goes as it is to a server of `stdbpy
    start`, and is built as WebAssembly for SpacetimeDB itself; with --abi for both. Values that a module declares of
    the database's environment (since SpacetimeDB 2.14) are taken from the environment that the command runs in.
    """
    invocation = invocation_of(context)
    shape = format_for(format)
    said = {"--module-path": module_path, "--bin-path": bin_path, "--js-path": js_path}
    if abi is not None and (bin_path or js_path):
        raise UsageError("--abi is for Python projects: what --bin-path and --js-path name is built already")
    if sum(path is not None for path in said.values()) > 1:
        raise UsageError(f"{', '.join(name for name, path in said.items() if path)} exclude one another")
    consent = Consent(yes or (), delete_data, break_clients)

    def targets() -> list[Target]:
        found = targets_for(
            database,
            module_path=module_path,
            bin_path=bin_path,
            js_path=js_path,
            no_config=no_config,
            env=env,
            needs_module=not env_only,
        )
        return [
            replace(
                target,
                server=server or target.server,
                anonymous=anonymous or target.anonymous,
                parent=parent or target.parent,
                organization=organization or target.organization,
                num_replicas=target.num_replicas if num_replicas is None else num_replicas,
            )
            for target in found
        ]

    def publish() -> None:
        # What the project says of its databases may be what changed.
        _publish(
            invocation,
            targets(),
            consent,
            shape,
            abi=abi,
            dry_run=dry_run,
            unset_env=unset_env or (),
            replace_env=replace_env,
            env_only=env_only,
        )

    if env_only:
        said_besides = {
            **said, "--abi": abi, "--break-clients": break_clients, "--dry-run": dry_run, "--watch": watch,
            "--delete-data": delete_data != "never",
        }  # fmt: skip
        besides = [name for name, is_said in said_besides.items() if is_said]
        if besides:
            raise UsageError(f"--env-only publishes no module: it excludes {', '.join(besides)}")
    if watch:
        watched = targets()
        projects = [target.module_path for target in watched if target.module_path is not None]
        left_out = [entry.out_dir for target in watched for entry in target.generate if entry.out_dir is not None]
        files = [path for target in watched for path in (target.bin_path, target.js_path) if path is not None]
        repeat(publish, invocation, projects, left_out=left_out, files=files)
    else:
        publish()


def _publish(
    invocation: Invocation,
    targets: list[Target],
    consent: Consent,
    shape: Format,
    *,
    abi: str | None,
    dry_run: bool,
    unset_env: Sequence[str],
    replace_env: bool,
    env_only: bool,
) -> None:
    done: list[dict[str, Plain]] = []
    try:
        for target in targets:
            agreed = replace(consent, break_clients=True) if target.break_clients else consent
            if env_only:
                record = publish_environment(invocation, target, agreed, unset_env=unset_env, replace_env=replace_env)
            else:
                record = publish_target(
                    invocation, target, agreed, abi=abi, dry_run=dry_run, unset_env=unset_env, replace_env=replace_env
                )
            done.append(record)
            if shape is Format.TABLE:
                tell(done[-1], dry_run=dry_run)
    finally:
        # One document for all of them; when one fails it has those that were done before.
        if done and shape is not Format.TABLE:
            write_records(_FIELDS, [[record.get(field.name) for field in _FIELDS] for record in done], shape)
