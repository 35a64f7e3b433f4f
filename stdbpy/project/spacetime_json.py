"""``spacetime.json``: the official program's configuration of a project.

JSON5, in layers: ``spacetime.json``, ``spacetime.local.json``, ``spacetime.ENV.json`` and
``spacetime.ENV.local.json``; a later file replaces whole keys of those before. Keys are those that
the official program 2.8.3 takes (``crates/cli/src/spacetime_config.rs`` and ``subcommands``), in the
spellings of its documentation and in those of its code, which differ for some.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdbpy.errors import ConfigError, nearest

FILE_NAME = "spacetime.json"

_TEXT_KEYS = ("database", "module-path", "server")
_OTHER_KEYS = (
    *("anon-identity", "anonymous", "bin-path", "break-clients", "build-options", "children", "dev"),
    *("dotnet-version", "generate", "js-file", "js-path", "native-aot", "num-replicas", "organization"),
    *("parent", "wasm-file", "_source-config"),
)
"""Keys that mean something to the official program alone."""

_LINE_IN_MESSAGE = re.compile(r"line (\d+)")
_INDEX_IN_MESSAGE = re.compile(r"index (\d+)")


@dataclass(frozen=True, slots=True)
class SpacetimeJson:
    """The values of all layers that stdbpy reads."""

    folder: Path
    database: str | None = None
    module_path: str | None = None
    """As written: relative to ``folder`` unless absolute."""
    server: str | None = None


def read(folder: Path, *, env: str | None = None) -> SpacetimeJson:
    """Reads the layers in ``folder``; ``env`` names the environment, as ``--env`` does.

    Raises :class:`ConfigError`, with the line if a file is not JSON5.
    """
    names = [FILE_NAME, "spacetime.local.json"]
    if env is not None:
        names += [f"spacetime.{env}.json", f"spacetime.{env}.local.json"]
    merged: dict[str, str] = {}
    for name in names:
        merged.update(_read_layer(folder / name))
    return SpacetimeJson(folder, merged.get("database"), merged.get("module-path"), merged.get("server"))


def _read_layer(path: Path) -> dict[str, str]:
    """The keys of one file whose values are used; none if there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}") from None
    document = _parse(path, text)
    if not isinstance(document, dict):
        raise ConfigError(f"{path} must hold an object, in braces")
    values: dict[str, str] = {}
    for written, value in document.items():
        key = written if written.startswith("_") else written.replace("_", "-")
        if key in _TEXT_KEYS:
            if not isinstance(value, str):
                raise ConfigError(f"{path}: {written} must be a string")
            values[key] = value
        elif key not in _OTHER_KEYS:
            raise ConfigError(f"{path} has an unknown key {written!r}", hint=nearest(key, (*_TEXT_KEYS, *_OTHER_KEYS)))
    _refuse_python_targets(path, document.get("generate"))
    return values


def _refuse_python_targets(path: Path, targets: object) -> None:
    for target in targets if isinstance(targets, list) else ():
        if isinstance(target, dict) and target.get("language") == "python":
            raise ConfigError(
                f'{path}: the official program refuses a file with "language": "python"',
                hint='Say `bindings = "FOLDER"` in [tool.stdbpy] of pyproject.toml instead.',
            )


def _parse(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
    except ValueError:
        pass  # json is quick to import and reads most files; only a file with more than JSON needs json5
    from json5 import JSON5DecodeError, loads

    try:
        return loads(text)
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
    except JSON5DecodeError as error:
        raise ConfigError(f"{path}:{_line_of(error, text)}: not valid JSON5") from None


def _line_of(error: ValueError, text: str) -> int:
    """The library tells the place in words, and for some errors not at all: those end the file."""
    if line := _LINE_IN_MESSAGE.search(str(error)):
        return int(line[1])
    if index := _INDEX_IN_MESSAGE.search(str(error)):
        return text.count("\n", 0, int(index[1])) + 1
    return text.count("\n") + 1
