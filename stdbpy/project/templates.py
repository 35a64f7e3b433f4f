"""New projects, rendered from the templates that come with stdbpy; nothing is fetched.

Templates are cookiecutter's (``project_templates/NAME/cookiecutter.json``). The user's own
cookiecutter settings are neither read nor written.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stdbpy import __version__
from stdbpy.errors import ProjectError, UsageError, nearest
from stdbpy.project.installation import local_requirement
from stdbpy.project.naming import ProjectNames, check_database_name, names_for

TEMPLATES = {
    "basic": "one table and a few reducers to begin with",
    "chat": "a chat room: users that come and go, messages, checks and a schedule",
}
"""The templates and what is in them."""

LOCAL_SETTINGS = "local.mk"
"""The file of a new project for settings of this machine; its ``.gitignore`` lists it."""


@dataclass(frozen=True, slots=True)
class NewProject:
    root: Path
    names: ProjectNames
    files: tuple[str, ...]
    """Relative to ``root``, with slashes."""


def create_project(template: str, destination: Path, *, database: str | None = None) -> NewProject:
    """Renders a template into ``destination``, which must be empty if it exists.

    The folder's name gives the names of the package and, unless ``database`` does, of the database.
    Either the whole project is there in the end or nothing is. Raises :class:`UsageError` for a
    template that does not exist, :class:`InvalidName` and :class:`ProjectError`.
    """
    if template not in TEMPLATES:
        known = nearest(template, TEMPLATES) or f"There are: {', '.join(TEMPLATES)}."
        raise UsageError(f"there is no template {template!r}", hint=known)
    destination = destination.absolute()
    # `stdbpy init .` is called like the folder it stands in, so links and dots are resolved.
    names = names_for(destination.resolve().name)
    if database is not None:
        names = ProjectNames(check_database_name(database), names.package)
    try:
        _refuse_occupied(destination)
        return _create(template, destination, names)
    except OSError as error:
        raise ProjectError(f"{error.filename or destination} cannot be written: {error.strerror}") from error


def _refuse_occupied(destination: Path) -> None:
    if destination.is_dir():
        if any(destination.iterdir()):
            raise ProjectError(
                f"{destination} is not empty", hint="Name a folder that does not exist yet, or an empty one."
            )
    elif destination.exists() or destination.is_symlink():
        raise ProjectError(f"{destination} is there already and is no folder", hint="Name another folder.")


def _create(template: str, destination: Path, names: ProjectNames) -> NewProject:
    missing = [folder for folder in destination.parents if not folder.exists()]
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        # On the destination's own file system, so that moving the result is one step.
        nearby = destination if destination.exists() else destination.parent
        with tempfile.TemporaryDirectory(prefix=".stdbpy-init-", dir=nearby) as work:
            rendered = _render(_template_folder() / template, names, Path(work))
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


def _template_folder() -> Path:
    """In a wheel the templates lie in this package, in a checkout beside the package ``stdbpy``."""
    here = Path(__file__).resolve().parent
    packaged = here / "templates"
    return packaged if packaged.is_dir() else here.parents[1] / "project_templates"


def _render(template: Path, names: ProjectNames, work: Path) -> Path:
    from cookiecutter.exceptions import CookiecutterException
    from cookiecutter.main import cookiecutter

    # Installing a wheel compiles the Python files in it: the copy leaves that out.
    source = shutil.copytree(template, work / "template", ignore=shutil.ignore_patterns("__pycache__"))
    settings = work / "settings.yaml"  # JSON is YAML
    own_folders = {"cookiecutters_dir": str(work / "cookiecutters"), "replay_dir": str(work / "replay")}
    settings.write_text(json.dumps(own_folders), encoding="utf-8")
    try:
        rendered: str = cookiecutter(
            str(source),
            no_input=True,
            extra_context={
                "package": names.package,
                "database": names.database,
                "stdbpy_version": __version__,
            },
            output_dir=str(work / "rendered"),
            config_file=str(settings),
            accept_hooks=False,
        )
    except CookiecutterException as error:
        raise ProjectError(f"the template {template.name!r} cannot be rendered: {error}") from error
    return Path(rendered)


def _write_local_settings(project: Path) -> None:
    requirement = local_requirement()
    if requirement is None:
        return
    value = requirement.replace("$", "$$").replace("#", "\\#")
    text = (
        "# Settings of this machine for the Makefile; not in git.\n"
        "# The stdbpy that made this project did not come from the package index, but from:\n"
        f"STDBPY ?= {value}\n"
    )
    (project / LOCAL_SETTINGS).write_text(text, encoding="utf-8")


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
