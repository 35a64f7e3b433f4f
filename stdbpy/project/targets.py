"""What a project is to be published as: the databases that its files name, with all that is said of each.

The files are ``spacetime.json`` with its layers, and ``[tool.stdbpy]`` in the ``pyproject.toml`` beside
it or in the Python project that a ``module-path`` leads to; a Python project without a
``spacetime.json`` is one target by itself. ``[tool.stdbpy]`` counts like keys of ``spacetime.json``
itself: later layers replace it, and a key of which the two say different things is an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from stdbpy.errors import ConfigError, ProjectError, nearest
from stdbpy.project import spacetime_json
from stdbpy.project.languages import SYNONYMS
from stdbpy.project.model import GenerateTarget, Target
from stdbpy.project.pyproject import PYPROJECT, TABLE, PythonFiles, is_python_project, read_python_files
from stdbpy.project.spacetime_json import Entity, Layers, Said, read_layers

MODULE_FOLDER = "spacetimedb"
"""Where the official program looks for the module unless ``module-path`` says."""

_MANIFESTS = ("Cargo.toml", "package.json", "CMakeLists.txt", PYPROJECT, "setup.py")
_ROW_STYLES = ("msgspec", "pydantic")
_SOURCES = ("module-path", "bin-path", "js-path")
"""Where a module comes from: an entry that says one of them inherits none of the others."""

_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class ProjectTargets:
    """The databases of a project."""

    root: Path
    """The folder of ``spacetime.json``, else that of the Python project."""
    targets: tuple[Target, ...]
    """The file's own database first, then its children, each before its own children."""
    files: tuple[Path, ...] = ()
    """What was read to know that."""
    dev_run: str | None = None
    """The command of the client that ``dev`` starts."""
    dev_folder: Path | None = None
    """Where that runs: the folder of the file that says it; ``None`` if none does."""

    def select(self, pattern: str | None = None, *, adopt: bool = False) -> list[Target]:
        """The targets whose database matches ``pattern``, in which ``*``, ``?`` and ``[…]`` are wild; all
        that have a database for ``None``.

        With ``adopt``, a name that matches nothing in a project of one target takes that target's place,
        as when publishing the same module under another name. Raises :class:`ProjectError` if nothing
        matches.
        """
        if pattern is None:
            return [target for target in self.targets if target.database is not None] or list(self.targets)
        found = [target for target in self.targets if target.database and fnmatchcase(target.database, pattern)]
        if found:
            return found
        if adopt and len(self.targets) == 1 and not _GLOB.search(pattern):
            return [replace(self.targets[0], database=pattern, origin=None)]
        names = [target.database for target in self.targets if target.database]
        near = nearest(pattern, names) or (f"It has: {', '.join(names)}." if names else "")
        raise ProjectError(
            f"the project in {self.root} has no database {pattern!r}",
            hint=f"{near} With --no-config, the project's files do not count.".strip(),
        )


def load_targets(start: Path, env: str | None = None) -> ProjectTargets | None:
    """The targets of the project that ``start`` (a folder, or a file in one) is in; ``None`` if it is in none.

    That is the nearest ``spacetime.json`` upwards, except for a Python project below it which has a
    ``[tool.stdbpy]`` of its own and to which it does not lead. ``env`` names the layers to read, as
    ``--env`` does. Raises :class:`ProjectError`, and :class:`ConfigError` with file and line if a
    file is broken.
    """
    python: PythonFiles | None = None
    for folder in folders_upwards(start):
        layers = read_layers(folder, env=env)
        if layers is not None:
            found = _of_layers(layers)
            if python is None or not python.settings or _leads_to(found, python.folder):
                return found
            break
        if python is None and is_python_project(folder):
            python = read_python_files(folder)
    return None if python is None else _of_python(python)


def folders_upwards(start: Path) -> Iterator[Path]:
    """The folder that ``start`` is or is in, and all above. Raises :class:`ProjectError` if there is none."""
    start = start.absolute()
    if not start.exists():
        raise ProjectError(f"there is no folder {start}")
    folder = (start if start.is_dir() else start.parent).resolve()
    yield folder
    yield from folder.parents


def _leads_to(targets: ProjectTargets, folder: Path) -> bool:
    return any(target.module_path and target.module_path.resolve() == folder for target in targets.targets)


def _of_python(python: PythonFiles) -> ProjectTargets:
    target = Target(
        database=python.text("database"),
        server=python.text("server"),
        module_path=python.folder,
        generate=_bindings(python, python.folder),
        origin=python.path if "database" in python.settings else None,
        project_name=python.name,
    )
    files = (python.path,) if python.settings else ()
    run = python.text("dev-run")
    return ProjectTargets(python.folder, (target,), files, run, None if run is None else python.folder)


def _of_layers(layers: Layers) -> ProjectTargets:
    reading = _Reading(layers)
    targets = tuple(reading.targets_of(layers.root, inherited={}))
    reading.expect_agreement()
    dev = layers.root.said.get("dev")
    run = dev.value.get("run") if dev is not None else None
    folder = dev.file.parent if dev is not None and run is not None else None
    return ProjectTargets(layers.folder, targets, (*layers.files, *reading.python_files), run, folder)


