"""Finding the Python project that a folder is in or leads to."""

from __future__ import annotations

from pathlib import Path

from stdbpy.errors import ProjectError
from stdbpy.project import spacetime_json
from stdbpy.project.model import Project
from stdbpy.project.pyproject import PYPROJECT, SETUP, is_python_project, read_python_files
from stdbpy.project.targets import MODULE_FOLDER, folders_upwards, load_targets


def python_project(folder: Path) -> Project:
    """The Python project in ``folder`` itself. Raises :class:`ProjectError` if it is none,
    :class:`ConfigError` if its files are broken."""
    if not is_python_project(folder):
        raise ProjectError(
            f"{folder} is no Python project: it has no {PYPROJECT} or {SETUP}",
            hint='Name its folder with "module-path" in spacetime.json, or --module-path.',
        )
    python = read_python_files(folder)
    return Project(
        root=folder,
        name=python.name,
        module=python.text("module"),
        source_dir=python.folder_of("source-dir"),
        bindings=python.folder_of("bindings"),
        dependencies=python.dependencies,
        abi=python.text("abi"),
    )


def nearest_python_project(start: Path) -> Project:
    """The Python project that ``start`` is in, or has in ``spacetimedb``; no ``spacetime.json`` counts.

    Raises as :func:`discover`.
    """
    for folder in folders_upwards(start):
        found = next((place for place in (folder / MODULE_FOLDER, folder) if is_python_project(place)), None)
        if found is not None:
            return python_project(found)
    raise _no_project(start)


def discover(start: Path, *, env: str | None = None) -> Project:
    """The Python project that ``start`` (a folder, or a file in one) is in.

    It is the nearest folder upwards with ``pyproject.toml`` or ``setup.py``; a ``spacetime.json`` that is
    as near leads to it by its ``module-path``. ``env`` names the layers to read, as ``--env`` does.
    Raises :class:`ProjectError`, or :class:`ConfigError` if a file is broken.
    """
    for folder in folders_upwards(start):
        if (folder / spacetime_json.FILE_NAME).is_file():
            return _led_to(folder, env)
        if is_python_project(folder):
            return python_project(folder)
    raise _no_project(start)


def _no_project(start: Path) -> ProjectError:
    if start.is_file():
        return ProjectError(
            f"{start.absolute()} is in no project: no folder above has a {PYPROJECT}, {SETUP} or"
            f" {spacetime_json.FILE_NAME}",
            hint="Make a project with `stdbpy init NAME`, and let the file be its NAME/module.py.",
        )
    return ProjectError(
        f"there is no project in {start.absolute()}: neither it nor a folder above has a {PYPROJECT}, {SETUP} or"
        f" {spacetime_json.FILE_NAME}",
        hint="Make one with `stdbpy init NAME`, or name its folder with --module-path.",
    )


def _led_to(folder: Path, env: str | None) -> Project:
    found = load_targets(folder, env)
    assert found is not None  # the file is there
    module_path = found.targets[0].module_path
    if module_path is None or not is_python_project(module_path):
        raise ProjectError(
            f"{module_path or 'a file'}, to which {folder / spacetime_json.FILE_NAME} leads, is no Python project:"
            f" it has no {PYPROJECT} or {SETUP}",
            hint='Name its folder with "module-path", or --module-path.',
        )
    return python_project(module_path.resolve())
