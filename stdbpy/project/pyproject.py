"""What a Python project's own files say: ``pyproject.toml`` with ``[tool.stdbpy]``, or ``setup.py``.

``[tool.stdbpy]`` holds ``module`` (import name of the module's code), ``source-dir`` (the folder it
is imported from), ``database``, ``server``, ``bindings`` (the folder for generated Python code),
``include-private`` (whether that covers private tables), ``rows`` (what its rows are), ``abi`` (what servers the
WebAssembly is for) and ``dev-run`` (the client that ``dev`` starts). What the official program has words for may stand
in ``spacetime.json`` instead.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stdbpy.errors import ConfigError, nearest
from stdbpy.project.toml_file import TomlFile, read_toml

PYPROJECT = "pyproject.toml"
SETUP = "setup.py"
TABLE = "[tool.stdbpy]"
KEYS: Mapping[str, type] = {
    "module": str,
    "source-dir": str,
    "database": str,
    "server": str,
    "bindings": str,
    "include-private": bool,
    "rows": str,
    "abi": str,
    "dev-run": str,
}


@dataclass(frozen=True, slots=True)
class PythonFiles:
    """What the files of a Python project say."""

    folder: Path
    name: str
    """The project's, else its folder's."""
    settings: Mapping[str, str | bool] = field(default_factory=dict)
    """``[tool.stdbpy]``."""
    dependencies: tuple[str, ...] | None = None
    """Those of ``[project]``; ``None`` if it does not say them, or that something else does."""

    @property
    def path(self) -> Path:
        return self.folder / PYPROJECT

    def text(self, key: str) -> str | None:
        value = self.settings.get(key)
        return value if isinstance(value, str) else None

    def folder_of(self, key: str) -> Path | None:
        """The folder that a setting names, relative to the project's."""
        value = self.text(key)
        return None if value is None else (self.folder / value).resolve()


def is_python_project(folder: Path) -> bool:
    return (folder / PYPROJECT).is_file() or (folder / SETUP).is_file()


def read_python_files(folder: Path) -> PythonFiles:
    """What the Python project in ``folder`` says. Raises :class:`ConfigError`."""
    name, dependencies, settings = None, None, dict[str, str | bool]()
    if (folder / PYPROJECT).is_file():
        file = read_toml(folder / PYPROJECT) or TomlFile(folder / PYPROJECT, "", {})
        name, dependencies = _read_project(file)
        settings = _read_settings(file)
    if name is None and (folder / SETUP).is_file():
        name = _read_setup(folder / SETUP)
    return PythonFiles(folder, name or folder.name, settings, dependencies)


def _read_project(file: TomlFile) -> tuple[str | None, tuple[str, ...] | None]:
    """The project's name and its dependencies, as far as ``[project]`` says them."""
    project = _table(file, file.values, "project")
    name, dependencies = project.get("name"), project.get("dependencies")
    if name is not None and not isinstance(name, str):
        raise file.error("name in [project] must be a string", "project", "name")
    if dependencies is None:
        return name, None
    if not isinstance(dependencies, list) or not all(isinstance(each, str) for each in dependencies):
        raise file.error("dependencies in [project] must be a list of strings", "project", "dependencies")
    return name, tuple(dependencies)


def _read_settings(file: TomlFile) -> dict[str, str | bool]:
    settings: dict[str, str | bool] = {}
    for key, value in _table(file, _table(file, file.values, "tool"), "stdbpy").items():
        if key not in KEYS:
            hint = nearest(key, KEYS) or f"It may have: {', '.join(KEYS)}."
            raise file.error(f"{TABLE} has no key {key!r}", "tool.stdbpy", key, hint=hint)
        if not isinstance(value, (str, bool)) or not isinstance(value, KEYS[key]):
            kind = "a string" if KEYS[key] is str else "true or false"
            raise file.error(f"{key} in {TABLE} must be {kind}", "tool.stdbpy", key)
        settings[key] = value
    return settings


def _read_setup(path: Path) -> str | None:
    """The name that ``setup.py`` gives to ``setup()``, if it is written out there; nothing is run."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (SyntaxError, ValueError) as error:
        raise ConfigError(f"{path}:{getattr(error, 'lineno', None) or 1}: not valid Python: {error}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called_name(node) == "setup":
            for keyword in node.keywords:
                if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return None


def _called_name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _table(file: TomlFile, parent: Mapping[str, object], key: str) -> Mapping[str, object]:
    table = parent.get(key, {})
    if not isinstance(table, dict):
        raise file.error(f"{key} must be a table", key=key)
    return table
