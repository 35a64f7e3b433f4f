"""What is installed of a package from PyPI: its Python files, its data, and what of it is native code.

Read from its metadata in the environment that stdbpy runs in (the ``RECORD`` of what was installed, or where an
editable installation leads to); nothing of it is imported.
"""

from __future__ import annotations

import ast
import csv
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

from stdbpy.errors import ProjectError

_NATIVE = (*EXTENSION_SUFFIXES, ".so", ".pyd", ".dylib")
_NOT_DATA = (*_NATIVE, ".c", ".cpp", ".h", ".pxd", ".py", ".pyc", ".pyi", ".pyx", "/py.typed")
"""What files end in that only compilers and type checkers read."""

_NOT_IMPORTED = frozenset({"conftest", "docs", "examples", "noxfile", "setup", "test", "tests"})
"""Top-level names that packages leave behind and nobody imports."""


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """A distribution, as packaging calls it, which is installed here."""

    name: str
    """As it is written on PyPI (``Jinja2``)."""
    version: str
    requires: tuple[str, ...]
    """The requirements in its metadata, as PEP 508 writes them."""
    python_files: dict[str, Path] = field(repr=False)
    """By their path where imports start, with forward slashes (``attr/_make.py``)."""
    data_files: dict[str, Path] = field(repr=False, default_factory=dict)
    """What else lies in its folders, for its code to read, by such paths."""
    native_modules: frozenset[str] = frozenset()
    """The names of those that are machine code alone: with no file of Python to take their place."""

    @property
    def top_level(self) -> frozenset[str]:
        """The names that can be imported, up to the first dot."""
        paths = {PurePosixPath(path).parts[0].removesuffix(".py") for path in self.python_files}
        return frozenset(paths | {name.partition(".")[0] for name in self.native_modules})


def find_package(name: str, places: Sequence[str] | None = None) -> InstalledPackage | None:
    """The package called ``name``, in folders like those of ``sys.path`` (default: these), or ``None``.
    Raises :class:`ProjectError` if nothing says which files it has."""
    found = next(iter(distributions(name=name, path=_folders(places))), None)
    return None if found is None else _read(found)


def package_with(top_level: str, places: Sequence[str] | None = None) -> str | None:
    """The name of an installed package from which ``top_level`` can be imported. Looks at all, which takes a while."""
    for found in distributions(path=_folders(places)):
        if any(file.parts[0].partition(".")[0] == top_level for file in found.files or () if _is_code(file)):
            return str(found.metadata["Name"])
    return None


def _folders(places: Sequence[str] | None) -> list[str]:
    return list(sys.path if places is None else places)


def _read(found: Distribution) -> InstalledPackage:
    name = str(found.metadata["Name"])
    files = _files_of(found)
    if files is None:
        raise ProjectError(
            f"nothing says which files belong to the package {name}",
            hint=f"Install it again: pip install --force-reinstall {name}",
        )
    if _is_editable(found):
        files = dict(_where_it_leads(files))
    python = {path: file for path, file in files.items() if _is_code(PurePosixPath(path)) and path.endswith(".py")}
    if _is_editable(found) and not python:
        raise ProjectError(
            f"the editable installation of {name} leads to no Python files",
            hint=f"Install it again where its files are now: pip install --editable FOLDER, or pip install {name}",
        )
    native = {_module_name(path) for path in files if path.endswith(_NATIVE) and _is_code(PurePosixPath(path))}
    folders = {path.partition("/")[0] for path in python if "/" in path}
    data = {path: file for path, file in files.items() if path.partition("/")[0] in folders and _is_data(path)}
    only_native = frozenset(native - {*map(_module_name, python)})
    return InstalledPackage(name, found.version, tuple(found.requires or ()), python, data, only_native)


def _files_of(found: Distribution) -> dict[str, Path] | None:
    """Those that RECORD names, be they there or not: of ``Distribution.files`` that depends on the version of Python,
    and on whether somebody has imported importlib_metadata, as keyring does."""
    record = found.read_text("RECORD")
    if record:
        paths = [PurePosixPath(row[0]) for row in csv.reader(record.splitlines()) if row]
    elif found.files is not None:
        paths = [PurePosixPath(file) for file in found.files]
    else:
        return None
    return {path.as_posix(): Path(str(found.locate_file(path))) for path in paths}


def _is_code(path: PurePosixPath) -> bool:
    """Whether a file can be imported; others are scripts, data, and what tests and documents leave."""
    *folders, name = path.parts
    importable = all(folder.isidentifier() and folder != "__pycache__" for folder in folders)
    top = folders[0] if folders else name.partition(".")[0]
    has_suffix = name.endswith((".py", *_NATIVE))
    return importable and has_suffix and name.partition(".")[0].isidentifier() and top not in _NOT_IMPORTED


def _is_data(path: str) -> bool:
    return not path.endswith(_NOT_DATA) and not {"__pycache__", "tests"}.intersection(PurePosixPath(path).parts)


def _module_name(path: str) -> str:
    """``attr/__init__.py`` → ``attr``, ``msgspec/_core.cpython-311-x86_64-linux-gnu.so`` → ``msgspec._core``."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name.partition('.')[0]}".replace("/", ".").strip(".").removesuffix(".__init__")


# --- editable installations ------------------------------------------------------------------


def _is_editable(found: Distribution) -> bool:
    """Source: https://packaging.python.org/en/latest/specifications/direct-url/"""
    try:
        origin = json.loads(found.read_text("direct_url.json") or "{}")
        return origin.get("dir_info", {}).get("editable") is True
    except (ValueError, AttributeError):
        return False


def _where_it_leads(installed: dict[str, Path]) -> Iterator[tuple[str, Path]]:
    """The files below the folders that an editable installation names: in a ``.pth`` file, or as ``MAPPING`` in the
    finder that setuptools installs."""
    for path, file in installed.items():
        if path.endswith(".pth"):
            for line in _content(file).decode(errors="replace").splitlines():
                folder = file.parent / line.strip()
                if line.strip() and folder.is_dir():
                    for inner in sorted(folder.iterdir()):
                        if inner.suffix in ("", ".py") and inner.stem not in sys.stdlib_module_names:
                            yield from _files_at(inner.with_suffix(""), inner.stem)
        elif re.fullmatch(r"__editable___\w+_finder\.py", path):
            for name, place in _mapping_in(file).items():
                yield from _files_at(Path(place), name.replace(".", "/"))


def _files_at(place: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Those of the package in that folder, or the file beside it, by the path that ``name`` gives them."""
    if place.with_suffix(".py").is_file() and not (place / "__init__.py").is_file():
        yield f"{name}.py", place.with_suffix(".py")
    elif place.is_dir() and name.replace("/", "").isidentifier():
        files = [file for file in sorted(place.rglob("*")) if file.is_file()]
        if any(_is_code(PurePosixPath(name, file.relative_to(place).as_posix())) for file in files):
            for file in files:
                yield f"{name}/{file.relative_to(place).as_posix()}", file


def _mapping_in(finder: Path) -> dict[str, str]:
    for statement in ast.parse(_content(finder)).body:
        match statement:
            case (
                ast.AnnAssign(target=ast.Name("MAPPING"), value=ast.Dict() as mapping)
                | ast.Assign(targets=[ast.Name("MAPPING")], value=ast.Dict() as mapping)
            ):
                return {str(key): str(value) for key, value in ast.literal_eval(mapping).items()}
    return {}


def _content(file: Path) -> bytes:
    """Nothing if it is not there any more."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
