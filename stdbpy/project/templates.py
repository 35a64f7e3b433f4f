"""New projects from templates, rendered by cookiecutter.

The user's own cookiecutter settings are neither read nor written.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stdbpy import __version__
from stdbpy.errors import ProjectError, UsageError
from stdbpy.project.installation import local_requirement
from stdbpy.project.naming import ProjectNames, check_database_name, names_for
from stdbpy.project.template_sources import LOCAL_SETTINGS, WORK_FOLDER, bring_template

if TYPE_CHECKING:
    from stdbpy.project.model import Target

CLIENT = "client.py"

_INCLUDES_LOCAL_SETTINGS = re.compile(rf"^\s*[-s]?include\s+(.*\s)?{re.escape(LOCAL_SETTINGS)}\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class NewProject:
    root: Path
    names: ProjectNames
    files: tuple[str, ...]
    """Relative to ``root``, with slashes."""

    def databases_named_otherwise(self) -> list[Target]:
        """Databases that the template named, not :attr:`names`; each with the file that says so as ``origin``.

        Raises :class:`ProjectError`, and :class:`ConfigError` if the template brought a broken file.
        """
        from stdbpy.project.targets import load_targets

        project = load_targets(self.root)
        targets = project.targets if project is not None and project.root == self.root.resolve() else ()
        return [target for target in targets if target.database not in (None, self.names.database)]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a project shall be like, whatever its template."""

    database: str | None = None
    """Name of the database; ``None``: that of the folder."""
    server: str | None = None
    """Where it is published unless a command says otherwise; ``None``: the user's default server."""
    server_only: bool = False
    """Without the client program."""


def create_project(template: str, destination: Path, wishes: Wishes | None = None) -> NewProject:
    """Makes a project out of a template in ``destination``, which must be empty if it exists.

    ``template`` is what :func:`~stdbpy.project.template_sources.bring_template` takes. The folder's
    name gives the names of the package and, unless the wishes do, of the database. A project that a
    template copies as it is keeps its names. Either the whole project is there in the end or nothing
    is. Raises :class:`UsageError`, :class:`InvalidName` and :class:`ProjectError`.
    """
    wishes = wishes or Wishes()
    destination = destination.absolute()
    names = expect_place(destination)
    if wishes.database is not None:
        names = ProjectNames(check_database_name(wishes.database), names.package)
    try:
        return _create(template, destination, names, wishes)
    except OSError as error:
        raise ProjectError(f"{error.filename or destination} cannot be written: {error.strerror}") from error


def expect_place(destination: Path) -> ProjectNames:
    """The names of a project in the folder ``destination``. Raises :class:`InvalidName` if a project cannot be
    called so, :class:`ProjectError` if the folder is not empty or cannot be looked into."""
    # `stdbpy init .` is called like the folder it stands in, so links and dots are resolved.
    names = names_for(destination.resolve().name)
    try:
        if destination.is_dir():
            if any(destination.iterdir()):
                raise ProjectError(
                    f"{destination} is not empty", hint="Name a folder that does not exist yet, or an empty one."
                )
        elif destination.exists() or destination.is_symlink():
            raise ProjectError(f"{destination} is there already and is no folder", hint="Name another folder.")
    except OSError as error:
        raise ProjectError(f"{error.filename or destination} cannot be read: {error.strerror}") from error
    return names


def _create(template: str, destination: Path, names: ProjectNames, wishes: Wishes) -> NewProject:
    missing = [folder for folder in destination.parents if not folder.exists()]
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        # On the destination's own file system, so that moving the result is one step.
        nearby = destination if destination.exists() else destination.parent
        with tempfile.TemporaryDirectory(prefix=WORK_FOLDER, dir=nearby) as work:
            brought = Path(work) / "template"
            is_template = bring_template(template, brought)
            rendered = _render(brought, Path(work), names, wishes) if is_template else brought
            _write_local_settings(rendered)
            files = tuple(
                sorted(path.relative_to(rendered).as_posix() for path in rendered.rglob("*") if path.is_file())
            )
            _move(rendered, destination)
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise
    return NewProject(destination, names, files)


def _render(template: Path, work: Path, names: ProjectNames, wishes: Wishes) -> Path:
    from cookiecutter.exceptions import CookiecutterException
    from cookiecutter.main import cookiecutter
    from jinja2 import TemplateError

    settings = work / "settings.yaml"  # JSON is YAML
    own_folders = {"cookiecutters_dir": str(work / "cookiecutters"), "replay_dir": str(work / "replay")}
    settings.write_text(json.dumps(own_folders), encoding="utf-8")
    try:
        rendered: str = cookiecutter(
            str(template),
            no_input=True,
            extra_context={
                "package": names.package,
                "database": names.database,
                "client": "no" if wishes.server_only else "yes",
                "server": wishes.server or "",
                "stdbpy_version": __version__,
            },
            output_dir=str(work / "rendered"),
            config_file=str(settings),
            accept_hooks=False,
        )
    except (CookiecutterException, TemplateError) as error:
        raise ProjectError(f"the template cannot be rendered: {error}") from error
    if wishes.server_only:
        _leave_out_the_client(Path(rendered))
    return Path(rendered)


def _leave_out_the_client(project: Path) -> None:
    client = project / CLIENT
    if not client.is_file():
        raise UsageError(f"--server-only: this template has no client (no {CLIENT}) that could be left out")
    client.unlink()


def _write_local_settings(project: Path) -> None:
    """What this machine needs for ``make``, in the place of what a repository may have brought from another."""
    settings, makefile = project / LOCAL_SETTINGS, project / "Makefile"
    settings.unlink(missing_ok=True)
    requirement = local_requirement()
    if requirement is None or not makefile.is_file():
        return
    if not _INCLUDES_LOCAL_SETTINGS.search(makefile.read_text(encoding="utf-8", errors="replace")):
        return
    value = requirement.replace("$", "$$").replace("#", "\\#")
    text = (
        "# Settings of this machine for the Makefile; not in git.\n"
        "# The stdbpy that made this project did not come from the package index, but from:\n"
        f"STDBPY ?= {value}\n"
    )
    settings.write_text(text, encoding="utf-8")


def _move(rendered: Path, destination: Path) -> None:
    """An empty folder that exists stays the same folder: somebody's shell may stand in it."""
    if not destination.exists():
        rendered.rename(destination)
        return
    moved: list[Path] = []
    try:
        for path in sorted(rendered.iterdir()):
            target = destination / path.name
            path.rename(target)
            moved.append(target)
    except BaseException:
        for target in moved:
            if target.is_dir():
                shutil.rmtree(target, ignore_errors=True)
            else:
                target.unlink(missing_ok=True)
        raise
