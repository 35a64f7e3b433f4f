"""Imports from memory: there is no file system."""

import _imp
import marshal
import sys
from _frozen_importlib import ModuleSpec

from _stdbpy_boot.data_files import PackageFiles
from _stdbpy_boot.left_out import LEFT_OUT

_INCOMPLETE = frozenset(name.rpartition(".")[0] for name in LEFT_OUT if "." in name)
"""Packages that are here without some of what is in them."""


class ModuleStore:
    """Finds and loads the modules that were added: as source, or as code, which is unmarshalled when it is needed.

    Source stays, for tracebacks; code is dropped when it was run. Files of packages that are no modules are of the kind
    ``data``, and stay.
    """

    def __init__(self) -> None:
        self._modules: dict[str, tuple[bool, str, bytes, str]] = {}
        self._data: dict[str, bytes] = {}
        self.imported: dict[str, None] = {}
        """The names of what was imported, in that order."""

    def add(self, name: str, is_package: bool, kind: str, data: bytes, file_name: str) -> None:
        if kind == "data":
            self._data[file_name] = data
        else:
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
        spec = ModuleSpec(name, self, origin=found[3], is_package=found[0])
        if found[0]:
            spec.submodule_search_locations = [_folder_of(found[3])]
        return spec

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
        if name in _INCOMPLETE:
            _add_reasons(name, module)
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

    def get_data(self, path: str) -> bytes:
        if path not in self._data:
            raise FileNotFoundError(f"there is no file {path!r} in this program")
        return self._data[path]

    def get_resource_reader(self, name: str) -> PackageFiles | None:
        return PackageFiles(self._data, _folder_of(self.get_filename(name))) if self.is_package(name) else None

    def modules_in(self, folder: str) -> "FolderOfModules":
        """A hook of ``sys.path_hooks``."""
        if not any(_folder_of(each[3]) == folder for each in self._modules.values()):
            raise ImportError(f"there is no folder {folder!r} of modules")
        return FolderOfModules(self._modules, folder)


class FolderOfModules:
    """What ``pkgutil.iter_modules`` asks for the modules in a package."""

    def __init__(self, modules: dict[str, tuple[bool, str, bytes, str]], folder: str) -> None:
        self._modules = modules
        self._folder = folder

    def iter_modules(self, prefix: str = "") -> "list[tuple[str, bool]]":
        found = []
        for name, (is_package, _, _, file_name) in self._modules.items():
            folder = _folder_of(file_name)
            if (folder.rpartition("/")[0] if is_package else folder) == self._folder and "." in name:
                found.append((prefix + name.rpartition(".")[2], is_package))
        return sorted(found)


def _folder_of(file_name: str) -> str:
    return file_name.rpartition("/")[0]


class RuntimeModules:
    """Which of the modules that are in the runtime itself, in C or frozen, a program has. To be asked first."""

    def __init__(self) -> None:
        self._frozen = frozenset(_imp._frozen_module_names())  # noqa: SLF001 - there is no other list of them
        self._own = self._frozen | set(sys.builtin_module_names)
        self._asked_for = self._own & sys.modules.keys()
        """Among them what is not in ``sys.modules`` any more."""
        self._dropped: frozenset[str] = frozenset()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in self._dropped:
            raise _not_kept(name)
        if name in self._own:
            self._asked_for |= {name}

    def unused(self, keep: list[str]) -> list[str]:
        """Names of those of which nothing is needed any more: what has not been imported and is not to keep, and the
        code of frozen modules that have been imported."""
        return sorted((self._own - self._asked_for - set(keep)) | (self._frozen & sys.modules.keys()))

    def drop(self, names: list[str]) -> None:
        self._dropped |= set(names)


class LeftOutFinder:
    """Says why a module of the standard library is not here. To be asked last."""

    def __init__(self) -> None:
        self.is_program_finished = False

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in sys.modules:
            return
        package = name.partition(".")[0]
        reason = LEFT_OUT.get(name) or LEFT_OUT.get(package)
        if reason is not None:
            raise _left_out(name, reason)
        if self.is_program_finished and package in sys.stdlib_module_names:
            raise _not_kept(name)


def _add_reasons(package: str, module: object) -> None:
    """``from package import part`` would only say that there is no such name."""

    def get_attribute(name: str) -> object:
        full_name = f"{package}.{name}"
        reason = LEFT_OUT.get(full_name)
        caller = sys._getframe(1).f_code.co_name  # noqa: SLF001 - how importing asks
        if reason is not None and caller == "_handle_fromlist":
            raise _left_out(full_name, reason)
        why = "" if reason is None else f": {reason}"
        raise AttributeError(f"module {package!r} has no attribute {name!r}{why}", name=name, obj=module)

    module.__dict__.setdefault("__getattr__", get_attribute)


def _left_out(name: str, reason: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f"{name!r} is not there in WebAssembly: {reason}", name=name)


def _not_kept(name: str) -> ModuleNotFoundError:
    message = f"{name!r} is not in this program: no import in the module's source names it"
    return ModuleNotFoundError(message, name=name)
