"""The examination as a whole: what is looked at, in which order, and what one thing means for the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stdbpy.errors import StdbError
from stdbpy.project import cli_toml
from stdbpy.project.cli_toml import CliToml
from stdbpy.project.credentials import CredentialStore
from stdbpy.project.doctor.configuration import examine_cli_toml, examine_credentials, examine_project_files
from stdbpy.project.doctor.finding import Finding, failed
from stdbpy.project.doctor.installation import examine_installation
from stdbpy.project.doctor.modules import examine_modules
from stdbpy.project.doctor.server import examine_server
from stdbpy.project.servers import resolve_server
from stdbpy.project.targets import ProjectTargets, load_targets


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where and for whom the examination is."""

    folder: Path | None
    """Where the user is; no project needs to be there. ``None`` if none is to count."""
    cli_toml_path: Path | None
    """``None`` for the user's own."""
    credentials: CredentialStore
    server: str | None = None
    """The server that the user chose for commands: an address or a nickname."""
    token: str | None = field(default=None, repr=False)
    """The token that the user chose for commands, instead of a stored one."""
    env: str | None = None
    """Which layers of ``spacetime.json`` count."""


def examine(circumstances: Circumstances) -> Iterator[Finding]:
    """Looks at everything, one thing after the other: stdbpy itself, configuration, the project with its module and
    generated code, the server, and the token for it.

    Runs the module's code, but none of its reducers. Changes nothing, and asks no server but the one that commands
    would ask. What cannot be examined is a finding; this raises nothing.
    """
    yield from examine_installation()
    config, finding = _read_cli_toml(circumstances.cli_toml_path)
    yield finding or examine_cli_toml(config)
    yield from examine_credentials(circumstances.credentials)
    project, finding = _load_targets(circumstances)
    if circumstances.folder is not None:
        yield finding or examine_project_files(project)
    if project is not None:
        yield from examine_modules(project)
    chosen = circumstances.server or _server_of(project)
    try:
        server = resolve_server(chosen, config)
    except StdbError as failure:
        yield failed("server", failure)
        return
    is_chosen = chosen is not None or config.default_server is not None
    yield from examine_server(server, is_chosen, circumstances.token, circumstances.credentials, config)


def _read_cli_toml(path: Path | None) -> tuple[CliToml, Finding | None]:
    """What the file says; nothing, and why, if it is broken."""
    try:
        return cli_toml.read(path), None
    except StdbError as failure:
        return CliToml(path or Path("cli.toml")), failed("cli.toml", failure)


def _load_targets(circumstances: Circumstances) -> tuple[ProjectTargets | None, Finding | None]:
    if circumstances.folder is None:
        return None, None
    try:
        return load_targets(circumstances.folder, circumstances.env), None
    except StdbError as failure:
        return None, failed("project", failure)


def _server_of(project: ProjectTargets | None) -> str | None:
    servers = [target.server for target in project.targets if target.server] if project is not None else []
    return servers[0] if servers else None
