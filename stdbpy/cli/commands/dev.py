"""``stdbpy dev``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.building import project_target
from stdbpy.cli.invocation import Invocation, invocation_of
from stdbpy.cli.left_out import CSHARP, LeftOut
from stdbpy.cli.options import ClientLanguage, DeleteDataOption, NoConfig, Server, YesKinds
from stdbpy.cli.publishing import Consent
from stdbpy.cli.terminal import ask
from stdbpy.errors import ProjectError, UsageError

if TYPE_CHECKING:
    from stdbpy.project.model import Target
    from stdbpy.project.targets import ProjectTargets

EXAMPLES = (
    "stdbpy dev",
    "stdbpy dev --run 'python client.py' --delete-data=on-conflict --yes",
    "stdbpy dev chat --server-only --skip-generate",
)

LEFT_OUT = {**CSHARP, "--database": LeftOut("the name stands by itself", hint="stdbpy dev NAME")}

ENVIRONMENT = "dev"
"""The layers of ``spacetime.json`` that are read unless ``--env`` names others."""


def run(
    context: typer.Context,
    database: Annotated[
        str | None,
        typer.Argument(metavar="[DATABASE]", help="Databases of the project (* and ? are wild), or a new name."),
    ] = None,
    project_path: Annotated[
        Path, typer.Option("--project-path", metavar="DIR", help="The project's folder.", show_default=True)
    ] = Path(),
    module_path: Annotated[
        Path | None, typer.Option("--module-path", metavar="DIR", help="The module's project, if it is another.")
    ] = None,
    bindings: Annotated[
        Path | None,
        typer.Option("--module-bindings-path", metavar="DIR", help="Where generated code goes; as configured."),
    ] = None,
    client: Annotated[
        str | None, typer.Option("--run", metavar="COMMAND", help="The client to run. Default: as configured.")
    ] = None,
    server_only: Annotated[bool, typer.Option("--server-only", help="Run no client.")] = False,
    skip_publish: Annotated[bool, typer.Option("--skip-publish", help="Publish nothing, and start no server.")] = False,
    skip_generate: Annotated[bool, typer.Option("--skip-generate", help="Generate nothing.")] = False,
    delete_data: DeleteDataOption = "never",
    template: Annotated[
        str | None,
        typer.Option("-t", "--template", metavar="TEMPLATE", help="What to begin with if there is no project yet."),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", metavar="DIR", help="Where a server that this starts keeps its databases."),
    ] = None,
    allow_loopback_http: Annotated[
        bool,
        typer.Option(
            "--allow-loopback-http",
            help="Let procedures on a server that this starts send HTTP requests to this machine.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Have a server that this starts import the module anew for each call, as a check. Slow."
        ),
    ] = False,
    server: Server = None,
    yes: YesKinds = None,
    no_config: NoConfig = False,
    env: Annotated[
        str, typer.Option("--env", metavar="ENV", help="The layers of spacetime.json to read.", show_default=True)
    ] = ENVIRONMENT,
    language: ClientLanguage = "python",
) -> None:
    """Work on a project: server, module, generated code and client, kept up to date until Ctrl-C.

    After each change of a file the module is built and published, its clients' code generated and the client started
    again. A server is started if none runs on this machine. What they write comes in one stream.
    """
    from stdbpy.cli.development import Development

    del language
    invocation = invocation_of(context)
    configuration = None if no_config else env
    targets, found = _targets(invocation, project_path, module_path, database, template, server, configuration)

    def read_targets() -> list[Target]:
        targets, _ = _targets(invocation, project_path, module_path, database, template, server, configuration)
        return targets

    consent = _consent(invocation, targets, Consent(yes or (), delete_data, anew="start dev again with"))
    folder = project_path.absolute()
    if found is not None:
        folder = (found.dev_folder if client is None else None) or found.root
        client = client or found.dev_run
    Development(
        invocation,
        targets,
        read_targets,
        consent,
        folder=folder,
        client=None if server_only else client,
        bindings=bindings,
        data_dir=data_dir,
        allow_loopback_http=allow_loopback_http,
        strict=strict,
        publishes=not skip_publish,
        generates=not skip_generate,
    ).run()


def _targets(
    invocation: Invocation,
    project_path: Path,
    module_path: Path | None,
    database: str | None,
    template: str | None,
    server: str | None,
    env: str | None,
) -> tuple[list[Target], ProjectTargets | None]:
    """What to publish, and the project that says so; without ``env`` its configuration does not count. What
    nobody said is asked for and remembered."""
    from stdbpy.project.servers import resolve_server
    from stdbpy.project.spacetime_json_edit import create_spacetime_json, remember_locally
    from stdbpy.project.targets import load_targets

    chosen = resolve_server(server, invocation.config())  # before anything is made
    found = None if env is None or not project_path.exists() else load_targets(project_path, env)
    if found is None and env is not None and template is not None:
        _begin(invocation, project_path, template, database)
        found = load_targets(project_path, env)
    if found is None:
        target = project_target(module_path or project_path)
        return [replace(target, database=database, server=server or target.server)], None
    targets = found.select(database, adopt=True)
    if module_path is not None:
        if len(targets) > 1:
            raise UsageError(f"one module cannot be that of {len(targets)} databases", hint="Name one DATABASE")
        targets = [replace(targets[0], module_path=module_path.absolute(), bin_path=None, js_path=None)]
    if targets[0].database is None:
        name = ask("Name of the database", flag="DATABASE", default=targets[0].project_name)
        place = None if targets[0].server is not None else chosen.nickname or chosen.url
        create_spacetime_json(found.root, server=place, module_path=targets[0].module_path or found.root)
        remember_locally(found.root, "database", name)
        invocation.note(f"remembered in {found.root / 'spacetime.local.json'}")
        targets = [replace(targets[0], database=name)]
    return [replace(target, server=server or target.server) for target in targets], found


def _begin(invocation: Invocation, folder: Path, template: str, database: str | None) -> None:
    from stdbpy.project.templates import Wishes, create_project

    if folder.is_dir() and any(folder.iterdir()):
        raise ProjectError(
            f"there is no project in {folder.absolute()}, and files are in the way of a new one",
            hint="Name an empty folder with --project-path",
        )
    created = create_project(template, folder, Wishes(database=database))
    invocation.note(f"created {created.root} from the template {template}")


def _consent(invocation: Invocation, targets: list[Target], consent: Consent) -> Consent:
    """Asks once what publishing would ask each time."""
    from stdbpy.api.address import Address
    from stdbpy.project.servers import resolve_server

    for target in targets:
        url = resolve_server(target.server, invocation.config()).url
        if not Address.parse(url).is_loopback:
            said = f" ({target.origin.name} says so)" if target.origin is not None else ""
            question = f"Publish each change of {target.database}{said} to {url}, which is not on this machine?"
            consent.ask(question, "remote")
    if consent.delete_data == "always":
        consent.ask("Delete all data at each change?", "delete-data")
        consent = replace(consent, yes=[*consent.yes, "delete-data"])
    return replace(consent, yes=[*consent.yes, "remote"])
