"""Modules as tests load them: once, for as many databases as there are tests."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from stdbpy.client import Connection
from stdbpy.client.connection import runtime_client
from stdbpy.client.runtime_module import RuntimeModule
from stdbpy.engine.host import ModuleCode
from stdbpy.engine.host_python import PythonCode
from stdbpy.engine.programs import load_program
from stdbpy.errors import MissingExtra, ModuleLoadError, ProjectError
from stdbpy.module.load import LoadedModule
from stdbpy.module.package import ModuleSource, pack
from stdbpy.project.build import BuiltModule, told_in_project
from stdbpy.project.discover import python_project
from stdbpy.project.model import Project
from stdbpy.project.pyproject import is_python_project
from stdbpy.project.sources import collect
from stdbpy.project.webassembly import compile_module, level_for
from stdbpy.protocol.catalog import Catalog, catalog_of
from stdbpy.sats.values import Timestamp
from stdbpy.schema.model import ModuleSchema
from stdbpy.testing.clock import BEGINNING
from stdbpy.testing.module_database import ModuleDatabase
from stdbpy.wasm.abi import AbiLevel

_NO_VALUES: Mapping[str, str] = {}


class Module:
    """A module to be tested. :func:`load_module` makes it; it can be shared by all tests of a run.

    >>> module = load_module("chat")
    >>> with module.database() as db:
    ...     db.as_("alice").reducers.send_message("hi")
    ...     assert [message.text for message in db.tables.message] == ["hi"]
    """

    def __init__(self, name: str, program: bytes, code: ModuleCode, project: Project | None = None) -> None:
        """``project`` is that of a module in Python."""
        self.name = name
        """Its import name, or that of its file."""
        self.program = program
        """What is published: a packed Python module, or WebAssembly."""
        self.code = code
        """As the engine runs it."""
        self._imported: list[object] = []
        """What tests had imported of it when the codecs were made."""
        self._project = project
        self._compiled: dict[AbiLevel | None, bytes] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def schema(self) -> ModuleSchema:
        """What it declares."""
        return self.code.schema

    @property
    def is_python(self) -> bool:
        """Whether it is in Python; else it is WebAssembly."""
        return isinstance(self.code, PythonCode)

    def compiled_for(self, version: str) -> bytes:
        """What a SpacetimeDB of that version (``2.8.3``) takes: WebAssembly, which is made of a module in Python. That
        takes seconds the first time. Raises ``ProjectError`` for packages that cannot come along, and
        ``ModuleLoadError`` for code that does not run there."""
        if self._project is None or not isinstance(self.code, PythonCode):
            return self.program
        level = level_for(self._project, version, self.schema)
        if level not in self._compiled:
            built = BuiltModule(self.code.loaded.source, self.program, self.schema)
            self._compiled[level] = compile_module(self._project, built, level).wasm.program
        return self._compiled[level]

    @property
    def namespace(self) -> ModuleType:
        """The Python module that runs in databases, which has been imported apart from the one that tests import:
        for ``monkeypatch.setattr(module.namespace, "LIMIT", 3)``. Raises ``TypeError`` for WebAssembly."""
        if not isinstance(self.code, PythonCode):
            raise TypeError(f"{self.name} is WebAssembly, and has nothing that Python could see")
        return self.code.loaded.namespace

    def database(
        self,
        *,
        time: Timestamp = BEGINNING,
        seed: int | str = 0,
        environment: Mapping[str, str] = _NO_VALUES,
    ) -> ModuleDatabase:
        """A new database in memory that runs the module; its ``init`` reducer has run.

        Its clock stands still at ``time``, and its random numbers follow from ``seed``. ``environment`` has the values
        that the module declares with ``@environment``. Close it, or use it as a context manager. Raises
        ``InitFailed``, and ``EnvironmentRefused`` if values are missing or not allowed.
        """
        return ModuleDatabase(self, time=time, seed=str(seed), environment=environment)

    @cached_property
    def _client(self) -> RuntimeModule:
        return RuntimeModule(self.schema)

    @cached_property
    def _files_with_classes(self) -> list[str]:
        """The import names of the module in Python itself, and of its files that have classes of rows."""
        assert isinstance(self.code, PythonCode)
        loaded = self.code.loaded
        names = {loaded.source.entry: None}
        for classes in (loaded.classes, *loaded.mounted_classes.values()):
            names |= dict.fromkeys(cls.__module__ for cls in classes.values())
        return list(names)

    @property
    def client(self) -> RuntimeModule:
        """Names and methods that a generated client would have; rows and arguments are those of :attr:`catalog`."""
        client = self._client
        if isinstance(self.code, PythonCode):
            # Tests may import the module at any time, and expect rows of its classes from then on.
            imported: list[object] = list(map(sys.modules.get, self._files_with_classes))
            if imported != self._imported:
                self._imported = imported
                client.catalog = _catalog_of(self.code.loaded)
        return client

    @cached_property
    def connection_class(self) -> type[Connection]:
        """What stands for the class of a generated client where there is none."""
        members = {"generated": runtime_client(self.client), "__doc__": f"A client of the module {self.name}."}
        return type("ModuleConnection", (Connection,), members)

    @property
    def catalog(self) -> Catalog:
        """Codecs of rows and arguments. Rows of a module in Python are of its own classes: of those that tests have
        imported, if they have."""
        return self.client.catalog


def load_module(what: str | Path | ModuleType, *, start: Path | None = None, strict: bool = False) -> Module:
    """Loads a module: a ``.wasm`` file; a folder with a project (``pyproject.toml``), a Python package, or a file of
    Python; the import name of one, ``"chat.module"``; or what was imported, ``chat.module``.

    Paths are relative to ``start``, by default the current folder. With ``strict`` a module in Python is imported anew
    for each call, so that none finds in globals what another one has left there. Raises ``ProjectError`` if there is
    none, ``ModuleLoadError`` with all problems of its code, each at a line, and ``ProgramUnusable`` for what is no
    module.
    """
    if isinstance(what, ModuleType):
        if what.__file__ is None:
            raise ProjectError(f"{what.__name__} has no file that it could be loaded from")
        return _of_python(_importable(what.__name__, Path(what.__file__)), strict=strict)
    start = start or Path.cwd()
    path = start / what
    if path.suffix == ".wasm":
        return _of_wasm(path)
    if path.is_dir() and is_python_project(path):
        return _of_python(python_project(path.resolve()), strict=strict)
    if path.is_dir() and (path / "__init__.py").is_file():
        inside = path.resolve() / "__init__.py"
        return _of_python(_importable(_import_name(inside), inside), strict=strict)
    if path.suffix == ".py" and path.is_file():
        return _of_python(_importable(_import_name(path.resolve()), path.resolve()), strict=strict)
    found = _found(str(what))
    if found is None:
        raise ProjectError(
            f"there is no module {str(what)!r} to test: no such file or folder below {start}, and nothing to import",
            hint="Name a project's folder, a package, a file of Python, a .wasm, or an import name.",
        )
    return _of_python(_importable(str(what), found), strict=strict)


def _found(name: str) -> Path | None:
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.has_location and spec.origin else None


def _import_name(file: Path) -> str:
    """With the packages that it is in: files there import each other relatively."""
    names, folder = [file.stem], file.parent
    if file.stem == "__init__":
        names, folder = [folder.name], folder.parent
    while (folder / "__init__.py").is_file():
        names, folder = [folder.name, *names], folder.parent
    return ".".join(names)


def _importable(name: str, file: Path) -> Project:
    """As a project that says where its module is."""
    root = file.parent
    for _ in range(name.count(".") + (file.name == "__init__.py")):
        root = root.parent
    return Project(root=root, name=name, module=name, source_dir=root)


def _of_python(project: Project, *, strict: bool) -> Module:
    source = collect(project)
    try:
        code = PythonCode(pack(source), strict=strict)
    except ModuleLoadError as error:
        raise told_in_project(error, source, project) from None
    return Module(source.entry, pack(source), code, project)


def _of_wasm(path: Path) -> Module:
    try:
        program = path.read_bytes()
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return Module(path.name, program, load_program(program))
    except ModuleNotFoundError as error:
        raise MissingExtra("WebAssembly modules", "server") from error


def _catalog_of(module: LoadedModule) -> Catalog:
    def imported(classes: Mapping[int, type]) -> dict[int, type]:
        return {ref: _imported(cls, module.source) for ref, cls in classes.items()}

    mounted = {prefix: imported(classes) for prefix, classes in module.mounted_classes.items()}
    return catalog_of(module.schema, imported(module.classes), mounted)


def _imported(cls: type, source: ModuleSource) -> type:
    """The class as the process has imported it from the same file; the module's own if it has not."""
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    if file is None or Path(file).as_posix() not in source.paths:
        return cls
    found: Any = module
    for name in cls.__qualname__.split("."):
        found = getattr(found, name, None)
    return found if isinstance(found, type) and _columns(found) == _columns(cls) else cls


def _columns(cls: type) -> Mapping[str, None]:
    return dict.fromkeys(getattr(cls, "__dataclass_fields__", ()))
