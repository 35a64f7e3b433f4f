"""What a Python project's own files say: ``pyproject.toml`` with ``[tool.stdbpy]``, or ``setup.py``.

``[tool.stdbpy]`` holds ``module`` (import name of the module's code), ``source-dir`` (the folder it
is imported from), ``database``, ``server`` and ``bindings`` (the folder for generated Python code).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from stdbpy.errors import ConfigError, nearest
from stdbpy.project.toml_file import read_toml

PYPROJECT = "pyproject.toml"
SETUP = "setup.py"
TABLE = "[tool.stdbpy]"
KEYS = ("module", "source-dir", "database", "server", "bindings")


def is_python_project(folder: Path) -> bool:
    return (folder / PYPROJECT).is_file() or (folder / SETUP).is_file()


def read_pyproject(path: Path) -> tuple[str | None, dict[str, str]]:
    """The project's name, if it has one, and its ``[tool.stdbpy]``. Raises :class:`ConfigError`."""
    document = read_toml(path) or {}
    name = _table(path, document, "project").get("name")
    if name is not None and not isinstance(name, str):
        raise ConfigError(f"{path}: name in [project] must be a string")
    settings: dict[str, str] = {}
    for key, value in _table(path, _table(path, document, "tool"), "stdbpy").items():
        if key not in KEYS:
            raise ConfigError(f"{path}: {TABLE} has no key {key!r}", hint=nearest(key, KEYS) or _keys_hint())
        if not isinstance(value, str):
            raise ConfigError(f"{path}: {key} in {TABLE} must be a string")
        settings[key] = value
    return name, settings


def read_setup(path: Path) -> str | None:
    """The name that ``setup.py`` gives to ``setup()``, if it is written out there; nothing is run.

    Raises :class:`ConfigError` if the file cannot be read or is not Python.
    """
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


def _table(path: Path, parent: Mapping[str, object], key: str) -> Mapping[str, object]:
    table = parent.get(key, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: {key} must be a table")
    return table


def _keys_hint() -> str:
    return f"It may have: {', '.join(KEYS)}."
