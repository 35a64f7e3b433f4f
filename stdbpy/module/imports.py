"""Importing a module's files apart from everything else in the process.

Each load has Python modules of its own: two databases that run the same code share no globals, and
two projects may both call their code ``chat``. The files' functions see builtins of their own,
where ``import`` finds the load's modules and ``print`` writes to the database's log; all other code
in the process sees the usual ones. ``sys.modules`` holds the load's modules only while one of
them is being imported, or :meth:`PrivateImports.visible` is open.

Nothing is written: there is no ``__pycache__``.
"""

from __future__ import annotations

import builtins
import importlib.util
import linecache
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from stdbpy.module.package import ModuleSource

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    # importlib.abc imports a tenth of the standard library, which every program in WebAssembly would contain.
    Loader = object

RESERVED_NAMES = frozenset({*sys.stdlib_module_names, "stdbpy"})
"""Top-level names that a module's files cannot have: all other code in the process imports them."""

_sys_modules_lock = threading.RLock()
"""Held while modules of a load are in ``sys.modules``."""


class PrivateImports(Loader):
    """The Python modules of one load.

    ``replacements`` are modules that the code gets instead of those of that name (``logging``); ``own_builtins`` are
    functions that it has instead of Python's (``print``). ``refuse`` raises ``ImportError`` for what it may not import:
    it is told the name, and what is to come from there.
    """

    def __init__(
        self,
        source: ModuleSource,
        replacements: Mapping[str, types.ModuleType],
        own_builtins: Mapping[str, Callable[..., object]],
        refuse: Callable[[str, Sequence[str]], None],
    ) -> None:
        self.source = source
        self.modules: dict[str, types.ModuleType] = {}
        self._replacements = replacements
        self._visible = False
        names = {path.split("/", 1)[0].removesuffix(".py") for path in source.files if path.endswith(".py")}
        self._own_names = names - RESERVED_NAMES
        self._reserved_names = names & RESERVED_NAMES
        self._builtins = {**vars(builtins), **own_builtins, "__import__": self._import}
        self._refuse = refuse

    @property
    def paths(self) -> dict[str, str]:
        """Name → path of the modules that have been imported, in that order."""
        # Code can put anything into the place of a module, and of what it knows of itself.
        specs = [(name, getattr(module, "__spec__", None)) for name, module in self.modules.items()]
        return {
            name: spec.loader_state
            for name, spec in specs
            if isinstance(spec, ModuleSpec) and spec.loader is self and spec.loader_state
        }

    @contextmanager
    def visible(self) -> Iterator[None]:
        """The load's modules are in ``sys.modules``, and can be imported by anybody."""
        with _sys_modules_lock:
            if self._visible:
                yield
                return
            hidden = self._taken_from_sys_modules()
            sys.modules.update(self.modules)
            sys.meta_path.insert(0, self)
            self._visible = True
            try:
                yield
            finally:
                self._visible = False
                with suppress(ValueError):  # what is imported can do anything
                    sys.meta_path.remove(self)
                self.modules = self._taken_from_sys_modules()
                sys.modules.update(hidden)

    def _taken_from_sys_modules(self) -> dict[str, types.ModuleType]:
        # A copy: other threads import meanwhile.
        names = [name for name in list(sys.modules) if name.split(".", 1)[0] in self._own_names]
        return {name: sys.modules.pop(name) for name in names}

    # --- what the code's own `import` does -----------------------------------------------------

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> types.ModuleType:
        top = name.split(".", 1)[0]
        if level == 0 and top not in self._own_names:
            if top in self._reserved_names:
                raise ImportError(f"{top}.py of this project is hidden by the {top} that Python has already: rename it")
            self._refuse(name, fromlist or ())
            module = builtins.__import__(name, globals, locals, fromlist or (), 0)
            return self._replacements.get(getattr(module, "__name__", ""), module)
        known = self._already_imported(name, globals, fromlist or (), level)
        if known is not None:
            return known
        with self.visible():
            return builtins.__import__(name, globals, locals, fromlist or (), level)

    def _already_imported(
        self, name: str, globals: Mapping[str, object] | None, fromlist: Sequence[str], level: int
    ) -> types.ModuleType | None:
        """What ``import`` inside a function gives at all calls but the first, without touching ``sys.modules``."""
        if level:
            package = str((globals or {}).get("__package__", ""))
            name = importlib.util.resolve_name("." * level + name, package)
        module = self.modules.get(name)
        if module is None or not all(hasattr(module, part) for part in fromlist):
            return None
        return module if fromlist else self.modules[name.split(".", 1)[0]]

    # --- finder and loader ---------------------------------------------------------------------

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - all files are below one folder
        target: types.ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        place = fullname.replace(".", "/")
        if fullname.split(".", 1)[0] not in self._own_names:
            return None
        for file, is_package in ((f"{place}/__init__.py", True), (f"{place}.py", False)):
            if file in self.source.files:
                name = self.source.file_name(file)
                spec = ModuleSpec(fullname, self, origin=name, loader_state=file, is_package=is_package)
                spec.has_location = True
                if is_package:
                    spec.submodule_search_locations = [name.removesuffix("/__init__.py")]
                return spec
        if any(file.startswith(f"{place}/") for file in self.source.files):
            spec = ModuleSpec(fullname, self, is_package=True)
            spec.submodule_search_locations = [self.source.file_name(place)]
            return spec
        return None

    def create_module(self, spec: ModuleSpec) -> None:  # noqa: ARG002 - an ordinary one does
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None
        module.__dict__["__builtins__"] = self._builtins
        if spec.loader_state is None:
            return  # a folder without __init__.py
        linecache.cache.pop(spec.origin or "", None)  # lines of an earlier load
        code = compile(self.source.files[spec.loader_state], spec.origin or "", "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102 - running the author's module is the point

    def get_resource_reader(self, fullname: str) -> None:
        """What ``importlib.resources`` asks for."""
        raise FileNotFoundError(f"there are no files of {fullname} but Python's: a module is code alone")

    def get_source(self, fullname: str) -> str | None:
        """For tracebacks, where the file is not on this machine."""
        spec = self.find_spec(fullname, None)
        if spec is None or spec.loader_state is None:
            return None
        return importlib.util.decode_source(self.source.files[spec.loader_state])