class _Reading:
    """Turns the entries of ``spacetime.json`` into targets, with what Python projects add to them."""

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.python_files: list[Path] = []
        self._said_twice: list[str] = []
        """Each key of which two files say different things, and which they are."""

    def expect_agreement(self) -> None:
        """Raises :class:`ConfigError`, which names all files that do not agree, once all have been read."""
        if self._said_twice:
            which = "it" if len(self._said_twice) == 1 else "each"
            raise ConfigError("; ".join(self._said_twice), hint=f"Remove {which} from one of them.")

    def targets_of(self, entity: Entity, inherited: Mapping[str, Said]) -> Iterator[Target]:
        is_root = entity is self.layers.root
        bindings = self._add_python_settings(entity, is_root=is_root)
        if not is_root and "database" not in entity.said:
            raise entity.error("this child has no database", hint='Each child names its own: "database": "NAME"')
        said = {**_inheritable(inherited, entity.said), **entity.said}
        target = self._target(said)
        yield replace(target, generate=(*self._generate(entity.said, target), *bindings))
        for child in entity.children or ():
            yield from self.targets_of(child, said)

    def _target(self, said: Mapping[str, Said]) -> Target:
        values = {key: each.value for key, each in said.items()}
        module_path = self._path(values, "module-path")
        if module_path is None and "bin-path" not in values and "js-path" not in values:
            module_path = default_module_path(self.layers.folder)
        python = read_python_files(module_path) if module_path and is_python_project(module_path) else None
        return Target(
            database=values.get("database"),
            server=values.get("server"),
            module_path=module_path,
            bin_path=self._path(values, "bin-path"),
            js_path=self._path(values, "js-path"),
            build_options=values.get("build-options"),
            break_clients=values.get("break-clients", False),
            anonymous=values.get("anonymous", False),
            organization=values.get("organization"),
            parent=values.get("parent"),
            num_replicas=values.get("num-replicas"),
            origin=said["database"].file if "database" in said else None,
            project_name=python.name if python else None,
        )

    def _generate(self, said: Mapping[str, Said], target: Target) -> Iterator[GenerateTarget]:
        entries: list[dict[str, Any]] = said["generate"].value if "generate" in said else []
        for entry in entries:
            has_source = any(key in entry for key in _SOURCES)
            language = SYNONYMS.get(entry["language"], entry["language"])
            yield GenerateTarget(
                language=language,
                out_dir=self._path(entry, "out-dir") or self._path(entry, "uproject-dir"),
                module_path=self._path(entry, "module-path") if has_source else target.module_path,
                bin_path=self._path(entry, "bin-path") if has_source else target.bin_path,
                js_path=self._path(entry, "js-path") if has_source else target.js_path,
                include_private=entry.get("include-private", False),
                namespace=entry.get("namespace"),
                unreal_module_name=entry.get("unreal-module-name"),
                module_prefix=entry.get("module-prefix"),
            )

    def _path(self, values: Mapping[str, Any], key: str) -> Path | None:
        return Path(os.path.normpath(self.layers.folder / values[key])) if key in values else None

    def _add_python_settings(self, entity: Entity, *, is_root: bool) -> tuple[GenerateTarget, ...]:
        """Puts ``[tool.stdbpy]`` of the entry's Python projects under what the entry says. Returns the client
        code that they want."""
        bindings: list[GenerateTarget] = []
        for folder in self._python_folders(entity, is_root=is_root):
            python = read_python_files(folder)
            if python.settings:
                self.python_files.append(python.path)
            for key in ("database", "server"):
                if (value := python.text(key)) is not None:
                    self._add(entity, key, value, python)
            if (run := python.text("dev-run")) is not None:
                self._add(entity, "dev", {"run": run}, python)
            module_path = self._path({key: said.value for key, said in entity.said.items()}, "module-path")
            bindings += _bindings(python, module_path or default_module_path(self.layers.folder))
        return tuple(bindings)

    def _python_folders(self, entity: Entity, *, is_root: bool) -> Iterable[Path]:
        """Beside ``spacetime.json``, and where an entry's own ``module-path`` leads."""
        folders = [self.layers.folder] if is_root else []
        if "module-path" in entity.said:
            folders.append((self.layers.folder / entity.said["module-path"].value).resolve())
        elif is_root:
            folders.append(default_module_path(self.layers.folder))
        return [folder for folder in dict.fromkeys(folders) if is_python_project(folder)]

    def _add(self, entity: Entity, key: str, value: object, python: PythonFiles) -> None:
        said = entity.said.get(key)
        if said is None:
            entity.said[key] = Said(value, python.path)
        elif said.value != value and said.file.name in (spacetime_json.FILE_NAME, PYPROJECT):
            named = "dev-run" if key == "dev" else key
            self._said_twice.append(f"{named} is said twice: in {TABLE} of {python.path} and in {said.file}")


def default_module_path(folder: Path) -> Path:
    """Where the module is if nobody says: in ``spacetimedb``, else in the folder itself."""
    inner = folder / MODULE_FOLDER
    for candidate in (inner, folder):
        if any((candidate / name).is_file() for name in _MANIFESTS) or any(candidate.glob("*.csproj")):
            return candidate
    return inner if inner.is_dir() else folder


def _inheritable(inherited: Mapping[str, Said], own: Mapping[str, Said]) -> dict[str, Said]:
    has_source = any(key in own for key in _SOURCES)
    return {key: said for key, said in inherited.items() if not (has_source and key in _SOURCES)}


def _bindings(python: PythonFiles, module_path: Path) -> tuple[GenerateTarget, ...]:
    out_dir = python.folder_of("bindings")
    if out_dir is None:
        return ()
    private = python.settings.get("include-private") is True
    rows = python.text("rows") or _ROW_STYLES[0]
    if rows not in _ROW_STYLES:
        raise ConfigError(f"{python.path}: rows in {TABLE} is {' or '.join(_ROW_STYLES)}, not {rows!r}")
    return (GenerateTarget("python", out_dir, module_path, include_private=private, rows=rows),)
