"""Finding a project from a folder inside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stdbpy.errors import ConfigError, ProjectError
from stdbpy.project import spacetime_json
from stdbpy.project.model import Project
from stdbpy.project.pyproject import (
    PYPROJECT,
    SETUP,
    TABLE,
    is_python_project,
    read_pyproject,
    read_setup,
)
from stdbpy.project.spacetime_json import SpacetimeJson

MODULE_FOLDER = "spacetimedb"
"""Where the official program looks for the module unless ``module-path`` says."""


def discover(start: Path, *, env: str | None = None) -> Project:
    """The project that ``start`` (a folder, or a file in one) belongs to.

    It is the nearest folder upwards with ``spacetime.json``, ``pyproject.toml`` or ``setup.py``. A
    ``spacetime.json`` leads to the Python project by its ``module-path``; a Python project without
    one of its own takes the nearest above that leads to it. ``env`` names the layers to read, as
    ``--env`` does. Raises :class:`ProjectError`, or :class:`ConfigError` if a file is broken.
    """
    start = start.absolute()
    if not start.exists():
        raise ProjectError(f"there is no folder {start}")
    for folder in _upwards(start if start.is_dir() else start.parent):
        if (folder / spacetime_json.FILE_NAME).is_file():
            return _project_of(spacetime_json.read(folder, env=env))
        if is_python_project(folder):
            return _read_project(folder, _config_above(folder, env))
    raise ProjectError(
        f"there is no project in {start}: neither it nor a folder above has a {PYPROJECT}, {SETUP} or"
        f" {spacetime_json.FILE_NAME}",
        hint="Make one with `stdbpy init NAME`, or name its folder with --module-path.",
    )


def _upwards(folder: Path) -> Iterator[Path]:
    folder = folder.resolve()
    yield folder
    yield from folder.parents


def _config_above(folder: Path, env: str | None) -> SpacetimeJson | None:
    for above in folder.parents:
        if (above / spacetime_json.FILE_NAME).is_file():
            config = spacetime_json.read(above, env=env)
            return config if _python_folder(config) == folder else None
    return None


def _python_folder(config: SpacetimeJson) -> Path:
    if config.module_path is not None:
        return (config.folder / config.module_path).resolve()
    inner = config.folder / MODULE_FOLDER
    return inner if is_python_project(inner) else config.folder


def _project_of(config: SpacetimeJson) -> Project:
    folder = _python_folder(config)
    if not is_python_project(folder):
        raise ProjectError(
            f"{folder}, to which {config.folder / spacetime_json.FILE_NAME} leads, is no Python project:"
            f" it has no {PYPROJECT} or {SETUP}",
            hint='Name its folder with "module-path", or --module-path.',
        )
    return _read_project(folder, config)


def _read_project(folder: Path, config: SpacetimeJson | None) -> Project:
    name, settings = None, dict[str, str]()
    if (folder / PYPROJECT).is_file():
        name, settings = read_pyproject(folder / PYPROJECT)
    if name is None and (folder / SETUP).is_file():
        name = read_setup(folder / SETUP)
    project = Project(
        root=folder,
        name=name or folder.name,
        module=settings.get("module"),
        source_dir=_folder_in(folder, settings, "source-dir"),
        database=settings.get("database"),
        server=settings.get("server"),
        bindings=_folder_in(folder, settings, "bindings"),
    )
    return project if config is None else _with_config(project, settings, config)


def _folder_in(root: Path, settings: dict[str, str], key: str) -> Path | None:
    return (root / settings[key]).resolve() if key in settings else None


def _with_config(project: Project, settings: dict[str, str], config: SpacetimeJson) -> Project:
    values = {key: value for key in ("database", "server") if (value := getattr(config, key)) is not None}
    for key in values:
        if key in settings:
            raise ConfigError(
                f"{key} is said twice: in {TABLE} of {project.root / PYPROJECT} and in"
                f" {config.folder / spacetime_json.FILE_NAME}",
                hint="Remove it from one of them.",
            )
    return replace(project, **values)
