"""The packages that a module brings along: their code, compiled once by the runtime's Python, and their other files."""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from stdbpy.wasm.kept_files import KeptFiles

if TYPE_CHECKING:
    from stdbpy.wasm.interpreter import Interpreter, LoadedFile

FOLDER = "site-packages"
"""Where tracebacks find their files."""

_MARSHAL_VERSION = 2


class Dependencies:
    """``bundled`` are files, contents by path; ``key`` says which runtime compiles those of Python."""

    def __init__(self, bundled: Mapping[str, bytes], kept: KeptFiles, key: str) -> None:
        self.sources = bundled_modules(bundled)
        """Path and content, by the name of the module."""
        self._bundled = bundled
        hash = hashlib.sha256()
        for path, content in self.sources.values():
            hash.update(f"{path} {len(content)}\n".encode() + content)
        self._name = f"dependencies-{key}-{hash.hexdigest()[:16]}"
        self._kept = kept
        written = kept.find(self._name) if self.sources else None
        self.code: dict[str, bytes] = marshal.loads(written) if written else {}  # noqa: S302 - written below
        """Of the modules that have been compiled, by name."""

    def files(self, modules: Collection[str] | None = None) -> dict[str, LoadedFile]:
        """Of these modules (default: all), as code if they have been compiled, and the data beside them."""
        names = [name for name in self.sources if modules is None or name in modules]
        loaded = {name: self._file(name, *self.sources[name]) for name in names}
        data = self.data(names).items()
        return loaded | {path: (False, "data", content, f"{FOLDER}/{path}") for path, content in data}

    def data(self, modules: Collection[str]) -> dict[str, bytes]:
        """As of :func:`bundled_data`."""
        return bundled_data(self._bundled, modules)

    def compile(self, interpreter: Interpreter, names: Collection[str]) -> None:
        """Compiles those of that name, in a runtime that has been booted, and keeps their code."""
        missing = self.not_compiled(names)
        if not missing:
            return
        from stdbpy.wasm.interpreter import RaisedError

        for name in missing:
            path, content = self.sources[name]
            try:
                self.code |= interpreter.compile({name: (content, f"{FOLDER}/{path}")})
            except RaisedError:
                continue  # for another version of Python: importing it says what is wrong
        self._kept.keep(self._name, marshal.dumps(self.code, _MARSHAL_VERSION))

    def not_compiled(self, names: Collection[str]) -> list[str]:
        """Which of these modules are there as source alone."""
        return sorted(set(names) & self.sources.keys() - self.code.keys())

    def _file(self, name: str, path: str, content: bytes) -> LoadedFile:
        code = self.code.get(name)
        kind, data = ("source", content) if code is None else ("code", code)
        return path.endswith("/__init__.py"), kind, data, f"{FOLDER}/{path}"


def bundled_modules(bundled: Mapping[str, bytes]) -> dict[str, tuple[str, bytes]]:
    """The Python files of ``bundled``, contents by path: path and content, by the name of the module; folders without
    a file of their own, too."""
    modules = {_module_name(path): (path, bundled[path]) for path in sorted(bundled) if path.endswith(".py")}
    for name in [*modules]:
        for folder in _folders_of(name):
            modules.setdefault(folder, (f"{folder.replace('.', '/')}/__init__.py", b""))
    return modules


def bundled_data(bundled: Mapping[str, bytes], modules: Collection[str]) -> dict[str, bytes]:
    """The files of ``bundled`` that are no Python, by path: those in the folders of packages among ``modules``, or
    deeper."""
    files = [f"{name.replace('.', '/')}/__init__.py" for name in modules]
    folders = tuple(file.removesuffix("__init__.py") for file in files if file in bundled)
    data = sorted(path for path in bundled if not path.endswith(".py") and path.startswith(folders))
    return {path: bundled[path] for path in data}


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _folders_of(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]
