"""``spacetime.json``: the official program's configuration of a project.

JSON5, in layers: ``spacetime.json``, ``spacetime.local.json``, ``spacetime.ENV.json`` and
``spacetime.ENV.local.json``; a later file replaces whole keys of those before, and does so child by
child. Keys are those of SpacetimeDB 2.8.3 (its reference page on this file, and
``crates/cli/src/spacetime_config.rs``). Where the two spell a key differently, both are read:
the reference says ``bin-path``, ``js-path`` and ``anonymous``, the program takes ``wasm-file``,
``js-file`` and ``anon-identity``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdbpy.errors import ConfigError, nearest
from stdbpy.project.json5_file import Json5File, read_json5
from stdbpy.project.languages import NAMES, SYNONYMS

FILE_NAME = "spacetime.json"
LOCAL_FILE_NAME = "spacetime.local.json"

_SPELLINGS = {"wasm-file": "bin-path", "js-file": "js-path", "anon-identity": "anonymous"}
"""The program's names of keys that its reference calls otherwise; ours are those of the reference."""

_ENTITY: Mapping[str, type] = {
    "database": str,
    "server": str,
    "module-path": str,
    "bin-path": str,
    "js-path": str,
    "build-options": str,
    "break-clients": bool,
    "num-replicas": int,
    "anonymous": bool,
    "organization": str,
    "parent": str,
    "native-aot": bool,
    "dotnet-version": str,
    "generate": list,
    "children": list,
    "dev": dict,
    "_source-config": str,  # some releases of the official program left it there by mistake
}
_GENERATE: Mapping[str, type] = {
    "language": str,
    "out-dir": str,
    "uproject-dir": str,
    "module-path": str,
    "bin-path": str,
    "js-path": str,
    "namespace": str,
    "unreal-module-name": str,
    "module-prefix": str,
    "build-options": str,
    "dotnet-version": str,
    "include-private": bool,
}
_DEV: Mapping[str, type] = {"run": str}
_MAY_BE_NULL = frozenset({"generate", "children", "dev"})
_LANGUAGES = (*NAMES, *(synonym for synonym, language in SYNONYMS.items() if language == "unrealcpp"))
_KINDS = {
    str: "a string",
    bool: "true or false",
    int: "a whole number from 0 to 255",
    list: "a list, in brackets",
    dict: "an object, in braces",
}

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A value, and the file that says it."""

    value: Any
    file: Path


@dataclass(slots=True)
class Entity:
    """What the files say about one database: their whole object, or one of its ``children``."""

    file: Json5File
    """The first file that speaks of it."""
    steps: Steps
    said: dict[str, Said]
    """By the reference's names of keys; without ``children``."""
    children: list[Entity] | None = None

    def error(self, message: str, *, hint: str = "") -> ConfigError:
        """An error about this entry, with file and line."""
        return self.file.error(message, *self.steps, hint=hint)


@dataclass(frozen=True, slots=True)
class Layers:
    """All layers that a folder has, as one."""

    folder: Path
    files: tuple[Path, ...]
    """Those that were there, the first one first."""
    root: Entity

    @property
    def path(self) -> Path:
        return self.folder / FILE_NAME


def read_layers(folder: Path, *, env: str | None = None) -> Layers | None:
    """The layers in ``folder``, or ``None`` if it has no ``spacetime.json``, without which none counts.

    ``env`` names the environment, as ``--env`` does. Raises :class:`ConfigError`, with file and line.
    """
    documents = [document for name in _layer_names(env) if (document := read_json5(folder / name)) is not None]
    if not documents or documents[0].path.name != FILE_NAME:
        return None
    root, *later = [_entity(document, document.values, ()) for document in documents]
    for entity in later:
        _overlay(root, entity)
    return Layers(folder, tuple(document.path for document in documents), root)


def spelling_in(values: Mapping[str, Any], key: str) -> str:
    """How the object spells ``key``; as the reference does if it has not got it."""
    return next((written for written in values if _canonical(written) == key), key)


def _layer_names(env: str | None) -> Iterator[str]:
    yield FILE_NAME
    yield LOCAL_FILE_NAME
    if env is not None:
        yield f"spacetime.{env}.json"
        yield f"spacetime.{env}.local.json"


def _overlay(base: Entity, later: Entity) -> None:
    """Children are paired by their place in the list; a later file adds none to a list that is there."""
    base.said.update(later.said)
    if later.children is None:
        return
    if base.children is None:
        base.children = later.children
    else:
        for mine, theirs in zip(base.children, later.children, strict=False):
            _overlay(mine, theirs)


def _entity(file: Json5File, values: dict[str, Any], steps: Steps) -> Entity:
    if isinstance(dev := values.get("dev"), dict):  # looked at before all else, as the official program does
        _checked(file, dev, (*steps, "dev"), _DEV)
    known = _checked(file, values, steps, _ENTITY)
    children = known.pop("children", None)
    known.pop("_source-config", None)
    if (entries := known.get("generate")) is not None:
        known["generate"] = [_generate_entry(file, *element) for element in _objects(file, entries, steps, "generate")]
    return Entity(
        file,
        steps,
        {key: Said(value, file.path) for key, value in known.items() if value is not None},
        None
        if children is None
        else [_entity(file, *element) for element in _objects(file, children, steps, "children")],
    )


def _generate_entry(file: Json5File, values: dict[str, Any], steps: Steps) -> dict[str, Any]:
    entry = _checked(file, values, steps, _GENERATE)
    language = entry.get("language")
    if language is None:
        raise file.error("language is missing", *steps)
    if language == "python":
        raise file.error(
            'the official program refuses a file with "language": "python"',
            *(*steps, "language"),
            hint='Say `bindings = "FOLDER"` in [tool.stdbpy] of pyproject.toml instead.',
        )
    if language not in _LANGUAGES:
        raise file.error(
            f"there is no language {language!r}",
            *(*steps, "language"),
            hint=nearest(language, _LANGUAGES) or f"It may be: {', '.join(_LANGUAGES[:4])}.",
        )
    return entry


def _objects(file: Json5File, elements: list[Any], steps: Steps, key: str) -> Iterator[tuple[dict[str, Any], Steps]]:
    for index, element in enumerate(elements):
        place = (*steps, key, index)
        if not isinstance(element, dict):
            raise file.error(f"each of {key} must be {_KINDS[dict]}", *place)
        yield element, place


def _checked(file: Json5File, values: dict[str, Any], steps: Steps, known: Mapping[str, type]) -> dict[str, Any]:
    """``values`` by the reference's names of keys, after a look at names and types."""
    result: dict[str, Any] = {}
    for written, value in values.items():
        key = _canonical(written)
        if key not in known:
            spelt = (*known, *_SPELLINGS)
            raise file.error(f"unknown field `{written}`", *steps, written, hint=nearest(written, spelt))
        if key in result:
            raise file.error(f"{written} says {key} for the second time", *steps, written, hint="Remove one of them.")
        if value is None and key in _MAY_BE_NULL:
            continue
        if not _is(value, known[key]):
            raise file.error(f"{written} must be {_KINDS[known[key]]}", *steps, written)
        result[key] = value
    return result


def _canonical(written: str) -> str:
    key = written if written.startswith("_") else written.replace("_", "-")
    return _SPELLINGS.get(key, key)


def _is(value: object, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str) and "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and value in range(256)
    return isinstance(value, kind)
