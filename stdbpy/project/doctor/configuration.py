"""The files that say how to work: ``cli.toml``, the kept tokens, and the project's own."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from stdbpy.errors import StdbError, counted
from stdbpy.project.cli_toml import CliToml
from stdbpy.project.credentials import CredentialStore
from stdbpy.project.doctor.finding import Finding, failed, ok, warning
from stdbpy.project.targets import ProjectTargets

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def examine_cli_toml(config: CliToml) -> Finding:
    if not config.path.exists():
        return ok("cli.toml", f"there is no {config.path}, and none is needed")
    has_token = config.token is not None or config.web_session_token is not None
    if has_token and _is_for_others(config.path):
        return warning("cli.toml", f"others may read {config.path}, which has a token", f"chmod 600 '{config.path}'")
    return ok("cli.toml", f"{config.path}: {counted(len(config.servers), 'server')}")


def examine_credentials(store: CredentialStore) -> Iterator[Finding]:
    """Nothing if no tokens are kept."""
    was_for_others = _is_for_others(store.path)
    try:
        kept = len(store.all())
    except StdbError as failure:
        yield failed("tokens", failure)
        return
    if was_for_others:
        yield warning("tokens", f"others could read {store.path} until now", "Log in again if that was not meant")
    elif kept:
        yield ok("tokens", f"{store.path}: of {counted(kept, 'server')}")


def examine_project_files(project: ProjectTargets | None) -> Finding:
    if project is None:
        return ok("project", "there is no project here", "stdbpy init NAME")
    if not project.files:
        return ok("project", f"{project.root}: a Python project, with no configuration for SpacetimeDB")
    files = ", ".join(os.path.relpath(path, project.root) for path in project.files)
    databases = [target.database for target in project.targets if target.database]
    return ok("project", f"{project.root}: {files} ({', '.join(databases) or 'names no database'})")


def _is_for_others(path: Path) -> bool:
    """Whether anybody but its owner may read or write the file."""
    if os.name != "posix":
        return False
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False
