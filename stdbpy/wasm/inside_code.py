"""The code that is there for all programs, stdbpy's and the standard library's, and which of it imports which.

The runtime's Python compiles stdbpy's and looks through both, once for each version: the code of other versions of
Python is of no use to it.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import stdbpy
from stdbpy.wasm.interpreter import BuildLimits, Interpreter, LoadedFile
from stdbpy.wasm.packaged import Packaged

_FOLDER = "<stdbpy>"
"""Where tracebacks find stdbpy's files: no place that an author's file can be in."""

_PREPARING = "stdbpy.wasm.guest.preparing"
_GUEST = "stdbpy.wasm.guest"
_NEEDED_TO_PREPARE = ("stdbpy", "stdbpy.wasm", _GUEST, f"{_GUEST}.smaller_code", f"{_GUEST}.telling", _PREPARING)
_INSIDE = ("__init__", "errors", "sats", "query", "schema", "module", "wasm/__init__", "wasm/abi", "wasm/guest")
"""What can run inside: of the package stdbpy, these files and folders."""

_LIMITS = BuildLimits(seconds=300.0)
"""No author's code runs here, and machines can be slow."""

_MARSHAL_VERSION = 2


@dataclass(frozen=True)
class InsideCode:
    key: str
    """Changes with the rest, and with how runtimes are driven: what depends on no more than these can be kept by it."""
    library: Mapping[str, tuple[bool, bytes]]
    """The standard library: name of a module → whether it is a package, and its code."""
    own: Mapping[str, LoadedFile]
    """stdbpy's modules, by name."""
    at_import: Mapping[str, list[str]]
    """What these modules, and those in the runtime itself, import when they are imported; not all of these names are
    modules."""
    in_functions: Mapping[str, list[str]]
    """What their functions import later."""


def inside_key(packaged: Packaged) -> str:
    """Of the code that :func:`inside_code` gives."""
    hash = hashlib.sha256()
    for name, (source, _) in sorted(_sources()):
        hash.update(f"{name} {len(source)}\n".encode() + source)
    return f"inside-{packaged.key}-{hash.hexdigest()[:16]}"


def driving_key(folder: Traversable | None = None) -> str:
    """Of the code that drives a runtime from outside: which steps it makes, and what it answers as the host, shows in
    what comes of them. It is of all files in this folder (``folder``: of another's), so that none is forgotten."""
    hash = hashlib.sha256()
    for file in sorted((folder or files("stdbpy.wasm")).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py"):
            source = file.read_bytes()
            hash.update(f"{file.name} {len(source)}\n".encode() + source)
    return hash.hexdigest()[:16]


def inside_code(packaged: Packaged) -> InsideCode:
    sources = dict(sorted(_sources()))
    key = f"{inside_key(packaged)}-{driving_key()}"
    prepared = packaged.kept.get(key, lambda: marshal.dumps(_prepare(packaged, sources), _MARSHAL_VERSION))
    told = marshal.loads(prepared)  # noqa: S302 - what the line above has written
    code: dict[str, bytes] = told["code"]
    library = {name: (told["packages"][name], code[name]) for name in code if name in told["packages"]}
    own: dict[str, LoadedFile] = {
        name: (_is_package(file_name), "code", code[name], file_name) for name, (_, file_name) in sources.items()
    }
    return InsideCode(key, library, own, told["at_import"], told["in_functions"])


def _prepare(packaged: Packaged, sources: Mapping[str, tuple[bytes, str]]) -> dict[str, object]:
    """As :mod:`stdbpy.wasm.guest.preparing` tells it, and ``packages``: which of the library's modules are."""
    interpreter = Interpreter(packaged.compiled, _LIMITS)
    try:
        interpreter.boot(packaged.library)
        run: dict[str, LoadedFile] = {
            name: (_is_package(sources[name][1]), "source", *sources[name]) for name in _NEEDED_TO_PREPARE
        }
        interpreter.load(run, _PREPARING, {"library": packaged.library, "sources": sources})
        return interpreter.told | {"packages": {name: each for name, (each, _) in packaged.library.items()}}
    finally:
        interpreter.close()


def _sources() -> Iterator[tuple[str, tuple[bytes, str]]]:
    """Name → source and file name."""
    root = Path(stdbpy.__file__).parent
    for inside in _INSIDE:
        place = root / inside
        for path in place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]:
            relative = path.relative_to(root)
            names = relative.with_suffix("").parts
            name = ".".join(["stdbpy", *(names[:-1] if names[-1] == "__init__" else names)])
            yield name, (path.read_bytes(), f"{_FOLDER}/{relative.as_posix()}")


def _is_package(file_name: str) -> bool:
    return file_name.endswith("/__init__.py")
