"""Imports from memory: there is no file system."""

import marshal
import sys
from _frozen_importlib import ModuleSpec

from _stdbpy_boot.left_out import LEFT_OUT


class ModuleStore:
    """Finds and loads the modules that were added: as source, or as code, which is unmarshalled when it is needed.

    Source stays, for tracebacks; code is dropped when it was run.
    """

    def __init__(self) -> None:
        self._modules: dict[str, tuple[bool, str, bytes, str]] = {}
        self.imported: dict[str, None] = {}
        """The names of what was imported, in that order."""

    def add(self, name: str, is_package: bool, kind: str, data: bytes, file_name: str) -> None:
        self._modules[name] = (is_package, kind, data, file_name)

    def drop_all_but(self, keep: list[str] | None) -> None:
        """Forgets modules that have not been imported and are not to keep."""
        if keep is None:
            return
        for name in self._modules.keys() - set(keep) - self.imported.keys():
            del self._modules[name]

    # --- what importing calls ------------------------------------------------------------------

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        found = self._modules.get(name)
        if found is None or (not found[2] and name in self.imported):
            return None
        return ModuleSpec(name, self, origin=found[3], is_package=found[0])

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: object) -> None:
        name = module.__name__
        is_package, kind, data, file_name = self._modules[name]
        module.__file__ = file_name
        if kind == "source":
            code = compile(data, file_name, "exec", dont_inherit=True)
        else:
            code = marshal.loads(data)
        exec(code, module.__dict__)
        self.imported[name] = None
        if kind != "source":
            self._modules[name] = (is_package, kind, b"", file_name)

    # --- what linecache, inspect and pkgutil call ------------------------------------------------

    def get_source(self, name: str) -> str | None:
        found = self._modules.get(name)
        return found[2].decode("utf-8", "replace") if found is not None and found[1] == "source" else None

    def is_package(self, name: str) -> bool:
        return name in self._modules and self._modules[name][0]

    def get_filename(self, name: str) -> str:
        if name not in self._modules:
            raise ImportError(name=name)
        return self._modules[name][3]


class LeftOutFinder:
    """Says why a module of the standard library is not here. To be asked last."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name in sys.modules:
            return
        reason = LEFT_OUT.get(name) or LEFT_OUT.get(name.partition(".")[0])
        if reason is not None:
            raise ModuleNotFoundError(f"{name!r} is not there in WebAssembly: {reason}", name=name)
